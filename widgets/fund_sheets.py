"""What is asked of the micro-fund: a payment, an approval, why one is refused or taken back; and
how money is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from commandwall import funds
from commandwall.areas import TOWN, Area, town_of
from commandwall.events import EventView
from commandwall.funds import ASKED, CENTS, PAID, Paying, Payment
from commandwall.picture import Picture
from commandwall.rights import About
from commandwall.store.store import Refused
from widgets import age, event_lines, text
from widgets.base import Panel
from widgets.fields import Field, choice
from widgets.fields import words as line
from widgets.i18n import named, rows, tr
from widgets.paper import Ink, Paper
from widgets.sheet import Sheet

Then = Callable[[Any], None]


def money(cents: int) -> str:
    """1,200 元, 800.50 元."""
    return tr("{n} 元", n=age.number(cents / CENTS, 2 if cents % CENTS else 0))


def ask_pay(panel: Panel, view: EventView | None, then: Then) -> None:
    """What for, how much, what was done; of an event its town and words stand there already."""
    event = view.event if view is not None else None
    first = town_of(panel.picture.areas, event.area) if event is not None else ""
    if why := panel.barred(funds.pay, About((first,) if first else ())):
        panel.refused(why)
        return
    fields: dict[str, tuple[str, Field]] = {
        "item": (named("field", "item"), choice(_items())),
        "yuan": (named("field", "yuan"), line("", 12)),
        "words": (tr("办了什么"), line(event.headline if event is not None else "")),
        "payee": (named("field", "payee"), line()),
        "town": (named("field", "town"), choice(_towns(panel.picture, first))),
    }
    made = Sheet(panel.look, tr("微基金支付"), "支付", fields, panel.window())
    key = event.id if event is not None else ""
    made.telling(lambda told: _ahead(panel.picture, Paying(**told, event=key)))
    panel.context.over(
        made.then(lambda told: panel.do(funds.pay, then, paying=Paying(**told, event=key)))
    )


def ask_reason(panel: Panel, payment: Payment, then: Then) -> None:
    """Refuse what waits, take back what was paid."""
    refuses = payment.state == ASKED
    name, act = ("不批", funds.refuse_payment) if refuses else ("冲销", funds.void_payment)
    fields: dict[str, tuple[str, Field]] = {"reason": (named("field", "reason"), line())}
    title = tr("{act}：{title}", act=tr(name), title=title_of(payment))
    made = Sheet(panel.look, title, name, fields, panel.window())
    panel.context.over(made.then(lambda told: panel.do(act, then, payment=payment.id, **told)))


def title_of(payment: Payment) -> str:
    return f"{named('fund_item', payment.item)}　{money(payment.cents)}"


def draw_line(paper: Paper, y: float, event: str, payments: Iterable[Payment]) -> float:
    """The line of an event's card where something was paid for it; the height below."""
    mine = [one for one in payments if one.event == event]
    told = []
    for state in (PAID, ASKED):
        if cents := sum(one.cents for one in mine if one.state == state):
            told.append(f"{named('payment_state', state)} {money(cents)}")
    if not told:
        return y
    base, x = event_lines.begin(paper, y, tr("微基金"))
    paper.write(x, base, "　".join(told), Ink("label", "t1", True), room=paper.width - x)
    return base


def _ahead(picture: Picture, paying: Paying) -> str:
    """What the town has left, and whether another person must approve."""
    now, payments = picture.now, picture.payments.values()
    left = funds.balance(paying.town, payments, now).left
    told = tr(
        "本年余 {left}；一人可付到 {most}", left=money(left), most=money(funds.second_above(now))
    )
    try:
        over = funds.cents_of(paying.yuan) > funds.second_above(now) - funds.paid_alone(
            payments, paying, now
        )
    except Refused:
        over = False
    return tr("{told}。须另一人批准后才付", told=told) if over else told


def _items() -> dict[str, str]:
    """Each with the most of one payment."""
    most = {key: int(row.facts["most"]) * CENTS for key, row in rows("fund_item").items()}
    return {
        key: tr("{item}（每笔至多 {most}）", item=named("fund_item", key), most=money(cents))
        for key, cents in most.items()
    }


def _towns(picture: Picture, first: str) -> dict[str, str]:
    towns: list[Area] = [a for a in picture.areas.values() if a.level == TOWN]
    towns.sort(key=lambda a: (a.id != first, a.id))
    return {a.id: text.plain(a.name, 40) for a in towns}
