"""Two-way counts agree with a plain count, whatever was changed, killed or lost before."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from builders import NOW, an_event

from commandwall import cube
from commandwall.clock import HOUR, Ms, to_datetime
from commandwall.store import hot
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Reader, Store

WAYS = [("area", "cls"), ("source", "state"), ("cls", "hour"), ("state", "area")]


def row(drawn: random.Random, key: str) -> tuple[object, ...]:
    event = an_event(
        id=key, source=drawn.choice(["12345", "grid", "110"]), cls=f"c{drawn.randrange(9)}",
        area=f"a{drawn.randrange(40)}", state=drawn.choice(["NEW", "CLOSED", "SIGNED"]),
        reported_at=Ms(NOW - drawn.randrange(90 * 24) * HOUR),
    )  # fmt: skip
    return tuple(getattr(event, name) for name in event.__slots__)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path)
    yield store
    store.close()


def live(folder: Path, seed: int, pages: int = 6) -> None:
    """A mirror that took some pages of new, changed and deleted events."""
    drawn = random.Random(seed)
    mirror = Mirror(folder / "m1.db")
    use(folder, "m1.db")
    for _ in range(pages):
        rows = [row(drawn, f"e{drawn.randrange(300)}") for _ in range(120)]
        mirror.take({"event": rows}, {"event": [f"e{drawn.randrange(300)}" for _ in range(9)]})
    mirror.close()


def plain(reader: Reader, ways: tuple[str, str], where: str = "1") -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    sql = f"SELECT area, cls, source, state, reported_at FROM event WHERE {where}"
    for *facts, at in reader.rows(sql):
        known = dict(zip(("area", "cls", "source", "state"), facts, strict=True))
        known["hour"] = f"{to_datetime(Ms(at)).hour:02}"
        found[known[ways[0]], known[ways[1]]] += 1
    return found


def told(found: cube.Cube) -> Counter[tuple[str, str]]:
    return Counter(
        {
            (a, b): int(found.counts[i, k])
            for i, a in enumerate(found.rows)
            for k, b in enumerate(found.cols)
            if found.counts[i, k]
        }
    )


@pytest.mark.parametrize("ways", WAYS)
def test_any_two_ways_are_counted_as_a_plain_query_counts_them(
    tmp_path: Path, store: Store, ways: tuple[str, str]
) -> None:
    live(tmp_path, 1)
    assert told(store.read(lambda r: cube.count(r, ways))) == store.read(lambda r: plain(r, ways))


def test_a_count_can_be_kept_to_some_values_and_a_time(tmp_path: Path, store: Store) -> None:
    live(tmp_path, 2)
    since = Ms(NOW - 30 * 24 * HOUR)
    where = {"state": ["NEW", "SIGNED", "never seen"], "source": ["grid"]}
    found = store.read(lambda r: cube.count(r, ("area", "cls"), where, since))
    sql = f"state IN ('NEW', 'SIGNED') AND source = 'grid' AND reported_at >= {since}"
    assert told(found) == store.read(lambda r: plain(r, ("area", "cls"), sql))


def test_before_there_is_a_mirror_nothing_is_counted(tmp_path: Path, store: Store) -> None:
    assert store.read(lambda r: cube.count(r, ("area", "cls"))).rows == []


def test_columns_that_missed_a_change_are_made_anew(tmp_path: Path, store: Store) -> None:
    """As after a kill between the mirror's commit and the columns, or after a power cut."""
    live(tmp_path, 3)
    old = hot.hot_path(tmp_path / "m1.db").read_bytes()
    live(tmp_path, 4)
    hot.hot_path(tmp_path / "m1.db").write_bytes(old)
    Mirror(tmp_path / "m1.db").close()
    counted = told(store.read(lambda r: cube.count(r, ("area", "cls"))))
    assert counted == store.read(lambda r: plain(r, ("area", "cls")))


@pytest.mark.parametrize("broken", [b"", b"x" * 500])
def test_columns_that_are_none_are_made_anew(tmp_path: Path, store: Store, broken: bytes) -> None:
    live(tmp_path, 5)
    hot.hot_path(tmp_path / "m1.db").write_bytes(broken)
    assert store.read(lambda r: cube.count(r, ("area", "cls"))).rows == []
    Mirror(tmp_path / "m1.db").close()
    assert store.read(lambda r: cube.count(r, ("area", "cls"))).rows


def test_a_page_that_was_undone_leaves_no_trace(tmp_path: Path, store: Store) -> None:
    live(tmp_path, 6)
    mirror, drawn = Mirror(tmp_path / "m1.db"), random.Random(7)
    bad = (*row(drawn, "bad")[:3], None, *row(drawn, "bad")[4:])  # a title must not be missing
    with pytest.raises(Exception, match="NOT NULL"):
        mirror.take({"event": [bad]}, {})
    mirror.take({"event": [row(drawn, "good")]}, {})
    mirror.close()
    counted = told(store.read(lambda r: cube.count(r, ("area", "cls"))))
    assert counted == store.read(lambda r: plain(r, ("area", "cls")))


def test_a_file_that_is_full_is_packed_and_the_mirror_not_read_again(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of millions of events that took many seconds, in which no change came."""
    made: list[int] = []
    monkeypatch.setattr(hot, "SPARE", 50)
    inner = hot.HotColumns._make
    monkeypatch.setattr(hot.HotColumns, "_make", lambda self, c: (inner(self, c), made.append(1)))
    live(tmp_path, 8, pages=12)
    counted = told(store.read(lambda r: cube.count(r, ("source", "state"))))
    assert counted == store.read(lambda r: plain(r, ("source", "state")))
    assert made == [1], "at the beginning"
    weights = hot.read_hot(tmp_path / "m1.db")[0]["weight"]
    there = store.read(lambda r: r.value("SELECT count(*) FROM event"))
    assert int(weights.sum()) == there < len(weights) < 3 * there + 100


def test_more_names_than_a_column_can_tell_apart_share_the_last(
    tmp_path: Path, store: Store
) -> None:
    mirror = Mirror(tmp_path / "m1.db")
    use(tmp_path, "m1.db")
    rows = [row(random.Random(i), f"e{i}") for i in range(300)]
    mirror.take({"event": [(r[0], f"src{i}", *r[2:]) for i, r in enumerate(rows)]}, {})
    mirror.close()
    found = store.read(lambda r: cube.count(r, ("source", "state")))
    assert int(found.counts.sum()) == 300 and found.rows[-1] == "" and len(found.rows) == 256
    assert int(np.asarray(found.counts)[-1].sum()) == 45
