"""The pages of a demo city are not empty: one matter of each kind that only stations make."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

from builders import an_area, an_event
from station import Station

from commandwall import ladders
from commandwall.areas import CITY, GRID, TOWN
from commandwall.clues import NEW, Clue
from commandwall.funds import ASKED, Payment
from commandwall.ladders import WATCHED
from commandwall.playing import first_day
from commandwall.store.mirror import Mirror, use
from commandwall.whistles import BLOWN, SUMMONED, Summons, Whistle

AREAS = [
    an_area(id="320281", level=CITY, name="江阴市", parent=""), an_area(level=TOWN),
    an_area(id="320281001001", level=GRID, name="01 网格", parent="320281001"),
]  # fmt: skip
EVENTS = [
    an_event(id="urgent", urgency=1, area="320281001001"),
    an_event(id="hard", urgency=5, area="320281001001"), an_event(id="nowhere", urgency=5, area=""),
]  # fmt: skip


def test_each_page_of_a_station_has_something_to_work_on_and_only_once(tmp_path: Path) -> None:
    station = Station(tmp_path, "p1")
    station.mirror = Mirror(tmp_path / "m1.db")
    rows = {"area": [*map(astuple, AREAS)], "event": [*map(astuple, EVENTS)]}
    station.mirror.take(rows, {}, cursor="1")
    use(tmp_path, "m1.db")
    for _ in range(2):
        first_day.lay(station.store, station.desk)
    read = station.store.read
    (clue,) = read(lambda r: r.find(Clue))
    (whistle,) = read(lambda r: r.find(Whistle))
    called = read(lambda r: r.find(Summons))
    (payment,) = read(lambda r: r.find(Payment))
    case = read(lambda r: ladders.read(r, ["hard"]))["hard"]
    assert (clue.state, whistle.state, payment.state) == (NEW, BLOWN, ASKED)
    assert {one.state for one in called} == {SUMMONED} and len(called) > 1
    assert case.watched and case.supervision is not None and case.supervision.state == WATCHED
    assert case.top is not None and case.top.rung == "city"
    station.close()


def test_a_city_that_has_no_town_yet_is_left_alone(tmp_path: Path) -> None:
    station = Station(tmp_path, "p1")
    first_day.lay(station.store, station.desk)
    assert station.store.read(lambda r: r.find(Clue)) == []
    station.close()
