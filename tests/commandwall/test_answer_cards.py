"""Answer cards: every class has one, the nearest first, and a city puts its own beside."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from builders import an_event

from commandwall import codes, deadlines
from commandwall.answer_cards import card_of, department
from commandwall.events import fold

ON = date(2026, 11, 27)


def of(cls: str) -> str:
    card = card_of(cls, ON)
    assert card is not None
    return card.id


def test_each_class_has_the_card_that_is_nearest_to_it() -> None:
    assert [of(cls) for cls in ("gas", "lift", "water", "wages", "food", "", "gone")] == [
        "gas", "danger", "supply", "wages", "rights", "any", "any",
    ]  # fmt: skip
    for cls in codes.load("event_class"):
        card = card_of(cls, ON)
        assert card is not None and department(card, cls, ON), cls
        told = (card.facts[f"{part}_{lang}"] for part in ("ask", "say") for lang in ("zh", "en"))
        assert all(told), cls


TEXTS = ("zh", "en", "ask_zh", "ask_en", "say_zh", "say_en", "note_zh", "note_en", "basis_zh",
         "basis_en", "unit")  # fmt: skip
OWN = "[[row]]\nid = 'gas'\nvalid_from = 2026-02-01\nclasses = ['gas']\ngreats = []\n" + "".join(
    f"{name} = '本市'\n" for name in TEXTS
)


def test_a_card_of_the_city_goes_in_place_of_the_programs(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "answer_card.toml").write_text(OWN, encoding="utf-8")
    monkeypatch.setenv(codes.OWN, str(tmp_path))
    codes.forget()
    try:
        card = card_of("gas", ON)
        assert card is not None and (card.zh, department(card, "gas", ON)) == ("本市", "本市")
    finally:
        monkeypatch.undo()
        codes.forget()


def test_the_limits_are_those_of_the_clocks() -> None:
    told = deadlines.limits(fold(an_event(urgency=3, source="12345"), None))
    assert [*told] == ["C1", "C2", "C3", "C5", "C6"]
    assert told["C1"].facts["amount"] == 10, "of the fast lane"
    assert deadlines.limits(fold(an_event(urgency=0), None)) == {}
