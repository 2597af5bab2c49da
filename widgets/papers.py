"""Hand out a paper: ask what for, ask where, have it made elsewhere, write the line, put it there.

The file gets its name once its line is on disk; where the act is refused there is no file.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from commandwall import reporting
from commandwall.clock import to_datetime
from commandwall.exercise import MARK
from commandwall.files.content import named as plain_name
from commandwall.reports import press
from commandwall.reports.press import Paper, Pressed, Taken, Unset
from widgets.base import Context
from widgets.courier import Courier
from widgets.fields import words
from widgets.i18n import named, tr
from widgets.sheet import Sheet
from widgets.text import plain

Make = Callable[[Callable[[Paper], object]], object]
"""Hands the paper over, on the screen's thread, when its data is there."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is handed out: a row of `hand_out_kind`, of an incident, in these forms."""

    what: str
    title: str
    incident: str  # "": of the drill as a whole
    forms: Sequence[str]
    make: Make
    shift: bool = False  # of the shift, and of no incident


class Papers(QObject):
    """`tell(line)` hears how it went."""

    def __init__(
        self, context: Context, window: Callable[[], QWidget], tell: Callable[[str], object],
        parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._context, self._window, self._tell = context, window, tell
        self._courier = Courier(self, tell)

    def ask(self, wanted: Wanted) -> None:
        """What for, then where to."""
        title = f"{named('hand_out_kind', wanted.what)}　{wanted.title}"
        fields = {"purpose": (tr("用途"), words())}
        sheet = Sheet(self._context.look, title, "导出", fields, self._window())
        self._context.over(sheet.then(lambda told: self._ask_where(wanted, told["purpose"])))

    def _ask_where(self, wanted: Wanted, purpose: str) -> None:
        if not purpose.strip():
            self._tell(tr("先写用途，再导出"))
            return
        dialog = QFileDialog(self._window(), tr("导出"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        when = to_datetime(self._context.picture.now).strftime("%m%d-%H%M")
        name = f"{wanted.title} {named('hand_out_kind', wanted.what)} {when}"
        dialog.selectFile(f"{plain_name(name, '')}.{wanted.forms[0]}")
        dialog.fileSelected.connect(lambda path: self.make(wanted, purpose, Path(path)))
        dialog.open()

    def make(self, wanted: Wanted, purpose: str, target: Path) -> None:
        """Make it, in every form, beside each other."""
        self._tell(tr("正在生成"))
        wanted.make(lambda paper: self._press(paper, target, wanted, purpose))

    def _press(self, paper: Paper, target: Path, wanted: Wanted, purpose: str) -> None:
        mark, forms = MARK if self._context.desk.exercise is not None else "", wanted.forms
        made = self._context.desk.files(lambda kept: _pressed(paper, target, forms, mark))
        self._courier.follow(made, lambda found: self._write(found, wanted, purpose))

    def _write(self, found: list[Pressed] | str, wanted: Wanted, purpose: str) -> None:
        """One line for each file, then their names."""
        if isinstance(found, str):
            self._tell(found)
            return
        for one in found:
            facts = {"purpose": purpose, "name": one.target.name, "sha256": one.sha256}
            written = self._hand_out(wanted, facts)
            put = self._context.desk.files(partial(_settled, one, written))
            self._courier.follow(put, partial(self._given_out, one.target.name))

    def _hand_out(self, wanted: Wanted, facts: dict[str, str]) -> Future[Any]:
        do = self._context.desk.do
        if wanted.shift:
            return do(reporting.hand_out_shift, sheet=wanted.what, **facts)
        return do(reporting.hand_out, incident=wanted.incident, what=wanted.what, **facts)

    def _given_out(self, name: str, done: object) -> None:
        self._tell(tr("已导出 {name}", name=name))


def _settled(one: Pressed, written: Future[Any], kept: object) -> None:
    press.settle([one], written)


def _pressed(paper: Paper, target: Path, forms: Sequence[str], mark: str) -> list[Pressed] | str:
    """The files, or why there are none."""
    try:
        return press.press(paper, press.targets(target, forms), mark)
    except Taken as name:
        return tr("已有 {name}，换个名称再生成", name=name)
    except (Unset, OSError, shutil.Error) as why:
        return tr("未能生成：{why}", why=plain(why))
