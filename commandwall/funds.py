"""The micro-fund 微基金: small repairs are paid at once where they are found, and the ledger of it.

A town has so much for a year (list `fund`), an item so much for one payment and for a year (list
`fund_item`). Above a limit another person approves 待批; what waits is held back already. Stations
that were cut off may together have paid more than there was: the balance says so.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from commandwall import codes, events
from commandwall.areas import TOWN, Area
from commandwall.clock import Ms, day
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reason, Refused, Tx
from commandwall.store.written import TITLE_LIMIT, listed, present, written

ASKED, PAID, REFUSED, VOID = "ASKED", "PAID", "REFUSED", "VOID"
"""Rows of the code list payment_state."""
HELD = (ASKED, PAID)
"""States in which the money is not there for anything else."""
CENTS = 100
_AMOUNT = re.compile(r"\d{1,7}(?:\.\d{1,2})?")


@record(
    WALL,
    index=("event", "town"),
    meeting=Meeting(
        beside=("changed_at", "by", "post", "decided_at", "decided_by", "decided_post"),
        yields={ASKED: frozenset({PAID, REFUSED}), PAID: frozenset({VOID})},
    ),
)
@dataclass(frozen=True, slots=True)
class Payment:
    """One payment: what for, how much, who paid and who approved."""

    id: str
    event: str  # "" for what is no event
    town: str  # code of the area whose fund it is
    item: str  # code list fund_item
    cents: int
    payee: str
    words: str  # what was done
    state: str
    made_at: Ms
    made_by: str
    made_post: str
    decided_at: Ms | None  # by the second person
    decided_by: str
    decided_post: str
    reason: str  # why it was not approved, or taken back
    changed_at: Ms
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class Paying:
    """What a person states of a payment. `yuan` as typed: 800 or 800.50."""

    town: str
    item: str
    yuan: str
    words: str
    payee: str = ""
    event: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """The fund of one town in one year, in cents."""

    town: str
    grant: int
    paid: int
    asked: int

    @property
    def left(self) -> int:
        """Below zero where stations that were cut off paid more than there was."""
        return self.grant - self.paid - self.asked


# What is known.


def of_year(payments: Iterable[Payment], now: Ms) -> list[Payment]:
    """Those of the year of a moment, the newest first."""
    year = day(now).year
    found = (one for one in payments if day(one.made_at).year == year)
    return sorted(found, key=lambda one: (-one.made_at, one.id))


def balance(town: str, payments: Iterable[Payment], now: Ms) -> Balance:
    """What a town has of its fund this year."""
    mine = [one for one in of_year(payments, now) if one.town == town]
    return Balance(town, grant(town, now), _sum(mine, PAID), _sum(mine, ASKED))


def grant(town: str, now: Ms) -> int:
    """The fund of a town for the year, in cents: its own row, else that of every town."""
    rows = codes.load("fund", day(now)).values()
    of = {str(row.facts["area"]): int(row.facts["yuan"]) for row in rows}
    return of.get(town, of.get("", 0)) * CENTS


def second_above(now: Ms) -> int:
    """Cents that one person may pay alone."""
    return int(codes.limit("fund_alone", day(now))) * CENTS


def paid_alone(payments: Iterable[Payment], paying: Paying, now: Ms) -> int:
    """Cents that were paid for the same by one person alone: for the event, else of the item in
    the town on this day. Two small parts are no way round the second person."""

    def same(one: Payment) -> bool:
        if paying.event or one.event:
            return one.event == paying.event
        here = (one.town, one.item) == (paying.town, paying.item)
        return here and day(one.made_at) == day(now)

    return _sum((one for one in payments if same(one) and one.decided_at is None), PAID)


def cents_of(yuan: str) -> int:
    """Refused("amount") for what is no amount of money above zero."""
    typed = yuan.strip().removesuffix("元").strip()
    if not _AMOUNT.fullmatch(typed):
        raise Refused("amount")
    whole, _, part = typed.partition(".")
    cents = int(whole) * CENTS + int(part.ljust(2, "0"))
    if not cents:
        raise Refused("amount")
    return cents


def own(payment: Payment, by: str, post: str) -> Reason | None:
    """Why a person may not approve it: who pays does not. Where either gives no name, posts tell
    people apart."""
    mine = by == payment.made_by if by and payment.made_by else post == payment.made_post
    return Reason("fund_own", {"by": payment.made_by}) if mine else None


def _sum(payments: Iterable[Payment], *states: str) -> int:
    return sum(one.cents for one in payments if one.state in states)


# Acts.


def pay(tx: Tx, paying: Paying) -> None:
    """支付: at once, or, above the limit of one person, once another one approves. Refused with
    "amount", "fund_item" (more than one payment may be), "fund_year" (more than the item has for a
    year), "fund_left" (more than the town has)."""
    listed(tx, "fund_item", paying.item)
    area = tx.get(Area, paying.town)
    if area is None or area.level > TOWN:  # what is smaller has no fund of its own
        raise Refused("unknown", kind="area", id=paying.town)
    if paying.event:
        events.view(tx, paying.event)
    cents = cents_of(paying.yuan)
    _within(tx, paying, cents)
    state = PAID if cents + _alone(tx, paying) <= second_above(tx.now) else ASKED
    words = written("text", paying.words, TITLE_LIMIT)
    payee = written("name", paying.payee, TITLE_LIMIT, needed=False)
    tx.put(
        Payment(
            str(uuid.uuid4()), paying.event, paying.town, paying.item, cents, payee, words, state,
            tx.now, tx.by, tx.post, None, "", "", "", tx.now, tx.by, tx.post,
        )
    )  # fmt: skip


def approve_payment(tx: Tx, payment: str) -> None:
    """批准: by another person than who asked. Refused("fund_own"), Refused("state")."""
    tx.put(_decided(tx, payment, PAID, own))


def refuse_payment(tx: Tx, payment: str, reason: str) -> None:
    """不批: the money is free again."""
    tx.put(replace(_decided(tx, payment, REFUSED), reason=written("reason", reason)))


def void_payment(tx: Tx, payment: str, reason: str) -> None:
    """冲销: a payment that was wrong or came back."""
    now = _in(tx, payment, PAID, VOID)
    why = written("reason", reason)
    tx.put(replace(now, state=VOID, reason=why, changed_at=tx.now, by=tx.by, post=tx.post))


def _within(tx: Tx, paying: Paying, cents: int) -> None:
    """Refused where an item or the fund has less."""
    facts = codes.load("fund_item", day(tx.now))[paying.item].facts
    mine = of_year(tx.find(Payment, town=paying.town), tx.now)
    spent = _sum((one for one in mine if one.item == paying.item), *HELD)
    yearly = int(facts["yearly"]) * CENTS - spent
    left = balance(paying.town, mine, tx.now).left
    if cents > (most := int(facts["most"]) * CENTS):
        raise Refused("fund_item", item=paying.item, most=most)
    if cents > yearly:
        raise Refused("fund_year", item=paying.item, left=yearly)
    if cents > left:
        raise Refused("fund_left", left=left)


def _alone(tx: Tx, paying: Paying) -> int:
    about = {"event": paying.event} if paying.event else {"town": paying.town}
    return paid_alone(tx.find(Payment, **about), paying, tx.now)


def _decided(
    tx: Tx, payment: str, state: str,
    guard: Callable[[Payment, str, str], Reason | None] = lambda *_: None,
) -> Payment:  # fmt: skip
    now = _in(tx, payment, ASKED, state)
    if (why := guard(now, tx.by, tx.post)) is not None:
        raise Refused(why.code, **why.facts)
    return replace(
        now, state=state, decided_at=tx.now, decided_by=tx.by, decided_post=tx.post,
        changed_at=tx.now, by=tx.by, post=tx.post,
    )  # fmt: skip


def _in(tx: Tx, payment: str, state: str, to: str) -> Payment:
    """A payment that is in a state; Refused("unknown") or Refused("state")."""
    return present(tx, Payment, payment, (state,), to)
