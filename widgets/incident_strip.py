"""The incident strip: what, where, how bad, who is there, what is late; others as cards."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QMouseEvent

from commandwall import closing, forces, incidents, owed
from commandwall.clock import Ms
from commandwall.directives import Directive
from commandwall.dispatch import ACKED, Assignment, AssignmentStep
from commandwall.forces import Waiting
from commandwall.incidents import OPEN, CommandPost, GradeProposal, Incident, JoinedEvent, Levels
from commandwall.owed import Debt
from commandwall.picture import Changes, Picture, Tick
from commandwall.public_warnings import PublicWarning
from commandwall.reporting import Losses
from commandwall.requests import Request
from commandwall.sitreps import SituationReport
from widgets import age, at_scene, scenes, warning_words
from widgets.base import Command, Panel, Subject
from widgets.directives import debts_of, focus
from widgets.i18n import named, tr
from widgets.incident_acts import (
    about,
    ask_close,
    ask_part,
    ask_phase,
    ask_presence,
    ask_reopen,
    joined,
)
from widgets.on_task import out_for
from widgets.opening import GRADINGS, ask_levels, ask_opening, from_spot, level, proposal_line
from widgets.paper import RIGHT, Ink, Paper
from widgets.unit_voice import name_of

FIELD, TITLE_LEAST, LATE, GAP = 184.0, 400.0, 470.0, 24.0
"""Widths of a field, of the least title beside the fields, of what is late."""
APART = 1400.0
"""Where the fields begin at most: on an ultra-wide wall they stay in sight of the title."""
FIELDS = FIELD * (len(GRADINGS) + 1) + LATE
ACTS = (
    ("Shift+H", "指挥部报到", ask_presence, incidents.report_post),
    ("Shift+P", "转阶段", ask_phase, incidents.set_phase),
    ("Shift+J", "移出并入的事件", ask_part, incidents.part_event),
    ("Shift+X", "结束突发事件", ask_close, closing.close_incident),
)
"""Keys of what is asked about the incident in focus: name, sheet, act."""
CARD, CARDS = 44.0, 140.0
"""Height of a card of another incident, and where the cards begin."""
UNDER, LATER, LINE = 74.0, 86.0, 40.0
"""Where the fields begin that stand under the title; how far under them what is late stands where
the width is not enough for both; height of a line of what is known of the scene."""


class IncidentStrip(Panel):
    """The incident in focus. Several open ones are stepped through by `[` and `]`."""

    id = "incident_strip"
    title = "突发事件"
    shows = frozenset(
        {
            Incident,
            GradeProposal,
            PublicWarning,
            JoinedEvent,
            CommandPost,
            Directive,
            Request,
            SituationReport,
            Losses,
            Assignment,
            AssignmentStep,
            Tick,
        }
    )
    headed = False

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.chosen_incident, self._said = "", ""

    def open(self, subject: Subject) -> None:
        if subject.kind is Incident:
            self.chosen_incident = subject.id
            self.update()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        found = self.incident()
        self.at = found.opened_at if found else None

    def spare(self) -> float:
        """The row of cards, while there is no other incident."""
        return 0.0 if len(self.open_ones()) > 1 or not self._beside() else CARD

    def commands(self) -> list[Command]:
        return [
            Command("]", tr("下一个突发事件"), lambda: self.step(1)),
            Command("[", tr("上一个突发事件"), lambda: self.step(-1)),
            Command("L", tr("定位"), self.locate),
            Command("Shift+N", tr("新开突发事件"), self.open_by_hand),
            Command("Shift+G", tr("定级"), self.grade),
            *(Command(key, tr(name), partial(self.with_incident, ask, act))
              for key, name, ask, act in ACTS),
            Command("Shift+O", tr("重新启动突发事件"), partial(ask_reopen, self)),
        ]  # fmt: skip

    def incident(self) -> Incident | None:
        return self.picture.incidents.get(focus(self.picture, self.chosen_incident))

    def open_ones(self) -> list[Incident]:
        """All open incidents, the oldest first."""
        still = (i for i in self.picture.incidents.values() if i.state == OPEN)
        return sorted(still, key=lambda i: i.opened_at)

    def step(self, by: int) -> None:
        """Bring another open incident into focus on every panel of the page."""
        still, now = self.open_ones(), self.incident()
        if still and now is not None:
            at = (still.index(now) + by) % len(still)
            self.chosen.emit(Subject(Incident, still[at].id))

    def open_by_hand(self) -> None:
        """Open an incident at the place of the next click on the map."""
        if self.context.map is not None:
            self._said = tr("点地图取事发地点，Esc 放弃")
            self.context.map.aim(self._open_at)
            self.context.map.setFocus()  # so that Esc reaches it
            self.update()

    def _open_at(self, lon: float, lat: float) -> None:
        self._said = ""
        assert self.context.map is not None
        code = self.context.map.area_at(lon, lat)
        ask_opening(self, from_spot(lon, lat, code, self.picture))

    def grade(self) -> None:
        """Decide the three gradings anew; what the rules propose is shown beside."""
        self.with_incident(self._ask_levels, incidents.set_levels)

    def _ask_levels(self, _: Panel, found: Incident) -> None:
        ask_levels(self, found, lambda levels, reason: self._grade(found.id, levels, reason))

    def _grade(self, incident: str, levels: Levels, reason: str) -> Future[Any]:
        self._said = ""
        return self.do(incidents.set_levels, incident=incident, levels=levels, reason=reason)

    def locate(self) -> None:
        """Show the scene whole on the map."""
        found = self.incident()
        if found is not None and self.context.map is not None:
            scenes.show(self.context.map, self.picture, found)

    def with_incident(
        self, ask: Callable[[Panel, Incident], None], act: Callable[..., None]
    ) -> None:
        """Ask what an act on the incident in focus needs, or say why it is not for this post."""
        found = self.incident()
        if found is None:
            return
        self._said = self.barred(act, about(self.picture, found))
        if not self._said:
            ask(self, found)
        self.update()

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position() / self.look.unit
        for incident, box in self._cards(self.width() / self.look.unit):
            if box.contains(point):
                self.chosen.emit(Subject(Incident, incident.id))

    def draw(self, paper: Paper) -> None:
        found = self.incident()
        if found is None:
            paper.write(0, 40, tr("没有突发事件"), Ink("sentence", "t2"))
            line = tr("在事件卡或告警上按 E 转突发，按 Shift N 在图上新开；前后指一同开设")
            paper.write(0, 74, self._said or line, Ink("body", "t3"), room=paper.width)
            return
        beside, left = self._beside(), min(paper.width - FIELDS, APART)
        self._draw_title(paper, left - GAP if beside else paper.width, found)
        x, y = (left, 0.0) if beside else (0.0, UNDER)
        self._draw_fields(paper, x, y, found)
        if paper.width < FIELDS:
            x, y = x - FIELDS + LATE, y + LATER
        self._draw_late(paper, x + FIELDS - LATE, y, found)
        self._draw_scene(paper, y + (126 if beside else 102), found)
        if beside:
            self._draw_advice(paper, x, found)
            self._draw_cards(paper)

    def _draw_title(self, paper: Paper, room: float, found: Incident) -> None:
        beside = self._beside()
        paper.write(0, 40, found.title, Ink("sentence"), room=room)
        line, ink = self._said or self._line(found, beside), Ink("body", "t1" if self._said else "")
        paper.write(0, 76 if beside else 70, line, ink, room=room)

    def _beside(self) -> bool:
        """Whether the fields stand beside the title; else they stand under it."""
        return self.width() / self.look.unit - FIELDS >= TITLE_LEAST

    def _draw_fields(self, paper: Paper, x: float, y: float, found: Incident) -> None:
        for grading, name in GRADINGS.items():
            value = getattr(found, grading)
            label = self._label(grading, tr(name), found)
            paper.write(x, y + 22, label, Ink("label", "t3"), room=FIELD - 8)
            start = x
            if value:
                paper.mark(x + 14, y + 56, 26, (min(max(value, 1), 4), "ACKED"))
                start = x + 36
            ink = Ink("item") if value else Ink("item", "t2", False)
            paper.write(start, y + 64, level(grading, value), ink, room=x + FIELD - 8 - start)
            x += FIELD
        paper.write(x, y + 22, tr("事发至今"), Ink("label", "t3"), room=FIELD - 8)
        since = age.span(Ms(self.picture.now - found.opened_at))
        paper.write(x, y + 64, since, Ink("item", "t2", False), room=FIELD - 8)

    def _label(self, grading: str, name: str, found: Incident) -> str:
        """预警级别（已解除）: that the warning of an incident does not hold any more."""
        over = warning_words.over(self.picture, found) if grading == "warning" else ""
        return tr("{name}（{state}）", name=name, state=over) if over else name

    def _draw_scene(self, paper: Paper, y: float, found: Incident) -> None:
        """How bad it is and who is there, as large as the levels; what does not fit beside the
        others goes to the next line where there is one."""
        x, last = 0.0, paper.height - LINE
        for fact in at_scene.facts(self.picture, found):
            ink = Ink("item") if fact.known else Ink("item", "t2", False)
            told = age.since(self.picture.now, fact.at) if fact.at is not None else ""
            wide = paper.span(
                (fact.name, Ink("label")), (fact.words, ink), (told, Ink("age")), gap=12
            )
            if x and x + wide > paper.width and y < last and not self._beside():
                x, y = 0.0, y + LINE
            x = paper.write(x, y, fact.name, Ink("label"), room=paper.width - x) + 12
            room = paper.width - x - (paper.length(told, Ink("age")) + 12 if told else 0)
            x = paper.write(x, y, fact.words, ink, room=room)
            x = (paper.write(x + 12, y, told, Ink("age")) if told else x) + 40

    def _draw_advice(self, paper: Paper, x: float, found: Incident) -> None:
        advice = proposal_line(self.picture, found)
        paper.write(x, 90, advice, Ink("age", "t1"), room=FIELD * 3)

    def _draw_late(self, paper: Paper, x: float, y: float, found: Incident) -> None:
        """Who is late with what and by how much; else what is due next."""
        now, debts = self.picture.now, debts_of(self.picture, found.id)
        clocks = forces.clocks(out_for(self.picture, found))
        every: list[Debt | Waiting] = [*debts, *clocks]
        late = sum(one.due < now for one in every)
        told = self._counted(late, len(debts))
        paper.write(x, y + 22, told, Ink("label", "t1" if late else "t3", bool(late)))
        first: list[Debt | Waiting] = [*debts[:1], *clocks[:1]]
        worst = min(first, key=lambda one: one.due, default=None)
        if worst is None:
            paper.write(x, y + 64, tr("无欠答"), Ink("item", "t2", False))
            return
        colour = worst.lamp(now) if isinstance(worst, Waiting) else owed.lamp(worst, now)
        paper.lamp(x + 14, y + 56, 26, colour)
        left = age.left(now, worst.due)
        wide = paper.length(left, Ink("item"))
        who = unit_words(worst, self.picture) if isinstance(worst, Waiting) else _words(worst)
        stop = paper.write(x + 36, y + 64, who, Ink("item"), room=LATE - 36 - wide - 16)
        paper.write(stop + 16, y + 64, left, Ink("item"))

    def _counted(self, late: int, owed: int) -> str:
        """How many answers are late and how many are owed at all."""
        if late:
            return tr("超时 {late} 项　欠答 {n} 项", late=late, n=owed)
        return tr("欠答 {n} 项，最先到期", n=owed)

    def _draw_cards(self, paper: Paper) -> None:
        end = 0.0
        for incident, box in self._cards(paper.width):
            self._draw_card(paper, box, incident)
            end = box.right() + 16
        if 0 < end < paper.width - 160:
            paper.write(end, CARDS + 28, tr("按 ] 切换"), Ink("age"))

    def _cards(self, width: float) -> list[tuple[Incident, QRectF]]:
        """The open incidents that are not in focus, each with its place under the strip."""
        now = self.incident()
        others = [i for i in self.open_ones() if now is not None and i.id != now.id]
        least = width / max(1, int(width // 420))
        wide = max(least, width / max(1, len(others))) if len(others) < 4 else least
        wide = min(wide, 640.0)
        return [(incident, QRectF(n * wide, CARDS, wide - 12, CARD))
                for n, incident in enumerate(others) if (n + 1) * wide <= width + 1]  # fmt: skip

    def _draw_card(self, paper: Paper, box: QRectF, incident: Incident) -> None:
        debts = debts_of(self.picture, incident.id)
        paper.fill(box, "r", 4)
        base = box.center().y() + 7
        told = tr("无欠答")
        if debts:
            colour = owed.lamp(debts[0], self.picture.now)
            paper.lamp(box.x() + 22, box.center().y(), 20, colour)
            told = f"{_words(debts[0])} {age.left(self.picture.now, debts[0].due)}"
        paper.write(box.right() - 12, base, told, Ink("label", "t1" if debts else "t3"), RIGHT,
                    box.width() * 0.5)  # fmt: skip
        paper.write(box.x() + 42, base, incident.title, Ink("body", "t1"),
                    room=box.width() * 0.5 - 60)  # fmt: skip

    def _line(self, found: Incident, carded: bool) -> str:
        """Where, what kind, in which phase, since when; `carded`: the other incidents stand below
        as cards, and what the rules propose under the levels."""
        others = 0 if carded else len(self.open_ones()) - 1
        more = tr("另有 {n} 起，按 ] 切换", n=others) if others else ""
        kind = named("incident_kind", found.kind) if found.kind else ""
        phase = named("incident_phase", found.phase) if found.phase else ""
        also = len(joined(self.picture, found.id))
        merged = tr("并入 {n} 件", n=also) if also else ""
        opened = tr("{time} 起", time=age.clock(found.opened_at))
        advice = "" if carded else proposal_line(self.picture, found)
        warned = warning_words.of_incident(self.picture, found)
        parts = advice, warned, found.place, kind, phase, opened, merged, more
        return "　".join(filter(None, parts))


def _words(debt: Debt) -> str:
    """前指 欠接令: who owes what."""
    what = named("directive_limit", debt.step)
    return tr("{who} 欠{what}", who=named("post", debt.post), what=what)


def unit_words(waiting: Waiting, picture: Picture) -> str:
    """燃气 1 欠接令; 燃气 1 未到场: what a unit is waited for."""
    name = name_of(waiting.trip, picture)
    if waiting.step == ACKED:
        return tr("{unit} 欠接令", unit=name)
    return tr("{unit} 未到场", unit=name)


def frame(paper: Paper, box: QRectF, chosen: bool) -> None:
    """A tile: raised where it is the chosen one."""
    paper.fill(box, "r2" if chosen else "r", 4)
    if chosen:
        paper.frame(box.adjusted(1, 1, -1, -1), "t1")
