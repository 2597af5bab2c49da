"""The picture of now: told bit by bit it is what it is told at once."""

from __future__ import annotations

from typing import Any

import pytest
from builders import NOW, a_sensor
from hypothesis import given
from hypothesis import strategies as st

from commandwall.arrays import SensorArrays
from commandwall.clock import SECOND, Ms
from commandwall.dispatch import Assignment, AssignmentStep
from commandwall.picture import Changes, Picture
from commandwall.tagging import EventTag

Told = tuple[type[Any], str, Any]


def sending(key: str, unit: str = "u1", sent: int = 0, outcome: str = "") -> Assignment:
    at = Ms(NOW + sent * SECOND)
    where = ("", 120.2, 31.9, None, None, None, "road")
    event = f"e{int(key[1:]) % 2}"
    return Assignment(key, "event", event, unit, 3, *where, at, "陈", "duty", outcome)


def step(key: str, of: str, name: str, at: int) -> AssignmentStep:
    return AssignmentStep(key, of, "", name, Ms(NOW + at * SECOND), "told", "", "陈", "duty")


def tag(key: str, event: str, stands: bool) -> EventTag:
    return EventTag(key, event, "重复", stands, NOW, "陈", "duty")


SOME, FEW = st.integers(0, 5), st.integers(0, 2)
SENDING = st.builds(
    lambda n, unit, *more: (Assignment, f"a{n}", sending(f"a{n}", f"u{unit}", *more)),
    SOME, FEW, SOME, st.sampled_from(("", "", "RELEASED")),
)  # fmt: skip
STEP = st.builds(
    lambda n, name, at: (AssignmentStep, f"s{n}", step(f"s{n}", f"a{n // 2}", name, at)),
    st.integers(0, 11), st.sampled_from(("ACKED", "MOVING", "ARRIVED")), SOME,
)  # fmt: skip
TAG = st.builds(
    lambda n, stands: (EventTag, f"t{n}", tag(f"t{n}", f"e{n // 3}", stands)), SOME, st.booleans()
)
GONE = st.builds(
    lambda kind, n: (kind, f"{'as'[kind is AssignmentStep]}{n}", None),
    st.sampled_from((Assignment, AssignmentStep)), SOME,
)  # fmt: skip


def folded(picture: Picture) -> tuple[Any, ...]:
    return picture.trips, picture.engaged, picture.under_way, picture.tags_of, picture.steps_of


@given(told=st.lists(st.one_of(SENDING, STEP, TAG, GONE), max_size=40))
def test_bit_by_bit_is_the_same_as_at_once(told: list[Told]) -> None:
    one, other = Picture(), Picture()
    for kind, key, record in told:
        one.apply(Changes(NOW, {kind: {key: record}}))
    kinds = (AssignmentStep, Assignment, EventTag)
    whole = {kind: dict(one._shelf(kind)) for kind in kinds}
    other.apply(Changes(NOW, whole, whole=frozenset(kinds)))
    assert folded(one) == folded(other)
    for event in ("e0", "e1"):
        mine = [t for t in one.trips.values() if t.assignment.subject == event]
        assert sorted(map(str, one.trips_to(event, event))) == sorted(map(str, mine))


def test_a_copy_stays_as_it_was() -> None:
    picture = Picture()
    picture.apply(
        Changes(NOW, {Assignment: {"a1": sending("a1")}, EventTag: {"t": tag("t", "e", True)}})
    )
    copied = picture.copy()
    picture.apply(Changes(NOW, {AssignmentStep: {"s1": step("s1", "a1", "ACKED", 1)}}))
    picture.apply(Changes(NOW, {EventTag: {"t": tag("t", "e", False)}}))
    assert copied.trips["a1"].steps == {} and copied.tags_of["e"] and not picture.tags_of


def test_a_device_is_never_shown_as_one_of_another_class() -> None:
    """There is room for 256 classes: more are refused, and not counted from the first again."""
    some = [a_sensor(no, cls=f"class{no:03}") for no in range(257)]
    assert SensorArrays.of(some[:-1]).device(255).cls == "class255"
    with pytest.raises(OverflowError):
        SensorArrays.of(some)
