"""吹哨报到: the whistles that are not done with, each with its departments: who is there, who owes
what, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import codes, restricted, whistle_acts, whistles
from commandwall.clock import day
from commandwall.deadlines import GREEN
from commandwall.events import Event
from commandwall.picture import Changes, Picture, Tick
from commandwall.rights import About
from commandwall.whistles import (
    BLOWN,
    COMING,
    RELEASED,
    REPORTED,
    TOWN,
    Muster,
    Rating,
    Summons,
    Whistle,
    rating_of,
)
from widgets import age, text, whistle_sheets, whistle_words, words
from widgets.base import Command, Piece, Subject
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.worked import WorkedList

RECORDS = frozenset({Whistle, Summons, Rating})
HEAD, ROW, LAMP, INDENT, LINE = 66.0, 36.0, 14.0, 40.0, 26.0
NAME, STATE = 190.0, 100.0
"""Width of the columns of a department and of its state."""
STEP, OTHER, BLOW, MORE, END, REROUTE = "S", "T", "Shift+B", "P", "Q", "Shift+P"


class Whistles(WorkedList):
    """A row for each whistle and, under it, one for each department. What is done next with the
    chosen one stands on `S`, what else on `T`."""

    id, title = "whistles", "吹哨报到"
    kind = Whistle
    shows = frozenset({*RECORDS, Event, Tick})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._all: list[Muster] = []
        self._of: dict[str, Muster] = {}
        self._hidden: frozenset[str] = frozenset()
        """Events of a restricted class: nothing that was said of them is told."""

    # What there is.

    def refresh(self, picture: Picture, changes: Changes) -> None:
        events = {w.event for w in picture.whistles.values()}
        hidden = frozenset(key for key in events if picture.hides(key))
        if changes.kinds & RECORDS or hidden != self._hidden:
            self._hidden = hidden
            found = whistles.musters(
                picture.whistles.values(), picture.summons.values(), picture.ratings.values()
            )
            self._all = [self._shown(muster) for muster in found]
            self._of = {key: m for m in self._all if m.open for key in _keys(m)}
            steps = [m.whistle.changed_at for m in self._of.values()]
            steps += [one.changed_at for m in self._of.values() for one in m.summons]
            self.at = max(steps, default=None)
            super().refresh(picture, changes)
        self._offer()

    def _shown(self, muster: Muster) -> Muster:
        event = muster.whistle.event
        if event not in self._hidden:
            return muster
        return restricted.bare(muster, self.picture.title_of_hidden(event))

    def order(self) -> Sequence[str]:
        """Those that are blown before those that wait for a rating; the first to be late first."""
        open_ = {m.whistle.id: m for m in self._of.values()}
        return [key for muster in sorted(open_.values(), key=_urgent) for key in _keys(muster)]

    def tall(self, key: str) -> float:
        return HEAD if key in self.picture.whistles else ROW

    def kind_of(self, key: str) -> type[Any]:
        return Whistle if key in self.picture.whistles else Summons

    def empty_line(self) -> str:
        return tr("没有在办的吹哨")

    def aside(self) -> list[Piece]:
        """The rate of the last days, as numerator and denominator."""
        now = self.picture.now
        counted = whistles.tally(whistles.of_late(self._all, now), now)
        if not counted.summoned:
            return []
        days = tr("近 {n} 天", n=int(codes.limit("whistle_days", day(now))))
        return [(f"{days}　{whistle_words.rate(counted)}", Ink("label", "t2"))]

    # Acts.

    def choose(self, key: str) -> None:
        """The event of the whistle opens beside."""
        self._said = ""
        super().choose(key)
        if (muster := self._of.get(key)) is not None and muster.whistle.event:
            self.chosen.emit(Subject(Event, muster.whistle.event))
        self._offer()

    def open(self, subject: Subject) -> None:
        if subject.kind is Whistle and subject.id != self.current:
            self.current = subject.id
            self.renew()
            self._offer()

    def step(self) -> None:
        """What comes next for the chosen department; on a whistle that it is checked."""
        if (muster := self._unchecked()) is None:
            self._begin(STEP)
        elif why := self.barred(whistle_acts.check_whistle, self._about):
            self.refused(why)
        else:
            self.do(whistle_acts.check_whistle, self._done, whistle=muster.whistle.id)

    def other(self) -> None:
        """It refuses; once it was let go, it says what it thinks of the whistle. A whistle that is
        not checked yet is returned."""
        if (muster := self._unchecked()) is None:
            self._begin(OTHER)
        elif why := self.barred(whistle_acts.return_whistle, self._about):
            self.refused(why)
        else:
            whistle_sheets.ask_return(self, muster, self._done)

    def reroute(self) -> None:
        """Another department instead of the chosen one."""
        summons = self.picture.summons.get(self.current)
        if summons is None or not self._comes():
            self.refused(tr("先选一个还没到的部门"))
        elif why := self._barred("reroute"):
            self.refused(why)
        else:
            whistle_sheets.begin(self, summons, "reroute", self._done)

    @property
    def _about(self) -> About:
        return whistle_sheets.about(self._of.get(self.current), self.picture)

    def _unchecked(self) -> Muster | None:
        """The whistle itself where it is the chosen row, and the centre has not checked it."""
        muster = self._of.get(self.current) if self.current in self.picture.whistles else None
        return muster if muster is not None and muster.whistle.state == BLOWN else None

    def blow(self) -> None:
        """A whistle without an event."""
        whistle_sheets.ask_blow(self, None, self._done)

    def more(self) -> None:
        if (muster := self._blown()) is not None:
            whistle_sheets.ask_summon(self, muster, self._done)

    def end(self) -> None:
        if (muster := self._blown()) is not None:
            whistle_sheets.ask_end(self, muster, self._done)

    def _begin(self, key: str) -> None:
        summons, action = self.picture.summons.get(self.current), self._on_key(key)
        if summons is None or not action:
            self.refused(tr("先选一个部门") if summons is None else tr("此状态下不能办"))
        elif why := self._barred(action):
            self.refused(why)
        else:
            whistle_sheets.begin(self, summons, action, self._done)

    def _blown(self) -> Muster | None:
        """The chosen whistle, where it is not ended."""
        muster = self._of.get(self.current)
        if muster is None or not muster.blown:
            self.refused(tr("先选一个未销的哨"))
            return None
        return muster

    def _comes(self) -> bool:
        """Whether the chosen row is a department that is not there yet."""
        summons, muster = self.picture.summons.get(self.current), self._of.get(self.current)
        return bool(summons and muster and muster.blown and summons.state in COMING)

    def _acts(self) -> list[Command]:
        return [
            Command(STEP, "应哨", self.step), Command(OTHER, "拒哨", self.other),
            Command(MORE, "增哨", self.more), Command(END, "销哨", self.end),
            Command(BLOW, "另吹一哨", self.blow), Command(REROUTE, "改叫", self.reroute),
        ]  # fmt: skip

    def _on_key(self, key: str) -> str:
        """The action on a key for the chosen department; "" for none."""
        muster, summons = self._of.get(self.current), self.picture.summons.get(self.current)
        if muster is None or summons is None:
            return ""
        if summons.state == RELEASED:
            side = TOWN if key == STEP else whistles.DEPARTMENT
            action = "rate_department" if key == STEP else "rate_whistle"
            return "" if rating_of(summons.id, side) in muster.ratings else action
        if key == STEP:
            return whistle_words.action(summons, muster.blown)
        return "refuse_whistle" if muster.blown and summons.state in COMING else ""

    def _barred(self, action: str) -> str:
        it = whistle_sheets.about(self._of.get(self.current), self.picture)
        return self.barred(whistle_sheets.ACTS[action], it)

    def _offer(self) -> None:
        """On each key what the chosen row and the post allow, by its name."""
        on = {key: action for key in (STEP, OTHER) if (action := self._on_key(key))}
        names = {key: whistle_sheets.NAMES[action] for key, action in on.items()}
        if self._unchecked() is not None:
            names |= {STEP: "核哨", OTHER: "退哨"}
        self._bar.name(names)
        muster = self._of.get(self.current)
        it = whistle_sheets.about(muster, self.picture)
        why = {key: self._barred(action) for key, action in on.items()}
        blown = muster is not None and muster.blown
        for key, act, can in (
            (STEP, whistle_acts.check_whistle, self._unchecked() is not None),
            (OTHER, whistle_acts.return_whistle, self._unchecked() is not None),
            (MORE, whistle_acts.summon, blown), (END, whistle_acts.end_whistle, blown),
            (BLOW, whistle_acts.blow, True), (REROUTE, whistle_acts.reroute, self._comes()),
        ):  # fmt: skip
            if can:
                why[key] = self.barred(act, it if can and key != BLOW else About())
        self._allow(why)

    # Drawing.

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        muster = self._of.get(key)
        if muster is None:
            return
        summons = next((one for one in muster.summons if one.id == key), None)
        if summons is None:
            self._draw_whistle(paper, muster, box)
        else:
            self._draw_summons(paper, muster, summons, box)

    def _draw_whistle(self, paper: Paper, muster: Muster, box: QRectF) -> None:
        """Kind and matter, who is there; where, who blew and when."""
        w, now, base = muster.whistle, self.picture.now, box.top() + 28
        if muster.owing:
            paper.lamp(LAMP, base - 6, 20, muster.owing[0].clock.lamp(now))
        count = whistle_words.there(muster)
        edge = paper.width - 8 - paper.length(count, Ink("item", "t1")) - 20
        paper.write(paper.width - 8, base, count, Ink("item", "t1"), RIGHT)
        paper.write(INDENT, base, whistle_words.title(muster), Ink("body", "t1", True),
                    room=edge - INDENT)  # fmt: skip
        blown = tr("{time} 吹哨，{age}", time=age.stamp(now, w.blown_at),
                   age=age.since(now, w.blown_at))  # fmt: skip
        if w.ended_at is not None:
            blown = tr("{time} 销哨　{result}", time=age.stamp(now, w.ended_at),
                       result=named("event_solved", w.solved))  # fmt: skip
        paper.write(paper.width - 8, base + LINE, blown, Ink("age", "t2"), RIGHT)
        edge = paper.width - 8 - paper.length(blown, Ink("age", "t2")) - 20
        told = (whistle_words.checked(w, now) if muster.blown else "",
                words.place(self.picture, w.town), text.plain(w.place, 60), self._event(w),
                named("post", w.blown_post, "full"))  # fmt: skip
        where = "　".join(filter(None, told))
        paper.write(INDENT, base + LINE, where, Ink("label", "t2"), room=edge - INDENT)

    def _draw_summons(self, paper: Paper, muster: Muster, summons: Summons, box: QRectF) -> None:
        """Who; how far it is; its course; what is owed and until when."""
        now, base = self.picture.now, box.center().y() + 6
        owing = whistles.owes(summons, muster.ratings)
        first = min(owing, key=lambda one: one.clock.due, default=None)
        left, edge = INDENT + 36, paper.width - 8
        if first is not None:
            lamp, told = first.clock.lamp(now), whistle_words.late(first, now)
            ink = Ink("label", "t1", lamp != GREEN)
            paper.lamp(INDENT + 14, base - 6, 16, lamp)
            paper.write(edge, base, told, ink, RIGHT)
            edge -= paper.length(told, ink) + 16
        bold = Ink("label", "t1", summons.state == REPORTED)
        paper.write(left, base, whistle_words.department(summons), bold, room=NAME - 12)
        paper.write(left + NAME, base, named("summons_state", summons.state), bold, room=STATE - 8)
        x = left + NAME + STATE
        course = whistle_words.course(summons, muster)
        paper.write(x, base, course, Ink("label", "t2"), room=max(0, edge - x))

    def _event(self, whistle: Whistle) -> str:
        """The number of its event."""
        view = self.picture.events.get(whistle.event)
        return tr("事件 {number}", number=view.number) if view is not None else ""


def _keys(muster: Muster) -> list[str]:
    return [muster.whistle.id, *(one.id for one in muster.summons)]


def _urgent(muster: Muster) -> tuple[bool, int, str]:
    due = muster.owing[0].clock.due if muster.owing else 1 << 62
    return not muster.blown, due, muster.whistle.id
