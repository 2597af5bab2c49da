"""应答卡 beside a call: what to ask and to say, who takes it, its limits, what is to be known."""

from __future__ import annotations

from typing import Any

from commandwall import deadlines, events
from commandwall.answer_cards import card_of, department
from commandwall.clock import day
from commandwall.codes import Code
from commandwall.events import Event, EventView
from commandwall.picture import Changes, Picture, Tick
from widgets.base import EMPTY, LOADING, NORMAL, Panel, Subject
from widgets.i18n import language, named, rows, tr
from widgets.paper import Ink, Paper

LABEL, GAP = 56.0, 12.0
MOST = 6
"""Lines of one part."""
AMOUNTS = {"s": "{n} 秒", "min": "{n} 分", "h": "{n} 时", "wd": "{n} 个工作日"}
Part = tuple[str, str]


def name(cls: str, view: EventView) -> str:
    """What the card is called; "" where the lists have none."""
    card = _card(cls, view)
    return card.name(language()) if card is not None else ""


def parts(cls: str, view: EventView) -> list[Part]:
    """(label, words), from what to ask to what it rests on. `cls`: the class that is shown, which
    need not be the event's yet."""
    card = _card(cls, view)
    if card is None:
        return []
    own = rows("event_class")
    unit = department(card, cls, day(view.event.reported_at))
    told = [
        (tr("先问"), _said(card, "ask")), (tr("回话"), _said(card, "say")),
        (tr("承办"), unit), (tr("时限"), limits(view)),
        (tr("知识"), _said(card, "note")), (tr("依据"), _said(card, "basis")),
    ]  # fmt: skip
    head = [(tr("分类"), named("event_class", cls))] if cls in own else []
    return [*head, *(part for part in told if part[1])]


def limits(view: EventView) -> str:
    """受理 15 分、派单 30 分、签收 2 时、处置反馈 3 个工作日."""
    told = [
        f"{row.name(language())} {tr(AMOUNTS[row.facts['unit']], n=row.facts['amount'])}"
        for row in deadlines.limits(view).values()
        if row.facts["unit"] in AMOUNTS
    ]
    return tr("、").join(told)


def draw(paper: Paper, x: float, y: float, wide: float, shown: list[Part]) -> float:
    """The parts, one under the other; the baseline of the last line."""
    end = paper.height - 16
    for label, words in shown:
        room = int((end - y) // paper.line_height("label"))
        if room < 1:
            break
        paper.write(x, y, label, Ink("label", "t3"), room=LABEL - 8)
        ink = Ink("label", "t1")
        y = paper.paragraph(x + LABEL, y, words, ink, wide - LABEL, min(MOST, room))
        y += paper.line_height("label") + GAP
    return y


def _card(cls: str, view: EventView) -> Code | None:
    return card_of(cls, day(view.event.reported_at))


def _said(card: Code, part: str) -> str:
    facts = card.facts
    return str(facts.get(f"{part}_{language()}") or facts.get(f"{part}_zh", ""))


class AnswerCard(Panel):
    """Follows the chosen event."""

    id, title = "answer_card", "应答卡"
    shows = frozenset({Event, Tick})
    quiet = True

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.view: EventView | None = None
        self._key = ""

    def open(self, subject: Subject) -> None:
        if subject.kind is Event:
            self._key, self.view = subject.id, None
            self._look()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if self._key and Event in changes.kinds:
            self._look()
        self._tell_state()

    def _look(self) -> None:
        key = self._key
        if (view := self.picture.events.get(key)) is not None:
            self._take(view)
        elif self.context.past is None:
            self.ask(lambda reader: events.view(reader, key), self._take)
        self._tell_state()

    def _take(self, view: EventView) -> None:
        if view.event.id == self._key:
            self.view = view
            self._tell_state()
            self.update()

    def _tell_state(self) -> None:
        if not self._key:
            self.say(EMPTY, tr("选一条事件：这里是它的应答卡"))
        elif self.view is None:
            self.say(LOADING, tr("正在取事件"))
        elif not parts(self.view.cls, self.view):
            self.say(EMPTY, tr("代码表 answer_card 没有适用的卡"))
        else:
            self.say(NORMAL)

    def draw(self, paper: Paper) -> None:
        if self.view is None:
            return
        cls = self.view.cls
        y = self.top + 22
        paper.write(0, y, name(cls, self.view), Ink("item", "t1", True), room=paper.width)
        draw(paper, 0, y + 34, paper.width, parts(cls, self.view))
