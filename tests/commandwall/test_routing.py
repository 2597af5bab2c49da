"""Town first, city when nobody takes it: two stations are walked through the time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import NOW
from world import an_alarm, an_area

from commandwall.alarms import ACKED, RTNUN, Alarm
from commandwall.areas import CITY, TOWN, VILLAGE
from commandwall.clock import HOUR, MINUTE, SECOND, Ms
from commandwall.routing import AWAY, NO_STATION, NO_TOWN, UNKNOWN, Called, Routing, here
from commandwall.store.sight import Sight, Station

AREAS = {
    area.id: area
    for area in (
        an_area("c", CITY, "临江市", ""),
        an_area("c1", TOWN, "石塘镇", "c"),
        an_area("c1v", VILLAGE, "青里村", "c1"),
        an_area("c2", TOWN, "梅园镇", "c"),
    )
}
RAISED = an_alarm("A", severity=3, area="c1v", raised_at=Ms(NOW), changed_at=Ms(NOW))


def later(minutes: float) -> Ms:
    return Ms(int(NOW + minutes * MINUTE))


def a_station(area: str, heard_at: int) -> Station:
    return Station(f"o-{area}", f"wall_{area}", area, Ms(NOW), Ms(heard_at), 0, Ms(0))


def at(scope: str, now: Ms, silent_s: int = 0, towns: tuple[str, ...] = ("c1",)) -> Routing:
    """A station at a moment, while those of the towns were last heard so many seconds ago."""
    others = (a_station("", now), *(a_station(t, now - silent_s * SECOND) for t in towns))
    return Routing(AREAS, here(Sight(now, area=scope, stations=others), now, now), now)


def look(routing: Routing, alarm: Alarm) -> Called:
    found = Called()
    found.bring(routing, {alarm.id: alarm}, [alarm.id])
    return found


def called(routing: Routing, alarm: Alarm) -> bool:
    return bool(look(routing, alarm).here)


def test_what_is_kept_moves_by_the_clock_alone_and_is_asked_no_sooner() -> None:
    kept = Called()
    assert kept.bring(at("", later(0)), {"A": RAISED}, ["A"]) == ["A"]
    kept.bring(at("", later(1)), {"A": RAISED}, [])
    assert kept.bring(at("", later(14.9)), {"A": RAISED}, []) == []
    assert kept.elsewhere and not kept.here
    assert kept.bring(at("", later(15)), {"A": RAISED}, []) == ["A"]
    assert kept.since == {"A": later(15)} and not kept.elsewhere
    assert kept.bring(at("", later(16)), {}, ["A"]) == ["A"]
    assert kept == Called(), "what is over leaves nothing"


@pytest.mark.parametrize(("severity", "minutes"), [(2, 5), (3, 15)])
def test_the_town_is_called_at_once_and_the_city_when_nobody_takes_it(
    severity: int, minutes: int
) -> None:
    alarm = replace(RAISED, severity=severity)
    for passed in (0, 1, minutes - 0.1):
        assert called(at("c1", later(passed)), alarm)
        city = at("", later(passed))
        assert not called(city, alarm)
        assert look(city, alarm).elsewhere["A"].at == later(minutes)
    for scope in ("c1", "", "c"):
        assert called(at(scope, later(minutes)), alarm)
    assert not look(at("", later(minutes)), alarm).elsewhere


def test_the_worst_calls_both_at_once() -> None:
    alarm = replace(RAISED, severity=1)
    assert called(at("c1", Ms(NOW)), alarm)
    assert called(at("", Ms(NOW)), alarm)


def test_what_came_and_went_meanwhile_comes_up_all_the_same() -> None:
    """A device that chatters would stay with its town for ever."""
    returned = replace(RAISED, state=RTNUN, changed_at=later(14), cleared_at=later(14), count=9)
    assert called(at("", later(15)), returned)


def test_a_clock_that_is_behind_the_device_hides_nothing() -> None:
    assert called(at("", Ms(NOW - 5 * SECOND)), replace(RAISED, severity=1))


def test_what_the_town_took_calls_nobody_until_it_is_forgotten() -> None:
    taken = replace(RAISED, state=ACKED, acked_at=later(3))
    for scope in ("c1", ""):
        looked = look(at(scope, later(60)), taken)
        assert not looked.here and not looked.elsewhere
    forgotten = later(3 + 240)
    assert called(at("c1", forgotten), taken)
    assert look(at("", forgotten), taken).elsewhere["A"].at == later(3 + 240 + 15)
    assert called(at("", later(3 + 240 + 15)), taken)


def test_the_city_is_called_at_once_where_no_town_is_there_and_knows_why() -> None:
    away = at("", Ms(NOW), silent_s=120)
    other = at("", Ms(NOW), towns=("c2",))
    outside = replace(RAISED, area="nowhere")
    for routing, alarm, why in ((away, RAISED, AWAY), (other, RAISED, NO_STATION),
                                (at("", Ms(NOW)), outside, NO_TOWN)):  # fmt: skip
        assert called(routing, alarm)
        assert routing.of(alarm).why == why


def test_while_the_pool_is_gone_a_town_counts_only_where_it_is_joined_without_it() -> None:
    now = later(0)
    sight = Sight(Ms(now - HOUR), stations=(a_station("c1", now - HOUR),))
    alone = Routing(AREAS, here(sight, now, Ms(now - HOUR)), now)
    assert called(alone, RAISED) and alone.of(RAISED).why == UNKNOWN
    beside = Routing(AREAS, here(sight, now, Ms(now - HOUR), frozenset({"o-c1"})), now)
    assert not called(beside, RAISED)


def test_a_short_silence_of_the_town_brings_nothing_up() -> None:
    assert not called(at("", Ms(NOW), silent_s=20), RAISED)


def test_a_city_without_any_town_station_has_all_calls_itself_and_no_word_about_it() -> None:
    routing = at("", Ms(NOW), towns=())
    assert called(routing, RAISED) and not routing.of(RAISED).why
