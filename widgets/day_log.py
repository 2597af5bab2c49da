"""值班日志: what was done and what came since the last hand-over here, the newest first; each line
leads to its event, alarm or incident."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent

from commandwall.alarms import Alarm
from commandwall.clock import SECOND, Ms
from commandwall.events import Event
from commandwall.incidents import Incident
from commandwall.picture import Changes, Picture, Tick
from commandwall.reports import shift_log
from commandwall.reports.shift_log import ALARM, INCIDENT, OF, Entry, Log
from commandwall.store.store import Reader
from widgets import age, text
from widgets.base import Command, Piece, Subject
from widgets.i18n import tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.rows import RowList
from widgets.speech import speech

EVERY = 5 * SECOND
"""So often it is read anew while it is shown."""
AT, WHO = 132.0, 200.0
"""Where the words begin, and the most room for who did it."""
KINDS: dict[str, type[Any]] = {OF: Event, ALARM: Alarm, INCIDENT: Incident}


class DayLog(RowList):
    """It writes itself: nobody enters anything here."""

    id, title = "day_log", "值班日志"
    kind, row, entry = Event, 60.0, "L"
    pooled, quiet, recalls, tells_rest = False, True, False, True
    shows = frozenset({Tick})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._entries: dict[str, Entry] = {}
        self._log: Log | None = None
        self._asked_at = Ms(0)

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if abs(picture.now - self._asked_at) >= EVERY:
            self._asked_at = now = picture.now
            words = speech()

            def query(reader: Reader) -> Log:
                return shift_log.read(reader, shift_log.begun(reader, now), now, words)

            self.ask(query, self._take)

    def order(self) -> Sequence[str]:
        return list(self._entries)

    def kind_of(self, key: str) -> type[Any]:
        return KINDS.get(self._entries[key].kind, Event)

    def empty_line(self) -> str:
        return tr("本班还没有记录") if self._log is not None else tr("正在读")

    def aside(self) -> list[Piece]:
        if self._log is None:
            return []
        since = tr("{at} 起", at=age.stamp(self.picture.now, self._log.since))
        left = tr("更早的 {n} 条未列", n=self._log.left) if self._log.left else ""
        told = "　".join(filter(None, (since, tr("{n} 条", n=len(self._entries)), left)))
        return [(told, Ink("label", "t2"))]

    def commands(self) -> list[Command]:
        return [Command("L", tr("看值班日志"), self.enter)]

    def enter(self) -> None:
        """Give it the keys, at its newest line."""
        self.setFocus()
        if self.keys and not self.current:
            self.choose(self.keys[0])

    def choose(self, key: str) -> None:
        """Its thing is marked on the map and in the other panels."""
        self.current = key
        self._show_current()
        self.update()
        if key and self._entries[key].id:
            self.chosen.emit(Subject(self.kind_of(key), self._entries[key].id))

    def go(self) -> None:
        """The page on which the thing of the chosen line is worked on."""
        entry = self._entries.get(self.current)
        if entry is not None and entry.id:
            self.wanted.emit(Subject(KINDS[entry.kind], entry.id))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.go()
        else:
            super().keyPressEvent(event)

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        e, base = self._entries[key], box.y() + 25
        paper.write(8, base, age.moment(self.picture.now, e.at), Ink("age"), room=AT - 16)
        end = box.right() - 8
        who, ink = f"{e.who} {text.person(e.by)}".strip(), Ink("label", "t2")
        paper.write(end, base, who, ink, RIGHT, room=WHO)
        room = end - min(WHO, paper.length(who, ink)) - AT - 12
        paper.write(AT, base, e.act, Ink("body", "t1"), room=room)
        paper.write(AT, base + 24, e.what, Ink("label", "t2"), room=end - AT)

    def _take(self, log: Log) -> None:
        self._log = log
        self._entries = {
            f"{e.at}:{e.kind}:{e.id}:{e.act}:{e.what}": e for e in reversed(log.entries)
        }
        if self.current not in self._entries:
            self.current = ""
        self.renew()
