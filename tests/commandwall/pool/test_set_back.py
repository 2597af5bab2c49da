"""A station whose files are older than what the pool has of it: a restored copy, a lost log."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from builders import an_event
from station import Station, exchange

from commandwall import events, tallies
from commandwall.events import EventNote
from commandwall.pool.loader import load
from commandwall.store import check, quarantine
from commandwall.store.mend import mend
from commandwall.store.migrate import upgrade
from commandwall.store.quarantine import Fault


def set_back(folder: Path, kept: Path) -> None:
    """The files of a station as they were at an earlier moment."""
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)


def mended(station: Station) -> Station:
    """The same station after its file was found damaged, though all its lines can be read."""
    old = station.desk.origin
    station.close()
    mend(station.folder, Fault("wal", "the log breaks off"), upgrade)
    again = Station(station.folder, "back")
    assert again.desk.origin != old
    return again


@pytest.mark.parametrize("times", [1, 2])
def test_what_a_mended_station_had_not_sent_reaches_the_pool_under_its_old_name(
    pool: Any, tmp_path: Path, times: int
) -> None:
    load(pool.owner, [an_event()])
    hall = Station(tmp_path / "wall", "back")
    with pool.client() as client:
        exchange(hall.meet(client))
    for no in range(times):
        hall.do(events.note, event="e1", text=f"未发送 {no}")
        hall = mended(hall)
    assert hall.store.read(tallies.backlog) == times
    assert "event:e1" not in hall.store.read(tallies.unsent)
    assert len(hall.store.read(tallies.unsent)) == times
    hall.do(events.note, event="e1", text="继续")
    with pool.client() as client:
        exchange(hall.meet(client))
    held = hall.store.read(lambda r: r.rows("SELECT origin, seq, hash FROM journal"))
    assert len(held) > times
    assert sorted(held) == sorted(
        pool.owner.execute("SELECT origin, seq, hash FROM cw_journal").fetchall()
    )
    assert hall.store.read(tallies.backlog) == 0
    hall.close()


@pytest.mark.parametrize("acts_on", ["", "acts", "acts and is mended"])
def test_a_station_that_was_set_back_goes_on_under_a_new_name(
    pool: Any, tmp_path: Path, acts_on: str
) -> None:
    """What it lost comes back; what it did before it heard of that is kept beside it."""
    load(pool.owner, [an_event()])
    first = Station(tmp_path / "wall", "back")
    with pool.client() as client:
        exchange(first.meet(client))
        first.do(events.accept, event="e1")
    first.close()
    shutil.copytree(tmp_path / "wall", tmp_path / "kept")
    later = Station(tmp_path / "wall", "back")
    with pool.client() as client:
        later.do(events.note, event="e1", text="之后")
        exchange(later.meet(client))
    old = later.desk.origin
    later.close()
    set_back(tmp_path / "wall", tmp_path / "kept")
    again = Station(tmp_path / "wall", "back")
    if acts_on:
        again.do(events.note, event="e1", text="退回后")
    if "mended" in acts_on:
        again = mended(again)
    with pool.client() as client:
        exchange(again.meet(client))
        exchange(again.meet(client))
    assert again.desk.origin != old
    again.do(events.note, event="e1", text="继续")
    with pool.client() as client:
        exchange(again.meet(client))
    told = {n.text for n in again.store.read(lambda r: r.find(EventNote))}
    assert told == {"之后", "继续"} | ({"退回后"} if acts_on else set())
    held = again.store.read(lambda r: r.rows("SELECT origin, seq, hash FROM journal"))
    sql = "SELECT origin, seq, hash FROM cw_journal"
    assert sorted(held) == sorted(pool.owner.execute(sql).fetchall())
    told = [h.code for h in quarantine.harms(again.folder)]
    assert told == (["wal", "fork"] if "mended" in acts_on else ["fork"])
    assert check.journal(again.folder / "wall.db") is None
    again.close()
