"""Export a list of events: ask what for and where to, have it written beside the screen, write the
line, give the file its name. One at a time; the same key gives it up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QFileDialog

from commandwall.clock import Ms, to_datetime
from commandwall.exercise import MARK
from commandwall.exports import FORMS, export_list
from commandwall.files.content import named as plain_name
from commandwall.reports.listing import Listed, Listing, Wanted, placed
from commandwall.reports.speech import moment
from commandwall.rights import About
from commandwall.saved_views import POOL, Filter
from widgets import age, event_filter
from widgets.base import Command, Panel
from widgets.courier import Courier
from widgets.fields import Field, choice
from widgets.fields import words as line
from widgets.i18n import language, named, tr
from widgets.sheet import Sheet

LOOK_MS = 200
"""So often it is looked how far the file is."""
LABELS = {"xlsx": "Excel 工作簿 .xlsx", "csv": "逗号分隔 .csv"}


class Lists(Protocol):
    """What the list gives: its filter, that in words, the ids of all its rows in order where no
    pool is read for them, how many there are."""

    filter: Filter

    def all_keys(self) -> Sequence[str]: ...

    @property
    def told(self) -> str: ...

    @property
    def many(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """The list as it stood when somebody asked, so that what is exported is what he saw."""

    filter: Filter
    told: str  # the filter in words
    keys: Sequence[str] | None  # ids of an open share; None where the pool is read
    at: Ms | None  # the newest moment of what is known
    purpose: str = ""
    form: str = ""


class Exporter(QObject):
    """`said` is what is told of it under the list."""

    def __init__(self, panel: Panel, lists: Lists) -> None:
        super().__init__(panel)
        self._panel, self._lists = panel, lists
        self._run: Listing | None = None
        self.said = ""
        self._courier = Courier(self, self._over)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._progress)

    def command(self) -> Command:
        """Export, or stop what is being written."""
        told = tr("导出列表") if self._run is None else tr("停止导出")
        return Command("Ctrl+E", told, self.go)

    def go(self) -> None:
        if self._run is not None:
            self._run.stop()
            self._over(tr("导出已停，什么也没有留下"))
        else:
            self.ask()

    def ask(self) -> None:
        """What for, and in which form."""
        panel, filter = self._panel, self._lists.filter
        if why := panel.barred(export_list, About((filter.area,))):
            self._over(why)
            return
        fields: dict[str, tuple[str, Field]] = {
            "purpose": (tr("用途"), line()),
            "form": (tr("格式"), choice({form: tr(LABELS[form]) for form in FORMS})),
        }
        keys = None if filter.share == POOL else tuple(self._lists.all_keys())
        told = self._lists.told
        asked = Asked(filter, told, keys, panel.at)
        sheet = Sheet(panel.look, tr("导出列表"), "继续", fields, panel.window())
        sheet.telling(lambda answers: tr("{asked}：{n} 条。遮盖同屏幕；何人何时为何导出记入大事记",
                                         asked=told, n=self._lists.many))  # fmt: skip
        panel.context.over(sheet.then(lambda answers: self._ask_where(replace(asked, **answers))))

    def _ask_where(self, asked: Asked) -> None:
        if not asked.purpose:
            self._over(tr("先写用途，再导出"))
            return
        dialog = QFileDialog(self._panel.window(), tr("导出列表"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        when = to_datetime(self._panel.picture.now).strftime("%m%d-%H%M")
        share = event_filter.share_name(asked.filter)
        name = plain_name(f"{self._mark}{tr('事件')} {share} {when}", "")
        dialog.selectFile(f"{name}.{asked.form}")
        dialog.fileSelected.connect(lambda path: self.make(asked, Path(path)))
        dialog.open()

    def make(self, asked: Asked, target: Path) -> None:
        """Have it written."""
        if target.suffix.lower() != f".{asked.form}":  # 1.5 环以内 has a dot and no ending
            target = target.with_name(f"{target.name}.{asked.form}")
        now = self._panel.picture.now
        wanted = Wanted(str(target), asked.filter, asked.keys, now, self._head(asked), language())
        self._run = Listing(self._panel.desk.folder, wanted)
        self._courier.follow(self._run.answer, lambda found: self._write(found, asked))
        self._timer.start()
        self._progress()

    @property
    def _mark(self) -> str:
        return MARK if self._panel.desk.exercise is not None else ""

    def _head(self, asked: Asked) -> Sequence[tuple[str, str]]:
        desk = self._panel.desk
        who = f"{desk.person} {named('post', desk.post, 'full')}".strip()
        return (
            (f"{self._mark}{tr('事件列表')}", asked.told), (tr("用途"), asked.purpose),
            (tr("导出"), who),
            (tr("导出时刻"), moment(self._panel.picture.now)),
            (tr("数据截至"), moment(asked.at) or age.UNKNOWN),
            (tr("遮盖"), tr("号码、证件、姓名与屏幕一样遮盖")),
        )  # fmt: skip

    def _write(self, found: Listed, asked: Asked) -> None:
        """Its line, then its name."""
        written = self._panel.desk.do(
            export_list, name=found.target.name, purpose=asked.purpose, asked=asked.told,
            within=asked.filter.area, rows=found.rows, sha256=found.sha256,
        )  # fmt: skip
        courier = Courier(self, lambda why: self._drop(found, why))
        courier.follow(written, lambda done: self._put(found))

    def _drop(self, found: Listed, why: str) -> None:
        self._panel.desk.files(lambda kept: found.drop())
        self._over(why)

    def _put(self, found: Listed) -> None:
        put = self._panel.desk.files(lambda kept: placed(found))
        told = tr("已导出 {name}，{n} 条", name=found.target.name, n=age.number(found.rows))
        self._courier.follow(put, lambda done: self._over(told))

    def _progress(self) -> None:
        if self._run is not None:
            share = f"{self._run.share:.0%}"
            self._tell(tr("正在导出 {share}，Ctrl E 停止", share=share))

    def _over(self, told: str) -> None:
        self._timer.stop()
        self._run = None
        self._tell(told)

    def _tell(self, told: str) -> None:
        self.said = told
        self._panel.update()
