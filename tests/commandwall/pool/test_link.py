"""Two stations and a pool: what one does reaches the other, and nothing is lost on the way."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from builders import StillClock, a_sensor, an_event, finish
from station import Station, exchange

from commandwall import events
from commandwall.alarms import acknowledge
from commandwall.clock import SECOND
from commandwall.desk import Desk
from commandwall.events import EventNote
from commandwall.pool.client import PoolTrouble
from commandwall.pool.loader import load
from commandwall.sensors import READING_DTYPE, pack
from commandwall.store import database
from commandwall.store.database import StoreTrouble
from commandwall.store.migrate import open_store
from commandwall.store.tables import Conflict

WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
"""Whether somebody waits for another."""


def test_what_one_station_does_the_other_shows(pool: Any, station: Any) -> None:
    load(pool.owner, [an_event()])
    back, front = station("back"), station("front")
    with pool.client() as one, pool.client() as two:
        ours, theirs = back.meet(one), front.meet(two)
        back.do(events.accept, event="e1")
        exchange(ours)
        exchange(theirs)
    assert back.work() == front.work() and front.work().state == "ACCEPTED"


def test_a_station_that_joins_later_knows_what_was_done_before(pool: Any, station: Any) -> None:
    load(pool.owner, [an_event()])
    back, front = station("back"), station("front")
    with pool.client() as client:
        link = back.meet(client)
        back.do(events.accept, event="e1")
        back.do(events.dispatch, event="e1", unit="供水")
        exchange(link)
        link = front.meet(client)
        assert front.work().unit == "供水"
        finish(front.desk, "e1", "已修复")
        exchange(link)
        exchange(back.meet(client))
    assert back.work().state == "CLOSED"


def test_what_is_done_without_the_pool_arrives_when_it_is_back(pool: Any, station: Any) -> None:
    load(pool.owner, [an_event()])
    back, front = station("back"), station("front")
    with pool.client() as client:
        back.meet(client)
    back.do(events.accept, event="e1")
    with pool.client() as client:
        back.meet(client)
        front.meet(client)
    assert front.work().state == "ACCEPTED"


@pytest.mark.parametrize("wrong_s", [-90, 45])
def test_an_answer_counts_however_wrong_the_clock_of_who_gives_it(
    pool: Any, station: Any, wrong_s: int
) -> None:
    load(pool.owner, [an_event()])
    back, front = station("back"), station("front")
    front.clock.at += wrong_s * SECOND
    with pool.client() as client:
        link = back.meet(client)
        back.do(events.accept, event="e1")
        exchange(link)
        link = front.meet(client)
        front.do(events.dispatch, event="e1", unit="供水")
        exchange(link)
        link = back.meet(client)
        assert back.work() == front.work() and back.work().unit == "供水"
        finish(back.desk, "e1", "已修复")
        exchange(link)
        front.meet(client)
    assert back.work() == front.work() and back.work().state == "CLOSED"
    assert [one.store.read(lambda r: r.find(Conflict)) for one in (back, front)] == [[], []]


def test_what_was_answered_while_a_station_was_away_is_no_conflict_to_it(
    pool: Any, station: Any
) -> None:
    load(pool.owner, [an_event(id="e0"), an_event(id="e1")])
    back, front, town = station("back"), station("front"), station("p1")
    with pool.client() as client:
        for event, one, other in (("e0", back, front), ("e1", front, back)):
            link = one.meet(client)
            one.do(events.accept, event=event)
            exchange(link)
            link = other.meet(client)
            other.do(events.dispatch, event=event, unit="供水")
            exchange(link)
        town.meet(client)
    assert [town.work(event).unit for event in ("e0", "e1")] == ["供水"] * 2
    assert town.store.read(lambda r: r.find(Conflict)) == []


def test_two_that_write_the_same_records_crosswise_both_come_through(
    pool: Any, station: Any
) -> None:
    load(pool.owner, [an_event(id="e1"), an_event(id="e2")])
    back = station("back")
    work = "INSERT INTO cw_work VALUES (%s, 'NEW', '', '', now(), 0, '', 0)"
    with pool.client() as client, pool.connect() as other, ThreadPoolExecutor(1) as agent:
        link = back.meet(client)
        for event in ("e1", "e2"):
            back.do(events.accept, event=event)
        other.execute("SET deadlock_timeout = '1min'")
        with other.transaction(force_rollback=True):
            other.execute(work, ("e2",))
            pushing = agent.submit(link.push)
            while pool.owner.execute(WAITS).fetchone() == (False,):
                assert not pushing.done()
            other.execute(work, ("e1",))
        assert pushing.result()
        exchange(link)
    assert pool.owner.execute("SELECT id FROM cw_work ORDER BY id").fetchall() == [("e1",), ("e2",)]


def test_a_persons_act_gets_its_turn_while_hundreds_of_lines_come_in(
    pool: Any, station: Any
) -> None:
    load(pool.owner, [an_event()])
    back, front = station("back"), station("front")
    with pool.client() as client:
        link = back.meet(client)
        for number in range(300):
            back.do(events.note, event="e1", text=f"第 {number} 条")
        exchange(link)
    wall = Desk(open_store(front.folder), StillClock())
    with pool.client() as client, ThreadPoolExecutor(1) as agent:
        meeting = agent.submit(front.meet, client)
        while not front.store.read(lambda r: r.find(EventNote)):
            assert not meeting.done()
        wall.do(events.note, event="e1", text="在场").result()
        meeting.result()
    wall.close()
    written = front.store.read(lambda r: r.rows("SELECT id FROM changed ORDER BY seq"))
    notes = {n.id: n.text for n in front.store.read(lambda r: r.find(EventNote))}
    order = [notes[key] for (key,) in written if key in notes]
    assert len(order) == 301
    assert order.index("在场") < 300


def test_a_pool_that_was_set_back_gets_the_lines_again(pool: Any, station: Any) -> None:
    load(pool.owner, [an_event()])
    back = station("back")
    with pool.client() as client:
        link = back.meet(client)
        back.do(events.accept, event="e1")
        exchange(link)
    pool.owner.execute("TRUNCATE cw_journal, cw_work; UPDATE cw_head SET pos = 1")
    with pool.client() as client, pytest.raises(PoolTrouble, match="epoch"):
        back.meet(client)
    pool.owner.execute("SELECT cw_begin_anew()")
    with pool.client() as client:
        back.meet(client)
    assert pool.owner.execute("SELECT id, state FROM cw_work").fetchall() == [("e1", "ACCEPTED")]


def test_a_pack_that_is_none_and_one_seen_twice_do_no_harm(pool: Any, station: Any) -> None:
    load(pool.owner, [a_sensor(0)])
    back = station("back")
    for body in (
        b"rubbish",
        *(reading(back, s, v) for s, v in ((0, 90), (600, 90), (700, 1), (1300, 1))),
    ):
        pool.owner.execute("SELECT cw_put_pack('readings', %s)", (body,))
    with pool.client() as client:
        back.meet(client).take_packs()
    (alarm,) = back.alarms()
    back.do(acknowledge, alarm=alarm.id)
    acknowledged = back.alarms()
    with pool.client() as client:
        back.meet(client).take_packs()
    assert back.alarms() == acknowledged


def test_a_delay_that_ran_when_the_agent_was_killed_goes_on(pool: Any, station: Any) -> None:
    load(pool.owner, [a_sensor(0)])
    back, front = station("back"), station("front")
    with pool.client() as client, pool.client() as other:
        steady = front.meet(other)
        for second, value in ((0, 90), (600, 90)):
            pool.owner.execute(
                "SELECT cw_put_pack('readings', %s)", (reading(back, second, value),)
            )
            back.meet(client).take_packs()  # an agent anew for each reading
            steady.take_packs()
    (alarm,) = back.alarms()
    assert alarm.raised_at == back.clock.now()
    assert back.alarms() == front.alarms()


def test_an_alarm_is_raised_though_the_agent_was_killed_before_it_was_on_disk(
    pool: Any, station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(pool.owner, [a_sensor(0)])
    back = station("back")
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    bodies = (reading(back, 0, 90), reading(back, 600, 90))
    for body in bodies:
        pool.owner.execute("SELECT cw_put_pack('readings', %s)", (body,))
    with pool.client() as client:
        link = back.meet(client)
        with open_store(back.folder).write(back.clock.now()), pytest.raises(StoreTrouble):
            link.take_packs()
    with pool.client() as client:
        back.meet(client).take_packs()
    assert len(back.alarms()) == 1


def reading(station: Station, second: int, value: float) -> bytes:
    at = station.clock.now() + second * SECOND
    return pack(np.array([(0, at, value, 0)], READING_DTYPE))


def test_what_is_sent_at_once_goes_by_how_quickly_the_pool_takes_it(
    pool: Any, station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What took longer than a question may was sent again and again, as large as before."""
    load(pool.owner, [an_event()])
    back, sizes, slow = station("back"), list[int](), [True]
    with pool.client() as client:
        link, push = back.meet(client), client.push

        def counted(lines: Any) -> int:
            sizes.append(sum(len(line.body or "") for line in lines))
            if slow[0]:
                time.sleep(0.3)
            return int(push(lines))

        monkeypatch.setattr(client, "push", counted)
        for taken_slowly in (True, False):
            slow[0] = taken_slowly
            for n in range(120):
                back.do(events.note, event="e1", text=f"{n} " + "水" * 1900)
            del sizes[:]
            exchange(link)
            if taken_slowly:
                assert len(sizes) > 3 and max(sizes) <= 64 << 10
            else:
                assert sizes[0] <= 64 << 10 and max(sizes) > 1.5 * sizes[0]
    assert pool.owner.execute("SELECT count(*) FROM cw_journal").fetchone()[0] >= 240


def test_small_things_that_went_quickly_say_nothing_of_how_much_a_line_takes(
    pool: Any, station: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done while a thin line was away went in one piece: 8 s of silence."""
    load(pool.owner, [an_event()])
    back, sizes = station("back"), list[int]()
    with pool.client() as client:
        link, push = back.meet(client), client.push

        def counted(lines: Any) -> int:
            sizes.append(sum(len(line.body or "") for line in lines))
            return int(push(lines))

        monkeypatch.setattr(client, "push", counted)
        for n in range(20):
            back.do(events.note, event="e1", text=str(n))
            exchange(link)
        del sizes[:]
        for n in range(60):
            back.do(events.note, event="e1", text=f"{n} " + "水" * 1900)
        exchange(link)
    assert sizes[0] <= 4 << 10
