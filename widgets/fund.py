"""微基金: at which stage the open events stand, what each town has left of its fund, and the ledger
of this year's payments; what waits for a second person comes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import codes, funds, restricted, triage
from commandwall.areas import TOWN, Area
from commandwall.clock import SECOND, Ms, day
from commandwall.events import Event
from commandwall.funds import ASKED, PAID, Balance, Payment
from commandwall.ladders import Rise
from commandwall.picture import Changes, Picture, Tick
from commandwall.rights import About
from widgets import age, fund_sheets, text, words
from widgets.base import Command, Piece, Subject
from widgets.fund_sheets import money
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.worked import WorkedList

STAGES, TOWN_ROW, ROW, INDENT = 84.0, 48.0, 54.0, 28.0
BALANCE = 300.0
EVERY = 30 * SECOND
"""What is counted over the closed events is no older while it is looked at."""
OF_TOWN = "town/"
"""What the key of a town's row begins with."""
APPROVE, AGAINST, PAY = "S", "T", "P"


class Fund(WorkedList):
    """Payments that wait, then a row for each town; the chosen town shows its payments."""

    id, title = "fund", "微基金"
    kind = Payment
    shows = frozenset({Payment, Area, Event, Rise, Tick})
    head = STAGES

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._balances: dict[str, Balance] = {}
        self._ledger: dict[str, list[Payment]] = {}
        self._waits: list[str] = []
        self._stages: dict[str, int] = {}
        self._near, self._asked = (0, 0), Ms(0)
        self._year, self._opened = 0, ""

    # What there is.

    def refresh(self, picture: Picture, changes: Changes) -> None:
        anew = day(picture.now).year != self._year
        if changes.kinds & {Payment, Area} or not self._balances or anew:
            self._gather(picture)
            super().refresh(picture, changes)
        due = not 0 <= picture.now - self._asked < EVERY
        came = bool(picture.events) and not any(self._stages.values())
        if self.isVisible() and (due or came):
            self._count(picture)
        self._offer()

    def _gather(self, picture: Picture) -> None:
        now, payments = picture.now, list(picture.payments.values())
        self._year = day(now).year
        asked = (one for one in payments if one.state == ASKED)  # of whatever year
        self._waits = [one.id for one in sorted(asked, key=lambda one: (-one.made_at, one.id))]
        ledger = funds.of_year(payments, now)
        towns = sorted(a.id for a in picture.areas.values() if a.level == TOWN)
        self._ledger = {town: [] for town in towns}
        for one in ledger:
            self._ledger.setdefault(one.town, []).append(one)
        self._balances = {town: funds.balance(town, self._ledger[town], now) for town in towns}
        self.at = max((one.changed_at for one in ledger), default=None)

    def _count(self, picture: Picture) -> None:
        """Where the open ones stand, and how many were solved where they came up."""
        now = self._asked = picture.now
        cases = self.context.needs.watched.cases
        self._stages = triage.stages(picture.events.values(), cases, picture.areas)
        if self.context.past is None:
            self.ask(lambda reader: triage.where_it_came_up(reader, now), self._take)

    def order(self) -> Sequence[str]:
        keys = [*self._waits]
        for town in self._balances:
            keys.append(OF_TOWN + town)
            if town == self._opened:
                keys += [one.id for one in self._ledger[town] if one.state != ASKED]
        return keys

    def tall(self, key: str) -> float:
        return TOWN_ROW if key.startswith(OF_TOWN) else ROW

    def empty_line(self) -> str:
        return tr("没有镇街")

    def aside(self) -> list[Piece]:
        """Of the whole city."""
        paid = sum(one.paid for one in self._balances.values())
        left = sum(one.left for one in self._balances.values())
        told = tr("{year} 年　已付 {paid}　余 {left}　待批 {n} 笔", year=day(self.picture.now).year,
                  paid=money(paid), left=money(left), n=len(self._waits))  # fmt: skip
        return [(told, Ink("label", "t2"))]

    # Acts.

    def choose(self, key: str) -> None:
        """A town shows its payments; the event of a payment opens beside."""
        self._said = ""
        if key.startswith(OF_TOWN):
            self.current, self._opened = key, key.removeprefix(OF_TOWN)
            self.renew()
        else:
            super().choose(key)
            if (payment := self._chosen()) is not None and payment.event:
                self.chosen.emit(Subject(Event, payment.event))
        self._offer()

    def pay(self) -> None:
        """A payment that is for no event."""
        fund_sheets.ask_pay(self, None, self._done)

    def approve(self) -> None:
        """The second person's word."""
        payment = self._chosen()
        if payment is None or payment.state != ASKED:
            self.refused(tr("先选一笔待批的"))
        else:
            self.do(funds.approve_payment, self._done, payment=payment.id)

    def against(self) -> None:
        """Refuse what waits; take back what was paid."""
        payment = self._chosen()
        if payment is None or payment.state not in (ASKED, PAID):
            self.refused(tr("先选一笔待批或已付的"))
        else:
            fund_sheets.ask_reason(self, payment, self._done)

    def _chosen(self) -> Payment | None:
        return self.picture.payments.get(self.current)

    def _take(self, near: tuple[int, int]) -> None:
        self._near = near
        self.update()

    def _acts(self) -> list[Command]:
        return [
            Command(APPROVE, "批准", self.approve), Command(AGAINST, "不批、冲销", self.against),
            Command(PAY, "支付", self.pay),
        ]  # fmt: skip

    def _offer(self) -> None:
        payment, why = self._chosen(), {PAY: self.barred(funds.pay, About())}
        if payment is not None and payment.state in (ASKED, PAID):
            it = About((payment.town,), reason=True)
            why[AGAINST] = self.barred(funds.void_payment, it)
            if payment.state == ASKED:
                why[APPROVE] = self.barred(funds.approve_payment, it)
        self._allow(why)

    # Drawing.

    def draw_head(self, paper: Paper, base: float) -> None:
        """The stages, and how much was solved where it came up."""
        rows = codes.load("triage_stage")
        wide, top = paper.width / (len(rows) + 1), self.top
        for i, key in enumerate(rows):
            name, many = named("triage_stage", key), age.number(self._stages.get(key))
            self._draw_cell(paper, i * wide, top, wide, (name, many, tr("件在办")))
        n, of = self._near
        share = f"{n / of:.1%}" if of else age.UNKNOWN
        told = tr("{n}/{of}，近 {d} 天解决的", n=age.number(n), of=age.number(of),
                  d=int(codes.limit("triage_days", day(self.picture.now))))  # fmt: skip
        self._draw_cell(paper, len(rows) * wide, top, wide, (tr("小事不出网格"), share, told))

    def _draw_cell(
        self, paper: Paper, x: float, top: float, wide: float, told: tuple[str, str, str]
    ) -> None:
        name, figure, beside = told
        paper.write(x, top + 18, name, Ink("label", "t2"), room=wide - 16)
        end = paper.write(x, top + 46, figure, Ink("item", "t1", True)) + 8
        paper.write(end, top + 46, beside, Ink("age", "t2"), room=x + wide - end - 12)

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        if key.startswith(OF_TOWN):
            self._draw_town(paper, self._balances.get(key.removeprefix(OF_TOWN)), box)
        elif (payment := self.picture.payments.get(key)) is not None:
            self._draw_payment(paper, payment, box)

    def _draw_town(self, paper: Paper, it: Balance | None, box: QRectF) -> None:
        if it is None:
            return
        base, bold = box.center().y() + 6, it.town == self._opened
        name = words.place(self.picture, it.town)
        paper.write(12, base, name, Ink("body", "t1", bold), room=paper.width - BALANCE - 150)
        many = len(self._ledger[it.town])
        paper.write(paper.width - BALANCE - 30, base, tr("{n} 笔", n=many), Ink("label"), RIGHT)
        bar = QRectF(paper.width - BALANCE, box.center().y() - 2, 120, 4)
        paper.bar(bar, min(1.0, 1 - max(0, it.left) / it.grant) if it.grant else 1.0)
        told = tr("余 {left}", left=money(it.left)) if it.left >= 0 else tr("▼ 超支 {over}",
                  over=money(-it.left))  # fmt: skip
        paper.write(paper.width - 8, base, told, Ink("label", "t1", it.left < 0), RIGHT)

    def _draw_payment(self, paper: Paper, one: Payment, box: QRectF) -> None:
        """What for and how much; who paid, who approved, when."""
        base, waits = box.top() + 23, one.state == ASKED
        state, sum_ = named("payment_state", one.state), money(one.cents)
        edge = paper.width - 8 - paper.length(sum_, Ink("body", "t1", True)) - 16
        paper.write(paper.width - 8, base, sum_, Ink("body", "t1", True), RIGHT)
        end = paper.write(INDENT, base, state, Ink("label", "t1", waits)) + 14
        one = restricted.bare(one) if self.picture.hides(one.event) else one
        what = "　".join(filter(None, (named("fund_item", one.item), text.plain(one.words, 60))))
        paper.write(end, base, what, Ink("body", "t1", waits), room=edge - end)
        paper.write(INDENT, base + 20, self._course(one), Ink("age", "t2"), room=edge - INDENT)
        at = age.stamp(self.picture.now, one.made_at)
        paper.write(paper.width - 8, base + 20, at, Ink("age", "t2"), RIGHT)

    def _course(self, one: Payment) -> str:
        made = _who(one.made_post, one.made_by)
        told = [words.place(self.picture, one.town), tr("{who} 付", who=made)]
        if one.decided_at is not None:
            decided = _who(one.decided_post, one.decided_by)
            told.append(tr("{who} 定", who=decided))
        view = self.picture.events.get(one.event)
        told += [tr("事件 {number}", number=view.number) if view is not None else "",
                 text.person(one.payee), text.plain(one.reason, 40)]  # fmt: skip
        return "　".join(filter(None, told))


def _who(post: str, by: str) -> str:
    return " ".join(filter(None, (named("post", post, "full"), text.person(by))))
