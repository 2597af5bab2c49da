"""Answer cards 应答卡: what to ask and to say, who takes it and what is to be known, by the class
of a matter; rows of the list answer_card."""

from __future__ import annotations

from datetime import date

from commandwall import codes
from commandwall.codes import Code


def card_of(cls: str, on: date) -> Code | None:
    """The first row that names the class, else its group, else neither; None where the list has no
    such row."""
    rows = list(codes.load("answer_card", on).values())
    row = codes.load("event_class", on).get(cls)
    great = str(row.facts["great"]) if row is not None else ""
    own = (card for card in rows if cls in card.facts["classes"])
    group = (card for card in rows if great in card.facts["greats"])
    plain = (card for card in rows if not (card.facts["classes"] or card.facts["greats"]))
    return next(own, None) or next(group, None) or next(plain, None)


def department(card: Code, cls: str, on: date) -> str:
    """Who takes such matters: of the card, else of the class."""
    row = codes.load("event_class", on).get(cls)
    return str(card.facts["unit"] or (row.facts["unit"] if row is not None else ""))
