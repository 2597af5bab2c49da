"""岗位: the roster in its three layers, each post with its holder, since when, and what it owes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from commandwall import handover, rota
from commandwall.clock import MINUTE, Ms
from commandwall.codes import Code
from commandwall.countersign import Countersign
from commandwall.directives import Directive
from commandwall.handover import Handover
from commandwall.owed import Debt, listed
from commandwall.people import Duty, Held, Officer
from commandwall.picture import Changes, Picture, SyncState, Tick
from commandwall.posts import Section, first_post, roster
from commandwall.requests import Request
from commandwall.rota import DutyTurn
from widgets import age, duty_line, hall, handing, instructing, roll_call
from widgets.base import Command, Panel, Piece
from widgets.fields import Field, words
from widgets.i18n import language, named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.seat import guarded, holding
from widgets.sheet import Sheet
from widgets.text import person

COLUMN, GAP, LEAST, MOST = 300.0, 32.0, 44.0, 64.0
"""The narrowest column, the room between two, the least and the greatest height of a row."""
HEAD = 0.9
"""Height of the name of a section, in rows."""
FOOT = 124.0
"""Room for all that is known of the chosen post."""
TWO_LINES = 40.0


class Roster(Panel):
    """Centre, sections, posts. Every post stays at its place: it is found without reading."""

    id, title, pooled, piecewise = "roster", "岗位", False, True
    shows = frozenset({Duty, Officer, Handover, Directive, Request, Countersign, Tick, SyncState})

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._held: Mapping[str, Sequence[Held]] = {}
        self._debts: Mapping[str, Sequence[Debt]] = {}
        self.current = self._said = ""
        self._hall = False
        self._duty, self._duty_at = list[DutyTurn](), Ms(0)

    def refresh(self, picture: Picture, changes: Changes) -> None:
        self._held = holding(self.desk, picture)
        debts: dict[str, list[Debt]] = defaultdict(list)
        signed = picture.countersigns.values()
        for debt in listed(picture.directives.values(), picture.requests.values(), signed):
            debts[debt.post].append(debt)
        self._debts = debts
        if abs(picture.now - self._duty_at) >= MINUTE:
            self._duty_at = now = picture.now
            self.ask(lambda reader: rota.on_duty(reader, now), self._take_duty)

    def _take_duty(self, turns: list[DutyTurn]) -> None:
        self._duty = turns
        self.update()

    def heading(self) -> str:
        found = roster()
        return f"{found.code.facts[f'centre_{language()}']}　{found.code.name(language())}"

    def aside(self) -> list[Piece]:
        """How many posts of the command pair there are, and how many nobody holds."""
        pair = [post.id for post in roster().posts() if post.facts["side"]]
        vacant = sum(self._vacant(post) for post in pair)
        faults = len(roster().faults)
        pieces: list[Piece] = [
            (tr("代码表有误 {n} 处，见 commandwall doctor", n=faults), Ink("age", "t1")),
            (tr("{n} 岗", n=len(pair)), Ink("label", "t2")),
            (tr("空缺 {n}", n=vacant), Ink("label", "t1" if vacant else "t4", bool(vacant))),
        ]
        known = pieces if guarded(self.picture) else [
            *pieces[:2], (tr("未登记人员，空缺与否未知"), Ink("label"))
        ]  # fmt: skip
        return known if faults else known[1:]

    def commands(self) -> list[Command]:
        return [
            Command("J", tr("下一岗"), lambda: self._step(1)),
            Command("K", tr("上一岗"), lambda: self._step(-1)),
            Command("N", tr("下一空缺"), self._next_vacant),
            Command("T", tr("就此岗"), self.take),
            Command("R", tr("接岗"), self.relieve),
            Command("X", tr("中止交接"), self.break_off),
            Command("V", tr("席位图、岗位表"), self.turn),
            Command("P", tr("印交接单"), self.print_sheet),
            Command("C", tr("点名"), lambda: roll_call.begin(self)),
            Command("S", tr("立常备要求"), lambda: instructing.give(self, self._choice())),
            Command("Q", tr("撤销常备要求"), lambda: instructing.take_back(self, self._choice())),
        ]

    def take(self) -> None:
        """The sheet in which somebody takes the chosen post."""
        self.context.sit(self._choice())

    def relieve(self) -> None:
        """The sheet in which the relief of the chosen post reads back."""
        offer = self._offer(self._choice())
        if offer is None:
            self._said = tr("尚未交岗：由任岗人按 Ctrl H")
            self.update()
        else:
            handing.ask_relief(self.context, self.window(), offer)

    def break_off(self) -> None:
        """Ask why the hand-over of the chosen post is broken off."""
        offer = self._offer(self._choice())
        if offer is not None:
            title = tr("中止交接　{post}", post=named("post", offer.seat, "full"))
            fields: dict[str, tuple[str, Field]] = {"reason": (tr("原因"), words())}
            sheet = Sheet(self.look, title, "中止", fields, self.window())
            key = offer.id
            self.context.over(sheet.then(
                lambda told: self.do(handover.break_off, handover=key, reason=told["reason"])
            ))  # fmt: skip

    def turn(self) -> None:
        """The posts where they sit in the hall, or in their sections."""
        self._hall = not self._hall
        self.update()

    def print_sheet(self) -> None:
        """The hand-over sheet of the chosen post on paper, with room for two to sign."""
        post = self._choice()
        handing.ask_paper(self.context, self.window(), post, self._offer(post))

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    def _offer(self, post: str) -> Handover | None:
        return handover.standing(self.picture.handovers.values(), post)

    # Drawing.

    def draw(self, paper: Paper) -> None:
        if self._hall:
            hall.draw(paper, self.top)
        for code, box, post in self._places(paper.width, paper.height):
            if self._hall:
                hall.desk(paper, box)
            if post:
                self._draw_post(paper, code, box)
            else:
                self._draw_head(paper, code, box)
        self._draw_chosen(paper)

    def _draw_head(self, paper: Paper, code: Code, box: QRectF) -> None:
        base = box.bottom() - 12
        paper.write(box.x(), base, code.name(language()), Ink("heading"), room=box.width() - 90)
        section = next(s for s in roster().sections if s.code is code)
        vacant = sum(self._vacant(post.id) for post in section.posts)
        told = tr("空缺 {n} / {all}", n=vacant, all=len(section.posts)) if vacant else ""
        paper.write(box.right(), base, told or tr("{n} 岗", n=len(section.posts)),
                    Ink("age", "t1" if vacant else ""), RIGHT)  # fmt: skip
        paper.line(box.x(), box.bottom() - 2, box.right(), box.bottom() - 2)

    def _draw_post(self, paper: Paper, code: Code, box: QRectF) -> None:
        held, mine = self._held.get(code.id, ()), code.id == self.desk.post
        if code.id == self._choice():
            paper.fill(box.adjusted(-8, 1, 8, -1), "r", 4)
            if self.hasFocus():
                paper.frame(box.adjusted(-7, 2, 7, -2), "t1")
        vacant, two = self._vacant(code.id), box.height() >= TWO_LINES
        base = box.center().y() + (-1 if two else 7)
        self._draw_mark(paper, box.x() + 8, base - 7, bool(held), vacant)
        who = tr("空缺") if vacant else tr("、").join(_name(h) for h in held[:2]) or age.UNKNOWN
        loud = Ink("body", "t1", vacant or mine) if held or vacant else Ink("body", "t3")
        start = paper.write(box.right(), base, who, loud, RIGHT) - paper.length(who, loud)
        name = named("post", code.id, "full")
        ink = Ink("body", "t1" if mine or vacant else "t2", mine)
        paper.write(box.x() + 24, base, name, ink, room=start - box.x() - 36)
        if two:
            self._draw_second(paper, code.id, box, base + 20)

    def _draw_second(self, paper: Paper, post: str, box: QRectF, base: float) -> None:
        debts, now = self._debts.get(post, ()), self.picture.now
        told = self._since(post)
        late = sum(debt.due < now for debt in debts)
        owes = tr("欠 {n}", n=len(debts)) if debts else ""
        owes += tr("　超时 {n}", n=late) if late else ""
        paper.write(box.right(), base, owes, Ink("age", "t1", bool(late)), RIGHT)
        room = box.width() - 36 - paper.length(owes, Ink("age", "t1", bool(late)))
        paper.write(box.x() + 24, base, told, Ink("age"), room=room)

    def _since(self, post: str) -> str:
        """自 08:02, 本台; by whom the duty of a vacant one is done."""
        held = self._held.get(post, ())
        if self._vacant(post):
            return tr("由 {post} 代", post=named("post", self._falls_to(post)))
        parts = [
            tr("自 {at}", at=age.stamp(self.picture.now, h.since)) for h in held[:1] if h.since
        ]
        parts += [tr("本台")] if post == self.desk.post else []
        parts += [tr("待接岗")] if self._offer(post) else []
        parts += [tr("另 {n} 人", n=len(held) - 2)] if len(held) > 2 else []
        return "　".join(parts)

    def _draw_mark(self, paper: Paper, x: float, y: float, held: bool, vacant: bool) -> None:
        """A full disc: held; an empty one: vacant; none where nobody knows."""
        if held or vacant:
            paper.disc(x, y, 6, "t1" if vacant else "t3", "bg" if vacant else "t3")

    def _draw_chosen(self, paper: Paper) -> None:
        post = self._choice()
        if not post:
            return
        top = paper.height - FOOT + 12
        paper.line(0, top, paper.width, top)
        paper.write(0, top + 30, named("post", post, "full"), Ink("item"), room=paper.width * 0.4)
        paper.write(paper.width, top + 30, self._said or self._handing(post), Ink("body", "t1"),
                    RIGHT)  # fmt: skip
        duty = duty_line.told(self._duty, self.picture.now) or tr(
            "尚无，用 commandwall rota 文件 读入"
        )
        paper.write(0, top + 94, tr("值班表　{who}", who=duty), Ink("age"), room=paper.width)
        x = 0.0
        for name, told in self._facts(post):
            x = paper.write(x, top + 64, name, Ink("age")) + 8
            x = paper.write(x, top + 64, told, Ink("label", "t1"), room=paper.width - x) + 28

    def _handing(self, post: str) -> str:
        offer = self._offer(post)
        if offer is None:
            return ""
        return tr("{who} {at} 交岗，待接岗，按 R", who=person(offer.giver) or age.UNKNOWN,
                  at=age.clock(offer.offered_at))  # fmt: skip

    def _facts(self, post: str) -> list[tuple[str, str]]:
        section = self._section(post)
        held, now = self._held.get(post, ()), self.picture.now
        debts = sorted(self._debts.get(post, ()), key=lambda debt: debt.due)
        who = tr("、").join(
            " ".join(filter(None, (_name(h), age.stamp(now, h.since) if h.since else "")))
            for h in held
        )
        vacant = tr("空缺，由 {post} 代", post=named("post", self._falls_to(post), "full"))
        first = age.left(now, debts[0].due) if debts else ""
        owes = tr("{n} 条，最早{left}", n=len(debts), left=first) if debts else tr("不欠答复")
        return [
            (tr("板块"), section.code.name(language()) if section else age.UNKNOWN),
            (tr("任岗"), vacant if self._vacant(post) else who or age.UNKNOWN),
            (tr("答复"), owes),
        ]

    # Places.

    def _places(self, width: float, height: float) -> list[tuple[Code, QRectF, bool]]:
        """What stands where: the name of a section (False), or a post (True)."""
        if self._hall:
            return [(c, box, True) for c, box in hall.places(width, self.top, height - FOOT)]
        columns, tall = self._columns(width, height)
        wide = min((width - GAP * (len(columns) - 1)) / len(columns), 2 * COLUMN)
        found = []
        for i, sections in enumerate(columns):
            x, y = i * (wide + GAP), self.top
            for section in sections:
                found.append((section.code, QRectF(x, y, wide, HEAD * tall), False))
                y += HEAD * tall
                for post in section.posts:
                    found.append((post, QRectF(x, y, wide, tall), True))
                    y += tall
        return found

    def _columns(self, width: float, height: float) -> tuple[list[list[Section]], float]:
        """The sections in as few columns as leave rows of a good height, and that height."""
        sections, room = roster().sections, height - self.top - FOOT
        most = max(1, min(len(sections), int((width + GAP) // (COLUMN + GAP))))
        for n in range(1, most + 1):
            columns = _parted(sections, n)
            tall = room / max(_units(column) for column in columns)
            if tall >= MOST * 0.85 or n == most:
                return columns, max(LEAST, min(MOST, tall))
        raise AssertionError("there is a last column")

    # Hand.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        key = Qt.Key(event.key())
        if key in steps:
            self._step(steps[key])
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Left):
            self._beside(1 if key == Qt.Key.Key_Right else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.take()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position() / self.look.unit
        unit = self.look.unit
        for code, box, post in self._places(self.width() / unit, self.height() / unit):
            if post and box.contains(at):
                self._choose(code.id)

    def _choice(self) -> str:
        posts = [post.id for post in roster().posts()]
        return next((p for p in (self.current, self.desk.post) if p in posts), "".join(posts[:1]))

    def _choose(self, post: str) -> None:
        self.current, self._said = post, ""
        self.update()

    def _step(self, by: int) -> None:
        posts = [post.id for post in roster().posts()]
        if posts:
            at = posts.index(self._choice()) + by
            self._choose(posts[min(max(at, 0), len(posts) - 1)])

    def _beside(self, by: int) -> None:
        """The post of the next column that stands nearest."""
        unit = self.look.unit
        places = [(c.id, b) for c, b, post in
                  self._places(self.width() / unit, self.height() / unit) if post]  # fmt: skip
        here = dict(places).get(self._choice(), places[0][1])
        rest = [(p, b) for p, b in places if (b.x() - here.x()) * by > 0]
        if rest:
            nearest = min(rest, key=lambda one: (abs(one[1].x() - here.x()),
                                                 abs(one[1].y() - here.y())))  # fmt: skip
            self._choose(nearest[0])

    def _next_vacant(self) -> None:
        posts = [post.id for post in roster().posts()]
        at = posts.index(self._choice()) + 1 if posts else 0
        found = next((p for p in (*posts[at:], *posts[:at]) if self._vacant(p)), "")
        if found:
            self._choose(found)

    def _vacant(self, post: str) -> bool:
        """Whether nobody holds a post of the command pair; unknown where nobody is enrolled."""
        return bool(guarded(self.picture) and self._falls_to(post) and not self._held.get(post))

    def _falls_to(self, post: str) -> str:
        """The first post of its side; "" for one beside the command pair."""
        section = self._section(post)
        return first_post(section.side) if section and section.side else ""

    def _section(self, post: str) -> Section | None:
        return next((s for s in roster().sections if post in {p.id for p in s.posts}), None)


def _name(held: Held) -> str:
    return person(held.name) or tr("有台")


def _units(sections: Sequence[Section]) -> float:
    """Height of a column in rows."""
    return sum(HEAD + len(section.posts) for section in sections)


def _parted(sections: Sequence[Section], n: int) -> list[list[Section]]:
    """Sections in their order in `n` columns at most, the tallest of which is as low as can be."""
    bound = max(_units([section]) for section in sections)
    while True:
        columns: list[list[Section]] = [[]]
        for section in sections:
            if columns[-1] and _units([*columns[-1], section]) > bound:
                columns.append([])
            columns[-1].append(section)
        if len(columns) <= n:
            return columns
        bound += 1 - HEAD
