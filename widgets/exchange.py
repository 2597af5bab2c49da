"""What the sides told each other and what was decided 往来: newest first, with what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QMouseEvent

from commandwall.directives import Directive
from commandwall.exchange import Decision, Message
from commandwall.incidents import Incident
from commandwall.picture import Changes, Picture, Tick
from widgets import age, links
from widgets.base import Subject
from widgets.directives import focus
from widgets.i18n import named, tr
from widgets.linked import LinkedRows
from widgets.paper import RIGHT, Ink, Paper


class Exchange(LinkedRows):
    """Messages and decisions of the incident in focus. A second click goes on to what came of the
    chosen one."""

    id, title, kind, quiet = "exchange", "往来", Message, True
    shows = frozenset({Message, Decision, Directive, Incident, Tick})
    row = 54.0

    def kind_of(self, key: str) -> type[Any]:
        return Decision if key in self.picture.decisions else Message

    def order(self) -> Sequence[str]:
        here = focus(self.picture, self.incident)
        every: list[Message | Decision] = [
            *self.picture.messages.values(), *self.picture.decisions.values(),
        ]  # fmt: skip
        return [r.id for r in sorted(every, key=lambda r: -r.at) if r.incident == here]

    def refresh(self, picture: Picture, changes: Changes) -> None:
        super().refresh(picture, changes)
        if {Message, Decision} & changes.kinds:
            self.renew()
        self.at = max((self._row(key).at for key in self.keys), default=None)

    def empty_line(self) -> str:
        return tr("尚无讯息与决定，按 Shift I、Shift D 写")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        before = self.current
        super().mousePressEvent(event)
        made = links.onward(self.picture, self._at) if self._at is not None else None
        if before and before == self.current and made is not None:
            self.chosen.emit(made)

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        row = self._row(key)
        if row is None:
            return
        y, decided = box.top() + 22, isinstance(row, Decision)
        lead = tr("决定 {n}", n=row.no) if decided else self._between(row)
        paper.write(paper.width - 8, y, age.clock(row.at), Ink("age"), RIGHT)
        x = paper.write(8, y, lead, Ink("label", "t2" if decided else "t3", decided)) + 10
        words = row.what if decided else row.text
        paper.write(x, y, words, Ink("label", "t1"), room=paper.width - x - 64)
        why = tr("因 {why}", why=row.why) if decided else ""
        subject = Subject(type(row), row.id)
        told = "　".join(filter(None, (why, row.place, *links.told(self.picture, subject))))
        paper.write(8, y + 22, told, Ink("age", "t2"), room=paper.width - 16)

    def _between(self, message: Message) -> str:
        return f"{named('post', message.from_post)} → {named('post', message.to_post)}"

    def _row(self, key: str) -> Any:
        return self.picture.messages.get(key) or self.picture.decisions.get(key)
