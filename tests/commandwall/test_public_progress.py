"""What a caller may be told of his matter: words of a list by its state, and a day; no name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from builders import NOW, an_event

from commandwall import codes, public_progress
from commandwall.clock import DAY, HOUR, Ms
from commandwall.event_flow import FLOW
from commandwall.events import Event, EventView, EventWork, fold
from commandwall.picture import Picture
from widgets import public_words


def work(state: str, **kw: Any) -> EventWork:
    row = EventWork("e1", state, "供水公司", "张三家已修", NOW, "陈", "p3", furthest="CLOSED",
                    accepted_at=NOW, given_at=NOW, dispatched_at=NOW)  # fmt: skip
    return replace(row, **kw)


def of(state: str, **kw: Any) -> public_progress.Progress | None:
    return public_progress.of(EventView(an_event(), work(state, **kw)), {}, NOW)


def test_every_state_has_words_and_none_names_anybody() -> None:
    states = {state for step in FLOW.values() for state in (*step.after, step.to)} - {"", "<"}
    assert states | {"RESTRICTED"} == codes.load("public_state").keys()
    picture = Picture()
    picture.now = NOW
    for state in states:
        told = public_words.told(EventView(an_event(), work(state)), picture)
        assert told and not any(name in told for name in ("张", "供水", "138", "陈"))


def test_the_day_is_told_while_it_is_to_come() -> None:
    found = of("SIGNED")
    assert found and found.until and found.until > NOW
    late = EventView(an_event(), work("SIGNED", given_at=Ms(NOW - 60 * DAY)))
    assert public_progress.of(late, {}, NOW) == public_progress.Progress("SIGNED")
    looked = of("LISTED", review_at=Ms(NOW + 9 * DAY))
    assert looked and looked.until == NOW + 9 * DAY
    assert of("FEEDBACK") == public_progress.Progress("FEEDBACK")
    picture = Picture()
    picture.now = NOW
    view = EventView(an_event(), work("SUSPENDED", review_at=Ms(NOW + 2 * HOUR)))
    assert public_words.told(view, picture) == "因客观原因暂缓办理，16:00 前答复"


def test_of_a_restricted_class_nothing_is_told_but_that_somebody_sees_to_it() -> None:
    row: Event = an_event(cls="crisis")
    for state in ("NEW", "SIGNED", "CLOSED"):
        found = public_progress.of(fold(row, work(state)), {}, NOW)
        assert found == public_progress.Progress("RESTRICTED")
