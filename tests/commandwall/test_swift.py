"""Swift response: which events are in the fast lane, by whose clock, and its four figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, an_event

from commandwall import codes, deadlines, swift
from commandwall.clock import DAY, MINUTE, Ms
from commandwall.desk import Desk
from commandwall.events import Event, EventView, EventWork, FiledEvent
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Store
from commandwall.swift import MISSED, NOT_DUE, REACHED, UNREACHED, UNTOLD, Figure

OLD = Ms(NOW - 9 * DAY)


def an_appeal(no: str, at: int = OLD, **more: Any) -> Event:
    given = {"source": "12345", "cls": "water", "state": "NEW", **more}
    return an_event(id=no, reported_at=Ms(at), received_at=Ms(at), **given)


def work(no: str, state: str, at: int = OLD, after: float = 5, **more: Any) -> EventWork:
    """What a station did, `after` minutes after the event came."""
    done = Ms(int(at + after * MINUTE))
    ends = {"closed_at": Ms(NOW - DAY)} if state in ("CLOSED", "MERGED") else {}
    accepted = None if state == "MERGED" else done
    return EventWork(
        no, state, "", "", Ms(NOW - DAY), "陈", "p3", accepted, furthest=state, **ends, **more
    )


ROWS = [
    an_appeal("swift-solved"), an_appeal("late"), an_appeal("unreached"), an_appeal("merged"),
    an_appeal("waits", NOW - 11 * MINUTE), an_appeal("came", NOW - 9 * MINUTE),
    an_appeal("open-old", state="DISPATCHED"), an_appeal("open", NOW - DAY, state="SIGNED"),
    an_appeal("city-closed", state="ARCHIVED", closed_at=Ms(NOW - DAY)),
    an_appeal("asked", cls="consult"), an_appeal("gas", cls="gas"),
    an_appeal("grid", source="grid"), an_appeal("before", NOW - 40 * DAY),
]  # fmt: skip
WORK = [
    work("swift-solved", "CLOSED", solved="solved", content="fairly"),
    work("late", "CLOSED", after=10.5, solved="partly", content="discontent"),
    work("unreached", "CLOSED", after=10, solved="solved", content="unreached"),
    work("merged", "MERGED"),
]
FILED = FiledEvent("mine", "12345", "停水", "", "water", 3, "", "", None, None, None,
                   Ms(NOW - 20 * MINUTE))  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("swift")
    mirror = Mirror(folder / "m1.db")
    mirror.take({"event": [tuple(getattr(e, n) for n in e.__slots__) for e in ROWS]}, {})
    mirror.close()
    use(folder, "m1.db")
    store = open_store(folder)
    desk = Desk(store, StillClock())
    for some in (WORK, [FILED]):
        desk.run(lambda tx, some=some: tx.put(*some), {}, local=True)
    yield store
    desk.close()
    store.close()


@pytest.fixture(scope="module")
def figures(store: Store) -> dict[str, Figure]:
    return store.read(lambda reader: swift.figures(reader, NOW))


def test_each_figure_has_what_it_counts_and_what_it_leaves_out(figures: dict[str, Figure]) -> None:
    told = {key: (f.n, f.of, dict(f.out)) for key, f in figures.items()}
    assert told == {
        # 10:00 is in time, 10:30 is not; who waits longer counts before anybody answered
        "response": (2, 6, {UNTOLD: 3, NOT_DUE: 1}),
        "closed": (4, 5, {"MERGED": 1, NOT_DUE: 4}),
        "solved": (2, 3, {"MERGED": 1, UNTOLD: 1, NOT_DUE: 5}),
        "content": (1, 2, {"MERGED": 1, UNTOLD: 1, NOT_DUE: 5, UNREACHED: 1}),
    }


def test_behind_each_figure_are_exactly_the_rows_that_it_counts(
    store: Store, figures: dict[str, Figure]
) -> None:
    for key, figure in figures.items():
        found = store.read(lambda reader, key=key: swift.rows(reader, NOW, key))
        wanted = {REACHED: figure.n, MISSED: figure.of - figure.n, **figure.out}
        assert Counter(found.values()) == Counter(wanted), key
        assert not found.keys() & {"asked", "gas", "grid", "before"}, "not of the lane"
    closed = store.read(lambda reader: swift.rows(reader, NOW, "closed"))
    assert (closed["open-old"], closed["open"], closed["merged"]) == (MISSED, NOT_DUE, "MERGED")
    assert next(iter(closed)) == "came" and closed["mine"] == NOT_DUE


def test_the_lane_has_a_sooner_clock_of_its_own_until_somebody_answers() -> None:
    def first(**given: Any) -> int:
        return deadlines.clocks(EventView(an_appeal("e", **given), None))[0].whole

    minutes = codes.load("swift_figure")["response"].facts["minutes"]
    assert [first(urgency=u) for u in (3, 4, 5)] == [minutes * MINUTE] * 3
    assert first(urgency=2) == 2 * MINUTE, "danger has a sooner one"
    assert first(urgency=4, cls="consult") > minutes * MINUTE < first(urgency=4, source="grid")


def test_rows_count_for_the_days_that_they_hold() -> None:
    assert ("12345", "water") in swift.members(date(2026, 6, 1))
    assert not swift.members(date(2025, 6, 1))
    set_right = EventWork("e", "NEW", "", "", NOW, "陈", "p3", cls="water")
    assert swift.belongs(EventView(an_appeal("e", cls="consult"), set_right))
