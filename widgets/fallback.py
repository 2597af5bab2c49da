"""The paper fall-back on one key: made beside the screen, its line written, then to be printed.

Nothing is asked: whoever needs it has no time for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import QWidget

from commandwall import codes, reporting, unmasking
from commandwall.clock import to_datetime
from commandwall.reports import fallback, press, standby
from commandwall.reports.fallback import Asked
from commandwall.reports.press import Pressed
from commandwall.rights import About
from widgets.base import Command, Context
from widgets.fields import Field, words
from widgets.i18n import language, named, tr
from widgets.reasons import sentence
from widgets.sheet import Sheet

PATH = 400
"""Characters of a path."""


class Fallback:
    """Belongs to the wall."""

    def __init__(self, context: Context, window: QWidget) -> None:
        self._context, self._window = context, window

    def commands(self) -> list[Command]:
        return [Command("Ctrl+O", tr("转纸上值守"), self.make)]

    def make(self) -> None:
        """Make it, and show where it is."""
        self._context.over(FallbackSheet(self._context, self._window))


class FallbackSheet(Sheet):
    """Says how far the paper is, then opens it for printing."""

    def __init__(
        self, context: Context, window: QWidget, seat: str = "", told: Sequence[str] = ()
    ) -> None:
        """`seat`: the post of a hand-over sheet, with the lines that are told of it."""
        self._context, self._desk = context, context.desk
        self._seat, self._lines = seat, tuple(told)
        self._making: standby.Making | None = None
        self._kind = fallback.HANDED if seat else fallback.KIND
        kind = named("hand_out_kind", self._kind)
        when = to_datetime(context.live.picture.now)
        self._target = self._desk.folder / standby.FOLDER / f"{self._kind}-{when:%Y%m%d-%H%M%S}.pdf"
        field = words(str(self._target), PATH)
        field.setReadOnly(True)
        fields: dict[str, tuple[str, Field]] = {"path": (tr("文件"), field)}
        super().__init__(context.look, kind, "打开打印", fields, window)
        self._told.show()
        self.waits = True
        why = self._desk.barred(reporting.hand_out_shift, About())
        if why is None:
            self._begin()
        else:
            self._tell(sentence(why))

    def _begin(self) -> None:
        self._tell(tr("正在生成") if self._seat else tr("正在生成：在办、通讯录、地图、日志、空行"))
        may = self._desk.barred(unmasking.unmask, About(reason=True)) is None
        whole = may and not self._seat
        post = named("post", self._desk.post, "full") if self._desk.post else ""
        who = f"{post} {self._desk.person}".strip()
        now = self._context.live.picture.now
        asked = Asked(language(), now, who, whole, self._seat, self._lines)
        making = standby.Making(self._desk.folder, self._target, asked)
        self._making = making
        self._courier.follow(making.answer, lambda made: self._write(made, whole))

    def _write(self, made: Pressed, whole: bool) -> None:
        """Its line, then its name, also where the sheet is left meanwhile."""
        if self._making is None:  # it was left before
            return
        self._making = None
        purpose = tr("停电断网备用，含未遮盖号码") if whole else tr("停电断网备用")
        if self._seat:
            purpose = tr("交接班签字")
        written = self._desk.do(
            reporting.hand_out_shift, sheet=self._kind, purpose=purpose,
            name=made.target.name, sha256=made.sha256,
        )  # fmt: skip
        put = self._desk.files(lambda kept: press.settle([made], written))
        self._courier.follow(put, lambda done: self._made(made.target))

    def _made(self, target: Path) -> None:
        self.waits = False
        if self._seat:
            self.say(tr("交接单已备好"))
            self._tell(tr("打开后打印，两人签字"))
            return
        self.say(tr("纸上值守已备好"))
        minutes, kept = int(codes.limit("fallback_minutes")), target.with_name(standby.NAME)
        each = tr("每 {n} 分钟另自动备一份：{path}", n=minutes, path=kept) if minutes else ""
        self._tell("\n".join(filter(None, (tr("打开后打印；恢复后按 Ctrl Shift O 补录"), each))))

    def _refused(self, why: str) -> None:
        """It came to no end: it may not be opened."""
        self._told.show()
        self._tell(why)

    def closeEvent(self, event: QCloseEvent) -> None:
        """What is not written yet is given up: it may hold whole numbers."""
        if (making := self._making) is not None:
            self._making = None
            self._desk.files(lambda kept: making.give_up())
        super().closeEvent(event)

    def accept(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._target)))
        self.close()
