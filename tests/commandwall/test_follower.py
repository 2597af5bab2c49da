"""The picture follows what any program writes into the files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from pathlib import Path

import numpy as np
import pytest
from builders import NOW, StillClock, a_sensor, an_event, finish
from world import an_alarm

from commandwall import alarms, events, tallies
from commandwall.alarm_life import NORM, STATES
from commandwall.alarms import Alarm
from commandwall.areas import Place
from commandwall.arrays import SensorArrays
from commandwall.clock import Ms
from commandwall.desk import Desk
from commandwall.events import Event
from commandwall.follower import Follower
from commandwall.judge import Crossing
from commandwall.picture import Changes, Picture, Readings, SyncState, Tallies, Tick, together
from commandwall.sensors import Sensor
from commandwall.store import live, pulse, space
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.pulse import Patience, Sync
from commandwall.store.space import Space
from commandwall.whistles import Whistle
from commandwall.world import World


def values(record: object) -> tuple[object, ...]:
    return tuple(getattr(record, name) for name in record.__slots__)  # type: ignore[attr-defined]


class Station:
    """A station's files with a follower that is stepped by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store, self.clock = open_store(folder), StillClock()
        self.desk = Desk(self.store, self.clock)
        self.desk.take_post("chief").result()
        self.picture = Picture()
        world = World(self.store, self.clock, self.desk, self.picture)
        self.follower = Follower(world, self._take)
        self.follower.patience = Patience(2.0, 2.0)
        self.seen: set[type] = set()
        self.mirror: Mirror | None = None

    def fill(self, name: str, **rows: list[tuple[object, ...]]) -> None:
        self.mirror = Mirror(self.folder / name)
        self.mirror.take(rows, {}, city="临江市")
        use(self.folder, name)

    def look(self) -> set[type]:
        self.seen = set()
        self.clock.at += 1000
        self.follower.step()
        return self.seen

    def look_again(self) -> set[type]:
        """A look within the same second."""
        self.seen = set()
        self.follower.step()
        return self.seen

    def begin_again(self) -> None:
        """As after a start of the program: what is on disk is read whole."""
        self.follower._forget()
        self.picture = Picture()
        world = World(self.store, self.clock, self.desk, self.picture)
        self.follower = Follower(world, self._take)

    def close(self) -> None:
        self.follower._forget()
        self.desk.close()
        self.store.close()
        if self.mirror:
            self.mirror.close()

    def _take(self, changes: object) -> None:
        self.picture.apply(changes)  # type: ignore[arg-type]
        self.seen |= changes.kinds  # type: ignore[attr-defined]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Station]:
    world = Station(tmp_path)
    yield world
    world.close()


def test_before_the_first_fill_the_picture_is_empty_and_alive(world: Station) -> None:
    world.look()
    assert world.picture.events == {} and world.picture.now > NOW


def test_a_filled_mirror_appears_whole(world: Station) -> None:
    world.look()
    closed = an_event(id="e2", state="CLOSED", closed_at=NOW)
    world.fill("m1.db", event=[values(an_event()), values(closed)])
    world.look()
    assert list(world.picture.events) == ["e1"] and world.picture.city == "临江市"


def test_what_can_wait_follows_as_soon_as_the_screen_has_drawn(world: Station) -> None:
    school = Place("school-1", "school", "实验小学", "320281001", 120.28, 31.92, 1200)
    world.fill("m1.db", event=[values(an_event())], place=[values(school)])
    world.look()
    world.look()
    assert list(world.picture.events) == ["e1"] and not world.picture.places
    assert not world.picture.channels
    world.follower.go_on()
    assert Place in world.look() and list(world.picture.places) == ["school-1"]
    world.clock.at += tallies.EVERY
    world.look()
    assert list(world.picture.channels) == ["12345"]
    assert Place not in world.look()  # and once only


def test_an_act_of_this_station_shows_at_once_and_as_unsent(world: Station) -> None:
    world.fill("m1.db", event=[values(an_event())])
    world.look()
    world.desk.do(events.accept, event="e1").result()
    assert Event in world.look()
    assert world.picture.events["e1"].state == "ACCEPTED"
    assert world.picture.unsent == {"eventwork:e1"} and world.picture.sync.backlog == 1


def test_counters_follow_what_is_done_here(world: Station) -> None:
    world.fill("m1.db", event=[values(an_event(area="a")), values(an_event(id="e2", area="a"))])
    world.look()
    assert world.picture.counters.open == 2
    world.desk.do(events.dispatch, event="e1", unit="供水公司").result()
    finish(world.desk, "e1", "已修复")
    world.look()
    world.look()
    counters = world.picture.counters
    assert (counters.total, counters.open, counters.closed_today) == (2, 1, 1)
    assert counters.open_by_area == {"a": 1}
    assert counters == world.store.read(lambda r: tallies.count(r, world.clock.now()))


def test_counters_follow_a_new_event_at_once_and_no_faster_than_their_pause(
    world: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They followed with the next but one second, while its row stood in the list."""
    monkeypatch.setattr(world.clock, "monotonic", lambda: 1.0)  # nothing takes time
    world.fill("m1.db", event=[values(an_event())])
    world.look()
    for n, (later, counted) in enumerate(((100, 2), (20, 2), (80, 3)), 2):
        if n < 4:
            world.mirror.take({"event": [values(an_event(id=f"e{n}"))]}, {})  # type: ignore[union-attr]
        world.clock.at += later
        assert (Event in world.look_again()) == (n < 4)
        assert world.picture.counters.total == counted
    world.clock.at += 100
    assert Tallies not in world.look_again()  # nothing moved: nothing is counted


def test_counters_count_once_when_the_pool_says_the_same(world: Station) -> None:
    world.fill("m1.db", event=[values(an_event())])
    world.look()
    world.desk.do(events.accept, event="e1").result()
    finish(world.desk, "e1", "已修复")
    done = an_event(state="CLOSED", closed_at=world.clock.now())
    for row in (done, an_event(state="ARCHIVED", closed_at=done.closed_at)):
        assert world.mirror is not None
        world.mirror.take({"event": [values(row)]}, {})
        world.look()
        world.look()
        counters = world.picture.counters
        assert (counters.total, counters.open, counters.closed_today) == (1, 0, 1)


def test_an_event_that_an_alarm_filed_is_counted_until_its_row_takes_over(world: Station) -> None:
    world.fill("m1.db", sensor=[values(a_sensor(3))])
    rule = next(r for r in alarms.rules() if r.id == "GAS-2")
    crossing = Crossing(a_sensor(), rule, 2, 27.0, NOW)
    world.desk.run(alarms.observe, {"crossings": [crossing]}, local=True)
    world.look()
    world.look()
    assert (world.picture.counters.total, world.picture.counters.open) == (1, 1)
    (view,) = world.picture.events.values()
    assert world.mirror is not None
    world.mirror.take({"event": [values(view.event)]}, {})
    world.look()
    world.look()
    assert (world.picture.counters.total, world.picture.counters.open) == (1, 1)
    assert world.picture.counters.open_by_area == {"a1": 1}


def test_after_a_start_the_counters_know_earlier_work(world: Station) -> None:
    world.fill("m1.db", event=[values(an_event()), values(an_event(id="e2"))])
    world.desk.do(events.accept, event="e1").result()
    finish(world.desk, "e1", "已修复")
    world.look()
    assert (world.picture.counters.open, list(world.picture.events)) == (1, ["e2"])


def test_a_row_that_the_pool_changes_or_drops_follows(world: Station) -> None:
    world.fill("m1.db", event=[values(an_event()), values(an_event(id="e2"))])
    world.look()
    assert world.mirror is not None
    world.mirror.take({"event": [values(an_event(title="停电"))]}, {"event": ["e2"]})
    world.look()
    assert {v.event.title for v in world.picture.events.values()} == {"停电"}


def test_a_later_row_never_undoes_an_act(world: Station) -> None:
    world.fill("m1.db", event=[values(an_event())])
    world.desk.do(events.dispatch, event="e1", unit="供水公司").result()
    assert world.mirror is not None
    world.mirror.take({"event": [values(an_event(title="停水二次"))]}, {})
    world.look()
    view = world.picture.events["e1"]
    assert (view.state, view.unit, view.event.title) == ("DISPATCHED", "供水公司", "停水二次")


def test_another_mirror_replaces_everything(world: Station) -> None:
    world.fill("m1.db", event=[values(an_event())])
    world.look()
    world.mirror.close()  # type: ignore[union-attr]
    world.fill("m2.db", event=[values(an_event(id="e9"))])
    world.look()
    assert list(world.picture.events) == ["e9"]


def test_live_values_reach_the_arrays_of_the_picture(world: Station) -> None:
    world.fill("m1.db", sensor=[values(a_sensor(7)), values(a_sensor(3))])
    arrays = live.LiveArrays(
        world.folder / live.live_name("sensors", 8), live.READING, 8, create=True
    )
    world.look()
    arrays.write(np.array([7]), value=np.array([27.5], np.float32), at=np.array([NOW]))
    assert Readings in world.look()
    sensors = world.picture.sensors
    assert sensors.value[sensors.row_of["s7"]] == np.float32(27.5)
    assert sensors.at[sensors.row_of["s3"]] == 0
    assert Readings not in world.look()


def test_a_file_that_is_too_small_for_new_devices_is_left_for_the_larger_one(
    world: Station,
) -> None:
    """The wall may hear of devices before the agent has made room for them."""
    live.LiveArrays(
        world.folder / live.live_name("sensors", 8), live.READING, 8, create=True
    )  # fmt: skip
    no, rows = live.BLOCK + 5, 2 * live.BLOCK
    world.fill("m1.db", sensor=[values(a_sensor(no))])
    world.look()
    path = world.folder / live.live_name("sensors", rows)
    arrays = live.LiveArrays(path, live.READING, rows, create=True)
    arrays.write(np.array([no]), value=np.array([27.5], np.float32), at=np.array([NOW]))
    assert Readings in world.look()
    assert world.picture.sensors.at.tolist() == [NOW]


def test_a_look_in_the_middle_of_a_writing_waits_for_the_next(world: Station) -> None:
    """It once took the wait for a fault, and read the whole city anew."""
    world.fill("m1.db", sensor=[values(a_sensor(3))])
    world.look()
    path = world.folder / live.live_name("sensors", 8)
    arrays = live.LiveArrays(path, live.READING, 8, create=True)
    arrays._counter[0] += 1
    conn = world.follower._conn
    world.look()
    assert world.follower._conn is conn and world.picture.sensors.at[0] == 0
    arrays._counter[0] += 1
    arrays.write(np.array([3]), at=np.array([int(NOW)]), value=np.array([41.5], np.float32))
    world.look()
    assert world.picture.sensors.at[0] == NOW


def test_an_alarm_lives_from_raised_to_acknowledged_to_over(world: Station) -> None:
    world.fill("m1.db", sensor=[values(a_sensor(3))])
    rule = next(r for r in alarms.rules() if r.id == "GAS-2")

    def observe(severity: int, at: int) -> None:
        crossing = Crossing(a_sensor(), rule, severity, 27.0, at)  # type: ignore[arg-type]
        world.desk.run(alarms.observe, {"crossings": [crossing]}, local=True)
        world.look()

    observe(2, NOW)
    (alarm,) = world.picture.alarms.values()
    assert (alarm.state, alarm.severity) == ("UNACK", 2)
    assert [v.event.source for v in world.picture.events.values()] == ["iot"]
    world.desk.do(alarms.acknowledge, alarm=alarm.id).result()
    world.look()
    assert world.picture.alarms[alarm.id].state == "ACKED"
    observe(0, NOW + 60_000)
    assert world.picture.alarms[alarm.id].state == "LATCH"
    world.desk.do(alarms.reset, alarm=alarm.id, reason="已到场关阀").result()
    world.look()
    assert world.picture.alarms == {}


@pytest.mark.parametrize("state", [state for state in STATES if state != NORM])
def test_after_a_start_an_alarm_is_shown_in_whatever_state_it_stands(
    world: Station, state: str
) -> None:
    world.fill("m1.db", sensor=[values(a_sensor(3))])
    world.look()
    standing = an_alarm(state=state)
    world.desk.run(lambda tx: tx.put(standing), {}, local=True)
    world.look()
    assert world.picture.alarms == {standing.id: standing}
    world.begin_again()
    world.look()
    assert world.picture.alarms == {standing.id: standing}


def test_an_alarm_that_went_away_unseen_still_wants_a_person(world: Station) -> None:
    world.fill("m1.db", sensor=[values(a_sensor(3))])
    rule = next(r for r in alarms.rules() if r.id == "GAS-2")
    for severity, at in ((2, NOW), (0, NOW + 60_000)):
        crossing = Crossing(a_sensor(), rule, severity, 27.0, at)  # type: ignore[arg-type]
        world.desk.run(alarms.observe, {"crossings": [crossing]}, local=True)
    world.look()
    (alarm,) = world.picture.alarms.values()
    assert alarm.state == "RTNUN"
    world.desk.do(alarms.acknowledge, alarm=alarm.id).result()
    world.desk.do(alarms.reset, alarm=alarm.id, reason="已到场关阀").result()
    world.look()
    assert world.picture.alarms == {}


def test_a_raised_alarm_files_one_event_however_often_it_is_seen(world: Station) -> None:
    world.fill("m1.db", sensor=[values(a_sensor(3))])
    rule = next(r for r in alarms.rules() if r.id == "GAS-2")
    crossing = Crossing(a_sensor(), rule, 2, 27.0, NOW)
    for _ in range(3):
        world.desk.run(alarms.observe, {"crossings": [crossing]}, local=True)
    world.look()
    assert len(world.picture.events) == 1 and len(world.picture.alarms) == 1


def test_who_falls_silent_is_told_before_the_next_second(world: Station) -> None:
    heard = Ms(world.clock.at + 300)
    pulse.write(world.folder, Sync(agent_at=heard, pool_at=heard))
    world.look()
    world.look()
    world.clock.at += 250
    world.look_again()
    assert world.seen == set()  # two seconds of silence are borne
    world.clock.at += 250
    assert Tick in world.look_again()
    assert world.picture.now == world.clock.at
    world.clock.at += 250
    assert world.look_again() == set()  # and told once


def test_what_a_disk_has_left_is_told_by_the_second_and_only_where_it_is_little(
    world: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other programs write all the time; a full disk waits for no second."""
    found = Space("/data", 9000, 128)
    monkeypatch.setattr(space, "keep", lambda folder: found)

    def turns_to(it: Space, ms: int) -> set[type]:
        nonlocal found
        found, world.clock.at = it, Ms(world.clock.at + ms)
        return world.look_again()

    world.look()
    world.look()
    assert SyncState not in turns_to(replace(found, free_mb=8000), 250)
    assert SyncState in turns_to(replace(found, free_mb=820, low=True), 250)
    assert SyncState not in turns_to(replace(found, free_mb=810), 250)
    assert SyncState in turns_to(found, 750) and world.picture.space.free_mb == 810
    assert SyncState in turns_to(replace(found, full=True, low=False), 250)


def test_changes_together_say_what_both_one_after_the_other_say() -> None:
    """Also where devices were counted anew between them, or a kind was read anew."""
    alarm, again = an_alarm("A1"), an_alarm("A1", severity=1)
    few, more = (SensorArrays.of([a_sensor(no) for no in range(n)]) for n in (1, 2))
    value = {"at": np.array([NOW]), "value": np.ones(1, np.float32),
             "quality": np.zeros(1, np.uint8), "severity": np.zeros(1, np.uint8)}  # fmt: skip
    steps = [
        Changes(NOW, {Alarm: {"A1": alarm, "A2": an_alarm("A2")}}, sensors=few),
        Changes(NOW, {Alarm: {"A1": again}}, frozenset({Readings}), readings=value),
        Changes(NOW, {Sensor: {}}, frozenset({Tick}), sensors=more, city="临江市"),
        Changes(NOW, {Alarm: {"A1": again}}, whole=frozenset({Alarm})),
        Changes(NOW, {Alarm: {"A1": None, "A3": alarm}}),
    ]
    for first in range(len(steps)):
        one, other = Picture(), Picture()
        for step in steps[first:]:
            one.apply(step)
        both = reduce(together, steps[first:])
        other.apply(both)
        assert other.alarms == one.alarms and other.city == one.city
        assert len(other.sensors.ids) == len(one.sensors.ids)
        assert both.kinds == frozenset().union(*(step.kinds for step in steps[first:]))


def test_a_closed_event_of_a_restricted_class_stays_hidden(world: Station) -> None:
    """What was said beside it, on a whistle for one, is shown after its end as well."""
    whistle = Whistle("w", "e1", "a", "emergency", "锦绣园有人轻生", "天台", None, None, "ENDED",
                      "solved", "已劝下", NOW, "陈", "p3", NOW, NOW, "陈", "p3")  # fmt: skip
    rows = [values(an_event(cls="crisis")), values(an_event(id="e2"))]
    world.fill("m1.db", event=rows)
    world.desk.run(lambda tx: tx.put(whistle, replace(whistle, id="w2", event="e2")), {})
    world.look()
    assert world.picture.hides("e1") and not world.picture.hides("e2")
    finish(world.desk, "e1", "已劝下")
    world.look()
    assert "e1" not in world.picture.events and world.picture.hides("e1")
    world.begin_again()
    world.look()
    assert world.picture.hides("e1") and not world.picture.hides("e2")
    assert world.picture.title_of_hidden("e1") == "个人危机"
    finish(world.desk, "e2", "好了")
    world.look()
    assert not world.picture.hides("e2")
