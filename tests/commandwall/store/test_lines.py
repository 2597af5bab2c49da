"""Lines on their way out: never more at once than the pool takes, and none forgotten."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from builders import StillClock

from commandwall.areas import chain
from commandwall.desk import Desk
from commandwall.events import EventNote
from commandwall.store import lines
from commandwall.store.migrate import open_store
from commandwall.store.store import Tx


def test_long_lines_go_one_after_the_other(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    desk = Desk(store, StillClock())

    def write(tx: Tx, no: int, size: int) -> None:
        tx.put(EventNote(f"n{no}", "e1", "长" * size, tx.now, "", ""))

    for no, size in enumerate((10, 10, 1_000_000, 10, 1_000_000, 10)):
        desk.run(write, {"no": no, "size": size})
    sent, goes = 0, []
    while waiting := store.read(partial(lines.unsent, origin=desk.origin, after=sent)):
        goes.append([line.seq for line in waiting])
        sent = waiting[-1].seq
    assert goes == [[1, 2], [3], [4], [5], [6]]
    desk.close()
    store.close()


def test_what_no_other_station_could_take_is_not_written(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    desk = Desk(store, StillClock())

    def write(tx: Tx) -> None:
        tx.put(EventNote("n1", "e1", "灯不亮", True, "", ""))  # SQLite takes a truth for a number

    with pytest.raises(ValueError):
        desk.run(write, {})
    assert store.read(lambda r: r.find(EventNote)) == []
    desk.close()
    store.close()


def test_areas_that_hold_each_other_end_the_chain() -> None:
    from world import an_area

    areas = {a.id: a for a in (an_area("a", 3, "甲", "b"), an_area("b", 2, "乙", "a"))}
    assert [a.id for a in chain(areas, "a")] == ["a", "b"]
    assert chain(areas, "c") == []
