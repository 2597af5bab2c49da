"""核验卡: both versions side by side, with who says so and since when; a person decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from commandwall import codes, conflicts, events
from commandwall.clock import DAY, SECOND, Ms
from commandwall.conflicts import Dispute, Verdict
from commandwall.events import Event, EventView
from commandwall.picture import Changes, Picture, Tick
from commandwall.rights import About
from commandwall.store.tables import Conflict
from widgets import age, text, words
from widgets.acts import ActBar
from widgets.base import EMPTY, NORMAL, Command, Context, Panel, Subject
from widgets.conflict import STATES
from widgets.doubts import Doubt, Side, doubts
from widgets.i18n import named, tr
from widgets.paper import Ink, Paper

BAR, GAP, LINE = 44.0, 16.0, 46.0
HEAD = 66.0
"""Above the two versions: what they are of."""
LISTS = {
    "cls": "event_class", "source": "event_source", "role": "person_role", "post": "post",
    "colour": "building_colour",
}  # fmt: skip
"""Fields whose values are from a code list."""
TOLD = frozenset({*LISTS, "state", "area", "unit", "urgency", "grade"})
"""Fields that also an event of a restricted class shows, with its moments."""


class DoubtCard(Panel):
    """`1` and `2` mark a version, `V` decides for it: an act of the journal."""

    id, title, quiet = "doubt_card", "核验卡", True
    shows = frozenset({Dispute, Verdict, Conflict, Event, Tick})

    def __init__(
        self, context: Context, options: Mapping[str, Any] | None = None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(context, options, parent)
        self._chosen, self._mark, self._said = "", -1, ""
        self._found: dict[str, Doubt] = {}
        self._marked: tuple[Side, Side] | None = None  # the versions as they stood when marked
        self._hidden = dict[str, bool]()
        """Of events that are not open: whether they are of a restricted class."""
        self._bar = ActBar([Command("V", "定夺", self.decide)], self)

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if changes.kinds - {Tick} or not self._found:
            self._found = doubts(picture)
        doubt = self._found.get(self._chosen)
        if self._mark >= 0 and (doubt is None or doubt.sides != self._marked):
            self._mark, self._said = -1, tr("内容有变，看清再选")
        self.at = doubt.at if doubt else None
        if doubt is None:
            self.say(EMPTY, tr("选一条，两处的值并排在此"))
        else:
            self.say(NORMAL)
        self._bar.setVisible(doubt is not None)
        self.place()
        act = conflicts.decide if doubt is not None and doubt.asked is Dispute else conflicts.settle
        why = self.barred(act, About(scene=True))
        can = doubt is not None and self._mark >= 0 and not why
        self._bar.allow(["V"] if can else [], {"V": why})

    def commands(self) -> list[Command]:
        return [
            Command("1", tr("选 {n}", n=1), lambda: self._choose(0)),
            Command("2", tr("选 {n}", n=2), lambda: self._choose(1)),
            Command("V", tr("定夺"), self.decide),
        ]

    def open(self, subject: Subject) -> None:
        if subject.kind in (Dispute, Conflict) and subject.id != self._chosen:
            self._chosen, self._mark, self._said = subject.id, -1, ""
            self.refresh(self.picture, Changes(self.picture.now))
            self._look_at_class()
            self.update()

    def _look_at_class(self) -> None:
        """Of one that is not open the class is read first."""
        doubt = self._found.get(self._chosen)
        key = doubt.event if doubt is not None else ""
        if key and key not in self.picture.events:
            self.ask(lambda reader: events.views(reader, [key]), partial(self._take, key))

    def _take(self, key: str, found: Mapping[str, EventView]) -> None:
        self._hidden[key] = any(view.restricted for view in found.values())
        self.update()

    def _hides(self, doubt: Doubt) -> bool:
        """Whether what is said in it is not told: its event is of a restricted class, or that is
        not known yet."""
        if not doubt.event:
            return False
        view = self.picture.events.get(doubt.event)
        return view.restricted if view is not None else self._hidden.get(doubt.event, True)

    def place(self) -> None:
        """The button stands under the two versions."""
        y, px = self._sides().bottom() + 44, self.look.px
        self._bar.setGeometry(0, px(y), self.width(), px(BAR))

    def _sides(self) -> QRectF:
        """Where the two versions stand."""
        doubt = self._found.get(self._chosen)
        wide, tall = self.width() / self.look.unit, self.height() / self.look.unit
        top = self.top + HEAD
        wanted = 104 + LINE * len(doubt.fields()) if doubt else 0.0
        return QRectF(0, top, wide, min(wanted, tall - top - BAR - 44))

    def wear(self) -> None:
        super().wear()
        self._bar.wear()

    def decide(self) -> None:
        """Decide for the marked version."""
        doubt = self._found.get(self._chosen)
        if doubt is None:
            return
        if self._mark < 0:
            self.refused(tr("先按 1 或 2 选一处"))
            return
        keep, done = doubt.sides[self._mark].keep, partial(self._done, doubt.key)
        if doubt.asked is Dispute:
            self.do(conflicts.decide, done, dispute=doubt.key, keep=keep)
        else:
            self.do(conflicts.settle, done, conflict=doubt.key, keep=keep)

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    def draw(self, paper: Paper) -> None:
        doubt = self._found.get(self._chosen)
        if doubt is None:
            return
        paper.write(0, self.top + 22, doubt.what, Ink("item"), room=paper.width)
        kind = text.plain(named("record_kind", doubt.kind), 40)
        told = f"{kind}　{text.plain(doubt.record, 60)}"
        paper.write(0, self.top + 48, told, Ink("age"), room=paper.width)
        both = self._sides()
        wide = (both.width() - GAP) / 2
        for i, side in enumerate(doubt.sides):
            box = QRectF(i * (wide + GAP), both.y(), wide, both.height())
            self._draw_side(paper, box, doubt, i, side)
        line = self._said or self._standing(doubt)
        paper.write(0, both.bottom() + 28, line, Ink("label", "t1"), room=paper.width)

    def _draw_side(self, paper: Paper, box: QRectF, doubt: Doubt, i: int, side: Side) -> None:
        paper.fill(box, "r" if i == self._mark else "p", 4)
        if i == self._mark:
            paper.frame(box.adjusted(1, 1, -1, -1), "t1")
        x, base, room = box.x() + 16, box.y() + 30, box.width() - 32
        name = tr("现值") if i == 0 else tr("另一值")
        chosen = tr("　已选") if i == self._mark else ""
        paper.write(x, base, f"{i + 1}　{name}{chosen}", Ink("label", "t1", True), room=room)
        paper.write(x, base + 24, side.who or age.UNKNOWN, Ink("label"), room=room)
        paper.write(x, base + 44, self._since(side), Ink("age"), room=room)
        y = base + 76
        for field in doubt.fields():
            if y + 24 > box.bottom():
                break
            paper.write(x, y, text.plain(named("field", field), 40), Ink("age"), room=room)
            shown = not self._hides(doubt) or field in TOLD or field.endswith("_at")
            value, other = (
                self._value(doubt.kind, field, s.fields.get(field)) if shown else tr("受限，不示")
                for s in (side, doubt.sides[1 - i])
            )
            if value == other:  # what is masked makes the difference
                value = tr("{value}（遮住处不同）", value=value)
            paper.write(x, y + 20, value, Ink("body", "t1"), room=room)
            y += LINE

    def _since(self, side: Side) -> str:
        if not side.at:
            return tr("时间不明")
        now = self.picture.now
        if now - side.at > DAY:
            return age.stamp(now, side.at)
        return tr("{at}，{age}", at=age.stamp(now, side.at), age=age.since(now, side.at))

    def _standing(self, doubt: Doubt) -> str:
        """What became of a verdict that the pool still calls open."""
        verdict = self.picture.verdicts.get(doubt.key) if doubt.asked is Dispute else None
        if verdict is None:
            return ""
        if f"verdict:{doubt.key}" in self.picture.unsent:
            return tr("已定夺，未送达中心池")
        waited = self.picture.now - verdict.at
        if waited < 2 * codes.limit("heartbeat_seconds") * SECOND or self.stopped is not None:
            return tr("已定夺，等中心池写入")
        return tr("中心池未写入，该记录此后有改动，可改选现值或等来源再报")

    def _value(self, kind: str, field: str, value: Any) -> str:
        """A value in words; names and numbers of people masked as everywhere."""
        if value is None or value == "":
            return age.UNKNOWN
        if field == "state":
            return text.plain(named(STATES.get(kind, "event_state"), str(value)), 60)
        if field == "area":
            return words.place(self.picture, str(value)) or text.plain(value, 40)
        if field in ("by", "person") or (field == "name" and kind == "person"):
            return text.person(str(value))
        if field == "at" or field.endswith("_at"):
            return self._moment(value)
        if isinstance(value, float):
            return age.number(value, 5)
        return text.plain(named(LISTS[field], str(value)) if field in LISTS else value, 120)

    def _moment(self, value: Any) -> str:
        try:
            if isinstance(value, int):
                return age.moment(self.picture.now, Ms(value))
            at = Ms(round(datetime.fromisoformat(str(value)).timestamp() * SECOND))
            return age.moment(self.picture.now, at)
        except (ValueError, OverflowError, OSError):
            return text.plain(value, 40)

    def _choose(self, side: int) -> None:
        self._mark, self._said = side, ""
        doubt = self._found.get(self._chosen)
        self._marked = doubt.sides if doubt is not None else None
        self.refresh(self.picture, Changes(self.picture.now))
        self.update()

    def _done(self, key: str, done: object) -> None:
        """It is on disk. Another one that was chosen meanwhile keeps its mark."""
        if key == self._chosen:
            self._mark, self._said = -1, tr("已定夺，记入大事记")
            self.update()
