"""线索箱: clues that are no events yet, the oldest first; beside one what it may be of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import clues, events, repeats, restricted
from commandwall.areas import TOWN
from commandwall.clues import ASIDE, NEW, STEPS, TAKEN, WAITING, Clue, Tip
from commandwall.events import Event, EventView
from commandwall.picture import Changes, Picture, Tick
from commandwall.rights import About
from commandwall.store.store import Reader
from widgets import age, same_matter, text, words
from widgets.base import Command, Piece, Subject
from widgets.fields import Field, choice
from widgets.fields import words as line
from widgets.i18n import named, rows, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.registering import OWN_SOURCE, RegisterSheet
from widgets.same_matter import Pairs
from widgets.sheet import Sheet
from widgets.worked import WorkedList

ROW, MORE, SHOWN = 58.0, 22.0, 4
"""Height of a row, of a line under the chosen one, and how many events may stand there."""
STATE = 76.0
ADD, TAKE, TURN, JOIN, PUT, BACK = "P", "S", "T", "M", "Q", "Y"
TO = {TAKE: TAKEN, TURN: clues.TURNED, JOIN: clues.JOINED, PUT: ASIDE, BACK: NEW}
"""Key -> the state that its act leads to."""
ACTS: dict[str, Callable[..., None]] = {
    TAKE: clues.take_clue, TURN: clues.turn_clue, JOIN: clues.join_clue,
    PUT: clues.put_clue_aside, BACK: clues.bring_clue_back,
}  # fmt: skip


class Clues(WorkedList):
    """What waits for a person, then what was decided of late. The event that a clue became, or the
    likest one, opens beside."""

    id, title = "clues", "线索箱"
    kind = Clue
    shows = frozenset({Clue, Event, Tick})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._found: Pairs = ()
        self._looked = ""

    # What there is.

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if Clue in changes.kinds or not self.keys:
            self.at = max((one.changed_at for one in picture.clues.values()), default=None)
            super().refresh(picture, changes)
        self._offer()

    def renew(self) -> None:
        """What was decided is no more the one that is worked on, and stands under what waits."""
        clue = self.picture.clues.get(self.current)
        if clue is not None and clue.state not in WAITING:
            self.current, self._first = "", 0
        super().renew()

    def order(self) -> Sequence[str]:
        return [one.id for one in clues.open_first(self.picture.clues.values(), self.picture.now)]

    def tall(self, key: str) -> float:
        return ROW + MORE * len(self._found) if key == self.current else ROW

    def empty_line(self) -> str:
        return tr("没有待研判的线索")

    def aside(self) -> list[Piece]:
        held = [one.state for one in self.picture.clues.values()]
        told = tr("待研判 {n}　已认领 {m}", n=held.count(NEW), m=held.count(TAKEN))
        return [(told, Ink("label", "t2"))]

    # Acts.

    def choose(self, key: str) -> None:
        self._said, self._found = "", ()
        super().choose(key)
        clue = self.picture.clues.get(key)
        if clue is not None and clue.event:
            self.chosen.emit(Subject(Event, clue.event))
        elif clue is not None:
            self._looked = key
            self.ask(partial(_alike, clue=clue), partial(self._take, key))
        self._offer()

    def add(self) -> None:
        """记线索: what somebody noticed, in a line or two."""
        towns = {a.id: text.plain(a.name, 40) for a in self.picture.areas.values()
                 if a.level == TOWN}  # fmt: skip
        source = choice(_named("event_source"))
        source.setCurrentIndex(max(0, source.findData(OWN_SOURCE)))
        fields: dict[str, tuple[str, Field]] = {
            "title": (named("field", "title"), line()), "body": (tr("内容"), line("", 1000)),
            "source": (named("field", "source"), source),
            "area": (named("field", "area"), choice({"": tr("未定"), **towns})),
        }  # fmt: skip
        self._show(
            tr("记线索"), "记入", fields,
            lambda told: self.do(clues.add_clue, self._done, tip=Tip(**told)),
        )  # fmt: skip

    def take(self) -> None:
        if (clue := self._able(TAKE)) is not None:
            self.do(clues.take_clue, self._done, clue=clue.id)

    def turn(self) -> None:
        """The form of an event, with what the clue says in it."""
        if (clue := self._able(TURN)) is not None:
            form = RegisterSheet(self.context, self.window(), self._turned, None, clue)
            self.context.over(form)

    def join(self) -> None:
        """Into one of the likest, or into one whose number is typed."""
        if (clue := self._able(JOIN)) is None:
            return
        alike = {view.event.id: same_matter.title(view) for _, view in self._found}
        fields: dict[str, tuple[str, Field]] = {
            "event": (tr("疑似重复"), choice({**alike, "": tr("按编号")})),
            "number": (tr("编号"), line("", 40)),
        }  # fmt: skip
        self._show(tr("并入：{title}", title=text.plain(clue.title, 40)), "并入", fields,
                   partial(self._join, clue.id))  # fmt: skip

    def put_aside(self) -> None:
        if (clue := self._able(PUT)) is not None:
            fields: dict[str, tuple[str, Field]] = {"reason": (named("field", "reason"), line())}
            self._show(
                tr("搁置：{title}", title=text.plain(clue.title, 40)), "搁置", fields,
                lambda told: self.do(clues.put_clue_aside, self._done, clue=clue.id, **told),
            )  # fmt: skip

    def bring_back(self) -> None:
        if (clue := self._able(BACK)) is not None:
            self.do(clues.bring_clue_back, self._done, clue=clue.id)

    def _join(self, clue: str, told: dict[str, Any]) -> Any:
        event, number = told["event"] or "", told["number"].upper()
        if number:
            views = self.picture.events.values()
            event = next((v.event.id for v in views if v.number.upper() == number), number)
        return self.do(clues.join_clue, self._done, clue=clue, event=event)

    def _able(self, key: str) -> Clue | None:
        """The chosen clue, where the act of a key can be done to it; else it says why not."""
        clue = self.picture.clues.get(self.current)
        if clue is None or clue.state not in STEPS[TO[key]]:
            self.refused(tr("先选一条线索") if clue is None else tr("此状态下不能办"))
        elif why := self.barred(ACTS[key], About((clue.area,), reason=True)):
            self.refused(why)
        else:
            return clue
        return None

    def _turned(self, event: Subject) -> None:
        self._done(None)
        self.chosen.emit(event)

    def _done(self, done: Any) -> None:
        self._found = ()
        super()._done(done)

    def _take(self, key: str, found: Pairs) -> None:
        if key != self._looked:
            return
        self._found = found
        if found and key == self.current:
            self.chosen.emit(Subject(Event, found[0][1].event.id))
        self.update()

    def _acts(self) -> list[Command]:
        return [
            Command(TAKE, "认领", self.take), Command(TURN, "转事件", self.turn),
            Command(JOIN, "并入", self.join), Command(PUT, "搁置", self.put_aside),
            Command(BACK, "取回", self.bring_back), Command(ADD, "记线索", self.add),
        ]  # fmt: skip

    def _offer(self) -> None:
        clue, why = self.picture.clues.get(self.current), dict[str, str]()
        if clue is not None:
            it = About((clue.area,), reason=True)
            able = (key for key, to in TO.items() if clue.state in STEPS[to])
            why = {key: self.barred(ACTS[key], it) for key in able}
        why[ADD] = self.barred(clues.add_clue, About())
        self._allow(why)

    def _show(
        self, title: str, act: str, fields: dict[str, tuple[str, Field]],
        done: Callable[[dict[str, Any]], Any],
    ) -> None:  # fmt: skip
        made = Sheet(self.look, title, act, fields, self.window())
        self.context.over(made.then(done))

    # Drawing.

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        clue = self.picture.clues.get(key)
        if clue is None:
            return
        base, waits = box.top() + 25, clue.state in WAITING
        since = age.since(self.picture.now, clue.told_at)
        edge = paper.width - 8 - paper.length(since, Ink("age")) - 16
        paper.write(paper.width - 8, base, since, Ink("age"), RIGHT)
        paper.write(12, base, named("clue_state", clue.state), Ink("label", "t1", waits),
                    room=STATE - 8)  # fmt: skip
        title = Ink("body", "t1" if waits else "t2", clue.state == NEW)
        room = edge - STATE - 12
        if self.picture.hides(clue.event):  # it became one of a restricted class
            clue = restricted.bare(clue, self.picture.title_of_hidden(clue.event))
        paper.write(STATE + 12, base, text.plain(clue.title), title, room=room)
        paper.write(STATE + 12, base + 21, self._about(clue), Ink("age", "t2"), room=room)
        if key == self.current:
            for i, (repeat, view) in enumerate(self._found, 1):
                told = "　".join((tr("疑似重复"), same_matter.title(view),
                                  same_matter.reasons(self.picture, repeat, view)))  # fmt: skip
                paper.write(STATE + 12, base + 21 + MORE * i, told, Ink("age", "t1"), room=room)

    def _about(self, clue: Clue) -> str:
        """Where it comes from, who has it, what became of it."""
        who = " ".join(filter(None, (named("post", clue.post, "full"), text.person(clue.by))))
        told = [named("event_source", clue.source), words.place(self.picture, clue.area)]
        if clue.state != NEW:
            told.append(f"{who} {age.stamp(self.picture.now, clue.changed_at)}")
        view = self.picture.events.get(clue.event)
        told += [tr("事件 {number}", number=view.number) if view is not None else "",
                 text.plain(clue.reason or clue.body, 80)]  # fmt: skip
        return "　".join(filter(None, told))


def _alike(reader: Reader, clue: Clue) -> list[tuple[repeats.Repeat, EventView]]:
    """Open events that may be of the same matter, the likest first."""
    near = repeats.around(reader, clues.as_event(clue))
    others = {(r.later if r.first == "" else r.first): r for r in near}
    views = events.views(reader, list(others))
    return [(others[key], view) for key, view in views.items() if view.open][:SHOWN]


def _named(name: str) -> dict[str, str]:
    return {key: named(name, key) for key in rows(name)}
