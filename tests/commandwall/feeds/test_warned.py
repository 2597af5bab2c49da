"""What a message of CAP becomes: its level, its outline, its times, and who replaces whom."""

from __future__ import annotations

import itertools

import cap as said
import pytest
import shapely
from builders import NOW

from commandwall import public_warnings
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.feeds import cap, warned
from commandwall.geo import distance
from commandwall.public_warnings import (
    CANCELLED,
    COMING,
    EXPIRED,
    LIVE,
    UNREAL,
    UPDATED,
    PublicWarning,
    later,
    newest,
    rehearsed,
    standing,
    state,
)


def of(data: bytes) -> list[PublicWarning]:
    return warned.records(cap.read(data), NOW)


def one(data: bytes) -> PublicWarning:
    (found,) = of(data)
    return found


def with_info(**more: object) -> PublicWarning:
    return one(said.alert(NOW, said.info(NOW, **more)))


def pair(name: str, value: str) -> str:
    return said.tags(valueName=name, value=value)


@pytest.mark.parametrize(
    ("severity", "told"),
    [("Extreme", 1), ("Severe", 2), ("Moderate", 3), ("Minor", 4), ("Unknown", None), ("RED", 1)],
)
def test_the_severity_means_a_colour(severity: str, told: int | None) -> None:
    assert with_info(severity=severity, headline="暴雨").level == told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"headline": "暴雨红色预警"}, 1),
        ({"headline": "由暴雨黄色预警升级为橙色预警"}, 2),
        ({"headline": "Red flag warning"}, 4),
        ({"event": "台风蓝色预警", "severity": "Extreme", "headline": ""}, 4),
        ({"parameter": pair("awareness_level", "3; orange; Severe")}, 2),
        ({"parameter": pair("note", "a red car")}, 4),
        ({"eventCode": pair("预警颜色", "黄色"), "headline": "红色"}, 3),
    ],
)
def test_a_colour_that_the_issuer_names_counts_before_the_severity(
    more: dict[str, object], told: int
) -> None:
    assert with_info(**{"severity": "Minor", "headline": "", **more}).level == told


def test_each_thing_of_a_message_is_a_warning_of_its_own() -> None:
    rain = said.info(NOW, event="暴雨", headline="暴雨红色")
    wind = said.info(NOW, event="大风", headline="大风蓝色")
    english = said.info(NOW, language="en", event="Rain")
    found = of(said.alert(NOW, english + rain + wind))
    assert [(w.what, w.level) for w in found] == [("暴雨", 1), ("大风", 4)]
    assert len({w.id for w in found}) == 2 and len({w.message for w in found}) == 1


def test_every_station_computes_the_same() -> None:
    data = said.alert(NOW)
    assert of(data) == of(data)
    assert one(data).message == public_warnings.message_of(said.SENDER, "LJ-1")


def test_the_outline_joins_all_areas_and_a_circle_has_its_radius_on_the_ground() -> None:
    areas = said.area() + said.area(polygon=None, circle="31.50,120.20 5")
    shape = public_warnings.outline(one(said.alert(NOW, said.info(NOW, areas))))
    ring, circle = sorted(shape.geoms, key=lambda g: -g.area)
    assert ring.equals(shapely.box(120.1, 31.08, 120.3, 31.22))
    edge = shapely.get_coordinates(circle)
    assert distance(edge[:, 0], edge[:, 1], 120.2, 31.5) == pytest.approx(5000, rel=0.01)


def test_a_ring_that_crosses_itself_is_mended_and_a_bare_place_stays_a_place() -> None:
    bow = said.area(polygon="31,120 32,121 31,121 32,120 31,120")
    assert public_warnings.outline(one(said.alert(NOW, said.info(NOW, bow)))).is_valid
    spot = one(said.alert(NOW, said.info(NOW, said.area(polygon=None, circle="31.1,120.2 0"))))
    assert public_warnings.outline(spot) is None
    assert public_warnings.middle(spot) == pytest.approx((120.2, 31.1))


def test_without_an_end_it_holds_for_a_day_and_codes_of_places_are_kept() -> None:
    place = said.area(geocode=[pair("GB2260", "320281"), pair("EMMA", "DE123")])
    found = one(said.alert(NOW, said.info(NOW, place, expires=None)))
    assert (found.until - found.since, found.geocodes) == (24 * HOUR, "320281")


# Who replaces whom.


def test_it_holds_from_its_beginning_to_its_end() -> None:
    found = one(said.alert(NOW, said.info(NOW + HOUR, expires=said.stamp(NOW + 2 * HOUR))))
    at = [(NOW, COMING), (NOW + HOUR, LIVE), (NOW + 2 * HOUR, EXPIRED)]
    assert [state(found, {}, Ms(now)) for now, _ in at] == [told for _, told in at]


ORDERS = [
    said.alert(NOW),
    said.after(NOW + MINUTE, "Update", "LJ-2", "LJ-1", infos=said.info(NOW, headline="红色")),
    said.after(NOW + 2 * MINUTE, "Cancel", "LJ-3", "LJ-1", "LJ-2", infos=""),
]


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_in_whatever_order_they_come_the_last_word_counts(order: tuple[int, ...]) -> None:
    """An Update or a Cancel that is here before its Alert still wins."""
    told: list[PublicWarning] = []
    for n in order:
        told += of(ORDERS[n])
        held = [w.identifier for w in standing(told, NOW)]
        known = {w.identifier for w in told}
        last = "" if "LJ-3" in known else max(known)
        assert held == ([last] if last else [])
    after = later(told)
    states = {w.identifier: state(w, after, NOW) for w in told}
    assert states == dict.fromkeys(("LJ-1", "LJ-2", "LJ-3"), CANCELLED)
    first = next(w for w in told if w.identifier == "LJ-1")
    assert newest(first, after).identifier == "LJ-3"


def test_an_update_of_two_things_goes_on_with_the_same_thing() -> None:
    both = said.info(NOW, event="台风", headline="红色") + said.info(NOW, event="暴雨")
    told = of(said.alert(NOW)) + of(said.after(NOW, "Update", "LJ-2", "LJ-1", infos=both))
    after = later(told)
    assert state(told[0], after, NOW) == UPDATED
    assert newest(told[0], after).what == "暴雨"
    assert [w.what for w in standing(told, NOW)] == ["台风", "暴雨"]


def test_messages_that_replace_each_other_end_no_program() -> None:
    one = said.after(NOW, "Update", "LJ-1", "LJ-2", infos=said.info(NOW))
    two = said.after(NOW, "Update", "LJ-2", "LJ-1", infos=said.info(NOW))
    told = of(one) + of(two)
    assert newest(told[0], later(told)) in told


@pytest.mark.parametrize("status", ["Exercise", "System", "Test", "Draft"])
def test_what_is_not_for_real_holds_nothing_and_takes_nothing_real_back(status: str) -> None:
    drill = of(said.alert(NOW, identifier="D-1", status=status))
    real = of(said.alert(NOW))
    cancel = of(said.after(NOW, "Cancel", "D-2", "LJ-1", infos="", status=status))
    told = drill + real + cancel
    assert [w.identifier for w in standing(told, NOW)] == ["LJ-1"]
    assert [w.identifier for w in rehearsed(told, NOW)] == ["D-1"]
    assert state(drill[0], later(told), NOW) == UNREAL


def test_nobody_takes_back_what_another_sent() -> None:
    real = of(said.alert(NOW))
    forged = of(said.after(NOW, "Cancel", "X-1", "LJ-1", infos="", sender="else@where.example"))
    assert standing(real + forged, NOW) == real


@pytest.mark.parametrize("year", ["0026", "1970", "2003"])
def test_a_warning_of_before_the_lists_began_is_one_that_is_over(year: str) -> None:
    sent = said.alert(NOW).replace(said.stamp(NOW)[:4].encode(), year.encode())
    (found,) = of(sent)
    assert found.until < NOW
