"""受理参考: what helps to take the chosen event in. Class and department by its words, as the rows
of the pool teach it, and reports that may be of the same matter. Nothing is set by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QMouseEvent

from commandwall import codes, event_acts, events, repeats
from commandwall.clock import Ms, day
from commandwall.event_flow import allows
from commandwall.events import ACCEPTED, NEW, Event, EventView
from commandwall.picture import Changes, Picture, Tick
from commandwall.repeats import Repeat
from commandwall.store.store import Reader
from commandwall.suggesting import Guess, Kept, Model
from widgets import age, answer_card, public_words, same_matter
from widgets.acts import ActBar
from widgets.base import EMPTY, LOADING, NORMAL, Command, Panel, Piece, Subject
from widgets.event_steps import about, hindrance
from widgets.fields import choice
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.sheet import Sheet
from widgets.text import plain

CLASS, UNIT, SAME = "C", "G", "M"
ACTS: Mapping[str, Callable[..., None]] = {"cls": event_acts.classify, "unit": events.dispatch}
ACTIONS = {"cls": "classify", "unit": "dispatch"}
"""Question -> the action that takes its answer."""
LABEL, LINE, ROW, BAR = 96.0, 26.0, 42.0, 44.0
SHOWN = 3
"""Guesses and repeats that are offered."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of an event."""

    view: EventView
    model: Model | None
    guesses: Mapping[str, Sequence[Guess]]
    repeats: Sequence[tuple[Repeat, EventView]]


def read(reader: Reader, kept: Kept, key: str) -> Found:
    """What there is to say of an event. Takes a tenth of a second."""
    return of_view(reader, kept, events.view(reader, key))


def of_view(reader: Reader, kept: Kept, view: EventView) -> Found:
    """The same of an event that need not be anywhere yet."""
    key, model = view.event.id, kept.newest()
    guesses = {q: _guesses(model, q, view) for q in ACTIONS if allows(ACTIONS[q], view.state)}
    near = repeats.around(reader, view.event) if view.open else []
    others = {r: r.later if r.first == key else r.first for r in near[: 4 * SHOWN]}
    views = events.views(reader, list(others.values()))
    told = [(r, views[other]) for r, other in others.items() if _counts(views.get(other))]
    return Found(view, model, guesses, told[:SHOWN])


def in_words(found: Found, picture: Picture) -> str:
    """What was found, in lines: for a matter that is about to be registered."""
    told = []
    if guesses := found.guesses.get("cls"):
        sure = _sure(guesses[0], picture.now)
        told.append("　".join((tr("建议分类"), tr("有把握") if sure else tr("把握不大"),
                              _listed("cls", guesses[: 1 if sure else SHOWN]))))  # fmt: skip
    for repeat, view in found.repeats:
        state, why = named("event_state", view.state), same_matter.reasons(picture, repeat, view)
        told += ["　".join((tr("疑似重复"), same_matter.title(view), state)), why]
        told += [tr("可告知来电人：{words}", words=public_words.told(view, picture))]
    return "\n".join(told)


def _guesses(model: Model | None, question: str, view: EventView) -> list[Guess]:
    return model.of_event(question, view.event) if model is not None else []


def _counts(view: EventView | None) -> bool:
    """What was merged, or was never a matter, is no repeat of anything."""
    return view is not None and (view.open or view.state in ("CLOSED", "ARCHIVED"))


class Intake(Panel):
    """Follows the chosen event. What it says is worked out beside the screen's thread."""

    id, title = "intake", "受理参考"
    shows = frozenset({Event, Tick})
    recalls = False
    quiet = True
    entry = SAME

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._kept = Kept(self.desk.folder)
        self._key, self._said = "", ""
        self._found: Found | None = None
        self._bar = ActBar(self._acts(), self, spare=True)
        self._bar.hide()

    def open(self, subject: Subject) -> None:
        if subject.kind is Event:
            self._key, self._said, self._found = subject.id, "", None
            self._look()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if Event in changes.kinds and self._key and self._touched(changes):
            self._look()
        self._tell_state()

    def commands(self) -> list[Command]:
        return [Command(c.key, tr(c.name), c.run) for c in self._acts()]

    def refused(self, why: str) -> None:
        self._said = why
        self._tell_state()

    # Acts.

    def take_class(self) -> None:
        """Set the suggested class; where it is unsure, one of three."""
        self._take("cls", tr("分类"))

    def take_unit(self) -> None:
        """Dispatch it to the suggested unit; where that is unsure, to one of three."""
        self._take("unit", tr("承办单位"))

    def compare(self, other: str = "") -> None:
        """Show it beside a repeat, to be merged or left."""
        found = self._found
        if found is None or not found.repeats:
            self.refused(tr("没有疑似重复件"))
            return
        done = self._done(found.view.event.id)
        self.context.over(same_matter.sheet(self, found.view, found.repeats, other, done))

    def _take(self, question: str, label: str) -> None:
        found = self._found
        guesses = self._offered(question)
        if found is None or not guesses:
            self.refused(tr("没有建议"))
        elif why := self._barred(question):
            self.refused(why)
        elif _sure(guesses[0], self.picture.now):
            self._do(question, guesses[0].key, self._key)
        else:
            shown = {g.key: f"{_name(question, g.key)}　{_percent(g)}" for g in guesses}
            act = {"cls": "改分类", "unit": "派单"}[question]
            title = tr("把握不大，请选一项")
            asked = Sheet(self.look, title, act, {"key": (label, choice(shown))}, self.window())
            key = found.view.event.id
            self.context.over(asked.then(lambda told: self._do(question, told["key"], key)))

    def _do(self, question: str, answer: str, key: str) -> Any:
        given: dict[str, Any] = {question: answer}
        return self.do(ACTS[question], self._done(key), event=key, **given)

    def _done(self, key: str) -> Callable[[Any], None]:
        """It is on disk: say so, and look again, unless another event was opened since."""

        def then(_: object) -> None:
            if key == self._key:
                self._said = tr("已存盘 {time}", time=age.seconds(self.picture.now))
                self._look()

        return then

    def _acts(self) -> list[Command]:
        return [
            Command(CLASS, "采用分类", self.take_class),
            Command(UNIT, "按建议派单", self.take_unit),
            Command(SAME, "对照并单", self.compare),
        ]

    # What comes back.

    def _look(self) -> None:
        key, kept = self._key, self._kept
        if self.context.past is None:
            self.ask(lambda reader: read(reader, kept, key), self._show)
        self._tell_state()

    def _show(self, found: Found) -> None:
        if found.view.event.id != self._key:
            return  # another one was chosen meanwhile
        self._found, self.at = found, self.picture.now
        self._tell_state()
        self.update()

    def _tell_state(self) -> None:
        if not self._key:
            self.say(EMPTY, tr("选一条事件：这里有分类和单位建议，以及疑似重复件"))
        elif self._found is None:
            self.say(LOADING, self._said or tr("正在比对"))
        else:
            self.say(NORMAL)
            self._offer()
        self._bar.setVisible(self._found is not None)

    def _offer(self) -> None:
        assert self._found is not None
        can = {CLASS: bool(self._offered("cls")), UNIT: bool(self._offered("unit")),
               SAME: bool(self._found.repeats)}  # fmt: skip
        why = {CLASS: self._barred("cls"), UNIT: self._barred("unit")}
        barred = {key: told for key, told in why.items() if told and can[key]}
        self._bar.allow([key for key, yes in can.items() if yes and key not in barred], barred)

    def _barred(self, question: str) -> str:
        assert self._found is not None
        view = self._found.view
        return hindrance(self, view, ACTIONS[question], about(self, view))

    def _offered(self, question: str) -> Sequence[Guess]:
        """Guesses that say something new: none where the surest one holds already."""
        found = self._found
        guesses = found.guesses.get(question, ()) if found is not None else ()
        return guesses if guesses and guesses[0].key != self._held(question) else ()

    def _held(self, question: str) -> str:
        assert self._found is not None
        view = self._found.view
        return view.cls if question == "cls" else view.unit

    @property
    def _repeats(self) -> Sequence[tuple[Repeat, EventView]]:
        return self._found.repeats if self._found is not None else ()

    def _touched(self, changes: Changes) -> bool:
        """Whether the event, or one of its repeats, is among what changed."""
        here = {self._key, *(view.event.id for _, view in self._repeats)}
        return bool(here.intersection(changes.records.get(Event, here)))

    # Drawing.

    def wear(self) -> None:
        super().wear()
        self._bar.wear()

    def place(self) -> None:
        tall = self.look.px(BAR)
        self._bar.setGeometry(0, self.height() - tall, self.width(), tall)

    def aside(self) -> list[Piece]:
        if self._said:
            return [(self._said, Ink("age", "t1", True))]
        model = self._found.model if self._found is not None else None
        best = next(iter(model.learned.values()), None) if model is not None else None
        if model is None or best is None:
            return []
        told = tr("学自 {n} 件　{at}　试测首选对 {share} %", n=age.number(best.rows),
                  at=age.stamp(self.picture.now, model.at),
                  share=round(100 * best.score.first))  # fmt: skip
        return [(told, Ink("age", "t2"))]

    def draw(self, paper: Paper) -> None:
        if self._found is None:
            return
        y = self._draw_guesses(paper, self._draw_card(paper, self.top + 18))
        if not self._found.repeats:
            paper.write(0, y, tr("没有疑似重复件"), Ink("label", "t3"))
        for box, (repeat, view) in zip(self._boxes(), self._found.repeats, strict=False):
            self._draw_repeat(paper, box, repeat, view)

    def _draw_card(self, paper: Paper, y: float) -> float:
        """What to ask, of a call that is being taken; the whole card is a panel of its own."""
        if (ask := self._ask()) is None:
            return y
        label, words = ask
        paper.write(0, y, label, Ink("label", "t3"), room=LABEL - 8)
        paper.write(LABEL, y, words, Ink("label", "t1"), room=paper.width - LABEL)
        return y + LINE

    def _ask(self) -> answer_card.Part | None:
        view = self._found.view if self._found is not None else None
        if view is None or view.state not in (NEW, ACCEPTED):
            return None
        wanted = tr("先问")
        return next((part for part in answer_card.parts(view.cls, view) if part[0] == wanted), None)

    def _draw_guesses(self, paper: Paper, y: float) -> float:
        assert self._found is not None
        if self._found.model is None:
            return self._line(paper, y, tr("还没有学到建议：等中心池的历史件够数"))
        told = [q for q in ACTIONS if self._offered(q)]
        for question in told:
            self._draw_guess(paper, y, question)
            y += LINE
        if told:
            return y
        known = any(self._found.guesses.values())
        return self._line(paper, y, tr("分类与单位同历史一致") if known else tr("没有建议"))

    def _line(self, paper: Paper, y: float, words: str) -> float:
        paper.write(0, y, words, Ink("label", "t3"), room=paper.width)
        return y + LINE

    def _draw_guess(self, paper: Paper, y: float, question: str) -> None:
        """建议分类　噪声扰民 82 %　有把握　现为 其他."""
        guesses = self._offered(question)
        label = {"cls": tr("建议分类"), "unit": tr("建议单位")}[question]
        paper.write(0, y, label, Ink("label", "t3"), room=LABEL - 8)
        if not _sure(guesses[0], self.picture.now):
            told = _listed(question, guesses)
            x = paper.write(LABEL, y, tr("把握不大"), Ink("label", "t2")) + 12
            paper.write(x, y, told, Ink("body", "t1"), room=paper.width - x)
            return
        first = guesses[0]
        x = paper.write(LABEL, y, _name(question, first.key), Ink("body", "t1", True)) + 10
        x = paper.write(x, y, _percent(first), Ink("body", "t1")) + 12
        x = paper.write(x, y, tr("有把握"), Ink("label", "t2")) + 16
        if held := self._held(question):
            now = tr("现为 {what}", what=_name(question, held))
            paper.write(x, y, now, Ink("label", "t3"), room=paper.width - x)

    def _boxes(self) -> list[QRectF]:
        """The places of the repeats: over the buttons, as many as there is room for."""
        lines = max(1, sum(bool(self._offered(q)) for q in ACTIONS))
        lines += self._ask() is not None
        y, wide = self.top + 18 + lines * LINE - 16, self.width() / self.look.unit
        end = self.height() / self.look.unit - BAR - 6
        room = max(0, min(SHOWN, int((end - y) // ROW)))
        return [QRectF(0, y + i * ROW, wide, ROW) for i in range(room)]

    def _draw_repeat(self, paper: Paper, box: QRectF, repeat: Repeat, view: EventView) -> None:
        paper.line(0, box.top(), box.right(), box.top())
        base, state = box.top() + 18, named("event_state", view.state)
        edge = paper.width - paper.length(state, Ink("label")) - 12
        paper.write(paper.width, base, state, Ink("label"), RIGHT)
        label = tr("疑似重复")
        paper.write(0, base, label, Ink("label", "t3"), room=LABEL - 8)
        paper.write(LABEL, base, plain(view.event.headline), Ink("label", "t1"), room=edge - LABEL)
        why = same_matter.reasons(self.picture, repeat, view)
        paper.write(LABEL, base + 18, why, Ink("age", "t2"), room=paper.width - LABEL)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        y = event.position().y() / self.look.unit
        for box, (_, view) in zip(self._boxes(), self._repeats, strict=False):
            if box.top() <= y < box.bottom():
                self.compare(view.event.id)


def _sure(guess: Guess, now: Ms) -> bool:
    return guess.certainty >= codes.limit("suggest_sure", day(now))


def _listed(question: str, guesses: Sequence[Guess]) -> str:
    return tr("、").join(f"{_name(question, g.key)} {_percent(g)}" for g in guesses)


def _percent(guess: Guess) -> str:
    return f"{round(100 * guess.certainty)} %"


def _name(question: str, key: str) -> str:
    return named("event_class", key) if question == "cls" else plain(key, 40)
