"""核验: what two sources say differently, and what two stations wrote unseen by each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRectF

from commandwall.clock import Ms
from commandwall.conflicts import HELD, KEPT, OTHER, SAID, Dispute, Verdict
from commandwall.events import Event
from commandwall.picture import Changes, Picture, Tick
from commandwall.store.tables import Conflict
from widgets import age, conflict
from widgets.base import NORMAL, Piece, Subject
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.rows import RowList
from widgets.text import person, plain

WHO = frozenset({"at", "by", "post"})
"""Fields that say who wrote a version, and when: they stand above it."""
OF_EVENT = "event"
"""Kind of the records of the city of which a class may be restricted."""
HIDDEN = frozenset({"secret"})
"""Fields that no screen shows."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two versions: the word for choosing it, its fields, who says so and since when."""

    keep: str
    fields: dict[str, Any]
    who: str
    at: Ms | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two versions of one record; a person decides which counts."""

    key: str
    kind: str  # of the record
    record: str
    what: str  # in words
    sides: tuple[Side, Side]
    asked: type[Any]  # Dispute or Conflict
    event: str = ""  # id of the event that it is about

    @property
    def at(self) -> Ms:
        return max((side.at for side in self.sides if side.at), default=Ms(0))

    def fields(self) -> list[str]:
        """Those in which the two are not alike."""
        one, two = (side.fields for side in self.sides)
        apart = [name for name in one if one.get(name) != two.get(name) and name not in HIDDEN]
        return [name for name in apart if name not in WHO] or apart


def of_sources(dispute: Dispute, picture: Picture) -> Doubt:
    """Two sources of the city."""
    held, said = conflict.given(dispute.held), conflict.given(dispute.said)
    sides = (
        Side(HELD, held, _sources(dispute.held_source), dispute.held_at),
        Side(SAID, said, _sources(dispute.said_source), dispute.said_at),
    )
    view = picture.events.get(dispute.record)
    name = plain(view.event.headline if view else "") or plain(
        f"{named('record_kind', dispute.kind)} {dispute.record}", 60
    )
    event = dispute.record if dispute.kind == OF_EVENT else ""
    return Doubt(dispute.id, dispute.kind, dispute.record, name, sides, Dispute, event)


def of_stations(one: Conflict, picture: Picture) -> Doubt:
    """Two stations."""
    sides = (
        _written(KEPT, one.kept, one.kept_origin),
        _written(OTHER, one.other, one.other_origin),
    )
    about = conflict.subject(one, picture)
    event = conflict.event_of(one)
    return Doubt(one.id, one.kind, one.record, about, sides, Conflict, event)


def doubts(picture: Picture) -> dict[str, Doubt]:
    """All that waits for a person, by key."""
    found = [of_sources(d, picture) for d in picture.disputes.values()]
    open_ = (c for c in picture.conflicts.values() if not c.settled_by)
    return {d.key: d for d in (*(of_stations(c, picture) for c in open_), *found)}


class Doubts(RowList):
    """Those between stations before those between sources, then the newest."""

    id, title, quiet = "doubts", "待核验", True
    kind = Dispute
    shows = frozenset({Dispute, Verdict, Conflict, Event, Tick})
    row = 56.0
    head = 28.0

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if changes.kinds - {Tick} or not hasattr(self, "_found"):
            self._found = doubts(picture)
        self.at = picture.ages.get("events")
        self.say(NORMAL)
        super().refresh(picture, changes)

    def order(self) -> Sequence[str]:
        found = self._found.values()
        return [d.key for d in sorted(found, key=lambda d: (d.asked is Dispute, -d.at, d.key))]

    def empty_line(self) -> str:
        return tr("没有待核验的")

    def aside(self) -> list[Piece]:
        apart = sum(d.asked is Conflict for d in self._found.values())
        told = tr("两台 {n}　两源 {m}", n=apart, m=len(self._found) - apart)
        return [(told, Ink("age", "t1" if self._found else "t4"))]

    def choose(self, key: str) -> None:
        super().choose(key)
        if key in self._found and self._found[key].asked is Conflict:
            self.chosen.emit(Subject(Conflict, key))

    def open(self, subject: Subject) -> None:
        if subject.kind in (Dispute, Conflict) and subject.id in self._found:
            self.current = subject.id
            self._show_current()
            self.update()

    def draw_head(self, paper: Paper, base: float) -> None:
        for word, at, side in self._columns(paper.width):
            paper.write(at, base, tr(word), Ink("head"), side)

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        doubt = self._found.get(key)
        if doubt is None:
            return
        x = {word: at for word, at, _ in self._columns(paper.width)}
        base, decided = box.center().y() - 3, key in self.picture.verdicts
        between = tr("两台") if doubt.asked is Conflict else tr("两源")
        paper.write(x["之间"], base + 8, between, Ink("label", "t1"))
        ink = Ink("body", "t2" if decided else "t1", not decided)
        paper.write(x["事项"], base, doubt.what, ink, room=x["最近"] - x["事项"] - 90)
        names = tr("、").join(plain(named("field", name), 40) for name in doubt.fields()[:4])
        second = f"{plain(named('record_kind', doubt.kind), 40)}　{names}"
        if decided:
            second = tr("{what}　已定夺", what=second)
        paper.write(x["事项"], base + 18, second, Ink("age"), room=x["最近"] - x["事项"] - 90)
        paper.write(x["最近"], base + 8, age.since(self.picture.now, doubt.at or None),
                    Ink("age"), RIGHT)  # fmt: skip

    def _columns(self, width: float) -> list[tuple[str, float, float]]:
        return [("之间", 12, 0.0), ("事项", 76, 0.0), ("最近", width - 8, RIGHT)]


def _written(keep: str, text: str, origin: str) -> Side:
    record = conflict.given(text)
    return Side(keep, record, _doer(record) or plain(origin, 40), _moment(record))


def _moment(record: dict[str, Any]) -> Ms | None:
    at = record.get("at") or record.get("changed_at")
    return Ms(at) if isinstance(at, int) and at else None


def _doer(record: dict[str, Any]) -> str:
    """后指 调度 陈*: the post and the person of a version."""
    post = str(record.get("post") or "")
    return f"{plain(named('post', post, 'full'))}  {person(str(record.get('by') or ''))}".strip()


def _sources(names: str) -> str:
    parts = (plain(named("event_source", name.strip()), 40) for name in names.split(","))
    return tr("、").join(parts)
