"""What stands where a wall file names a panel that is not there."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from commandwall.picture import Changes, Picture
from widgets.base import DENIED, Context, Panel
from widgets.i18n import tr


class Missing(Panel):
    """Keeps the place and says which panel is missing."""

    id, title, pooled = "missing", "面板未安装", False

    def __init__(self, context: Context, name: str, parent: QWidget) -> None:
        super().__init__(context, {}, parent)
        self._name = name
        self.place()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        """Nothing changes here."""

    def place(self) -> None:
        self.say(DENIED, tr("没有名为 {name} 的面板，见日志", name=self._name))
