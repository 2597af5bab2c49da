"""The first fill: everything arrives once, whatever happens on the way, and most of it early."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from builders import NOW, StillClock, an_event

from commandwall import event_lists, events, tallies
from commandwall.areas import CITY, Area
from commandwall.clock import MINUTE
from commandwall.events import Event
from commandwall.pool.fill import Progress, fill
from commandwall.pool.filling import Filling, Share
from commandwall.pool.loader import load
from commandwall.pool.own import address
from commandwall.pool.source import Source
from commandwall.store import numbers
from commandwall.store.draft import Draft
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, forget_others, mirror_name, use
from commandwall.store.store import Reader, Store

ROOT = Path(__file__).resolve().parents[3]
SEED = int(os.environ.get("COMMANDWALL_TEST_SEED", time.time_ns() % 1_000_000))
CHILD = """
import sys
from pathlib import Path
from commandwall.pool import fill, source
from commandwall.store import draft
fill.LONG, source.RANGE, draft.EVERY_S = 1000, 700, 0.0
sys.exit(fill.main(Path(sys.argv[1])))
"""
"""The child program with ranges so short that it can be hit within each of its steps."""


def many(pool: Any, count: int) -> None:
    """Events of a year, one in ten open, each with its own words."""
    pool.owner.execute(
        "INSERT INTO cw_event(id, source, source_id, title, body, cls, urgency, area, address,"
        " placed, datum, reported_at, received_at, state, unit, closed_at)"
        " SELECT 'e' || i, 'grid', i::text, '停水' || i, '第' || i %% 7 || '幢', 'water', 3,"
        " '3202810' || i %% 9, '', 'nowhere', 'wgs84', at, at,"
        " CASE WHEN i %% 10 = 0 THEN 'NEW' ELSE 'CLOSED' END, '',"
        " CASE WHEN i %% 10 <> 0 THEN at + interval '1 hour' END"
        " FROM (SELECT i, now() - i * interval '97 seconds' AS at FROM generate_series(1, %s) i) m",
        (count,),
    )


def run(folder: Path, pool: Any, kill_after: float | None = None) -> int:
    """The child program, killed after some seconds unless it was faster."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)], cwd=ROOT, stdout=subprocess.DEVNULL,
        env={**os.environ, **address(pool.station_url, pool.station_secret)},
    )  # fmt: skip
    try:
        return child.wait(kill_after)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def disturb(pool: Any, drawn: random.Random) -> None:
    """What a city does meanwhile: new, changed, moved in time, gone."""
    key, other = (f"e{drawn.randrange(1, 6000)}" for _ in range(2))
    pool.owner.execute("UPDATE cw_event SET title = %s WHERE id = %s", (f"路灯{key}", key))
    days = drawn.randrange(-300, 300)
    moved = "UPDATE cw_event SET reported_at = reported_at + %s * interval '1 day' WHERE id = %s"
    pool.owner.execute(moved, (days, other))
    pool.owner.execute("DELETE FROM cw_event WHERE id = %s", (f"e{drawn.randrange(1, 6000)}",))


def caught_up(folder: Path, client: Any) -> Path:
    """The whole mirror after the rest of the feed; its path."""
    path = folder / mirror_name(client.meta().epoch)
    with closing(Mirror(path)) as mirror:
        page = client.page(int(mirror.meta("cursor")), 1_000_000)
        mirror.take(page.rows, page.gone, cursor=str(page.last))
    return path


def recounted(rows: list[tuple[Any, ...]]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for event in (Event(*row) for row in rows):
        found["hour", f"{event.reported_at // 3_600_000:06}|{event.source}"] += 1
        found["state", event.state] += 1
        if event.closed_at is not None:
            found["closed", f"{event.closed_at // 3_600_000:06}"] += 1
        if event.state not in events.CLOSED_STATES:
            found["open", event.area] += 1
    return found


def same_as_pool(store: Store, client: Any) -> None:
    """Rows, counters, numbers and words of the mirror are those of the pool, no more, no less."""
    with Source(client) as source:
        pieces = [rows.to_pylist() for rows, _ in source.rows("event", "")]
    wanted = {row["id"]: tuple(row.values()) for rows in pieces for row in rows}

    def look(r: Reader) -> None:
        held = {row[1]: row for row in r.rows("SELECT rowid, * FROM event")}
        assert {key: row[1:] for key, row in held.items()} == wanted
        at = 1 + Event.__slots__.index("reported_at")
        assert all(numbers.fits(row[0], row[at]) for row in held.values())
        counted = {(n, k): c for n, k, c in r.rows("SELECT * FROM tally WHERE n <> 0")}
        assert counted == recounted(list(wanted.values()))
        for term in ("停水", "路灯", "幢"):
            spelled = r.rows(
                "SELECT count(*) FROM event_fts WHERE event_fts MATCH :m", m=f'"{term}"'
            )
            asked = {v.event.id for v in event_lists.search(r, term, 1_000_000)}
            titled = {k for k, row in wanted.items() if term in row[3] + row[4]}
            assert asked == titled and (len(term) == 1 or spelled[0][0] == len(titled))

    store.read(look)


@pytest.mark.parametrize("kills", [pytest.param(6), pytest.param(50, marks=pytest.mark.long)])
def test_killed_at_any_moment_it_goes_on_and_nothing_is_lost_or_doubled(
    pool: Any, tmp_path: Path, kills: int
) -> None:
    print(f"seed {SEED}")
    drawn = random.Random(SEED)
    load(pool.owner, [Area("c", CITY, "临江市", "", 120.2, 31.15, b"", 0)])
    many(pool, 6000)
    start = time.monotonic()
    (tmp_path / "calm").mkdir()
    assert run(tmp_path / "calm", pool) == 0  # how long it takes undisturbed
    spent = time.monotonic() - start
    for _ in range(kills):
        disturb(pool, drawn)
        run(tmp_path, pool, spent * (0.3 + 0.7 * drawn.random()))
    disturb(pool, drawn)
    assert run(tmp_path, pool) == 0
    with pool.client() as client:
        caught_up(tmp_path, client)
        store = open_store(tmp_path)
        try:
            same_as_pool(store, client)
            assert store.read(lambda r: r.find(Area))[0].name == "临江市"
        finally:
            store.close()


def test_an_event_that_moved_in_time_while_it_was_copied_is_there_once(tmp_path: Path) -> None:
    def rows(**kw: Any) -> pa.Table:
        return pa.Table.from_pylist([dataclasses.asdict(an_event(**kw))], _SHAPE)

    with closing(Draft(tmp_path / "m1.db")) as draft:
        draft.take("event", rows(id="a", title="停水", body=""), "1")
        draft.take("event", rows(id="b", title="路灯", body=""), "2")
        draft.take("event", rows(id="a", title="噪音", body="", reported_at=NOW + MINUTE), "3")
        draft.finish()
    use(tmp_path, "m1.db")
    with closing(open_store(tmp_path)) as store:
        found = store.read(lambda r: [v.event.id for v in event_lists.search(r, "噪音")])
        assert found == ["a"] and not store.read(lambda r: event_lists.search(r, "停水"))
        assert store.read(lambda r: tallies.count(r, NOW)).total == 2


_SHAPE = pa.schema(
    [
        (f.name, {"str": pa.string(), "float | None": pa.float64()}.get(str(f.type), pa.int64()))
        for f in dataclasses.fields(Event)
    ]
)


def test_more_events_in_one_minute_than_it_has_numbers_are_all_kept(tmp_path: Path) -> None:
    a_row = dataclasses.astuple(an_event())
    at = Event.__slots__.index("reported_at")
    many_rows = [(f"x{i}", *a_row[1:]) for i in range(numbers.ROOM + 50)]
    later = [("y", *a_row[1:at], NOW + MINUTE, *a_row[at + 1 :])]
    with closing(Mirror(tmp_path / "m1.db")) as mirror:
        mirror.take({"event": later}, {})
        mirror.take({"event": many_rows}, {})
        mirror.take({"event": many_rows[:10]}, {})
    use(tmp_path, "m1.db")
    with closing(open_store(tmp_path)) as store:
        assert store.read(lambda r: r.value("SELECT count(*) FROM event")) == numbers.ROOM + 51
        assert (
            len(store.read(lambda r: event_lists.search(r, "停水", 100_000))) == numbers.ROOM + 51
        )


def test_everything_but_the_past_can_be_used_while_the_past_arrives(
    pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(pool.owner, [Area("c", CITY, "临江市", "", 120.2, 31.15, b"", 0)])
    many(pool, 3000)
    monkeypatch.setattr("commandwall.pool.fill.LONG", 1000)
    store, clock = open_store(tmp_path), StillClock()
    clock.at = int(time.time() * 1000)
    seen: list[tuple[str, bool, int, int, int]] = []

    def look(share: Any) -> None:
        def ask(r: Reader) -> tuple[int, int, int]:
            opened = r.value(f"SELECT count(*) FROM event WHERE {events.IS_OPEN}")
            all_, areas = r.value("SELECT count(*) FROM event"), len(r.find(Area))
            return int(opened), int(all_), areas

        seen.append((store.mirror_name(), share.usable, *store.read(ask)))

    with pool.client() as client:
        name = fill(tmp_path, client, clock, look)
        small = mirror_name(client.meta().epoch, small=True)
        early = [s for s in seen if s[0] == small]
        newer = pool.owner.execute(
            "SELECT count(*) FROM cw_event"
            " WHERE state = 'NEW' OR reported_at >= now() - interval '1 day'"
        ).fetchone()
        assert early and all(s[1:] == (True, 300, newer[0], 1) for s in early)
        assert store.mirror_name() == name
        assert fill(tmp_path, client, clock, look) == name  # there is nothing left to do
        same_as_pool(store, client)
    forget_others(tmp_path, name)
    assert [p.name for p in tmp_path.glob("mirror-*.db")] == [name]
    store.close()


def test_a_child_tells_how_far_it_is_and_how_long_it_takes(pool: Any, tmp_path: Path) -> None:
    many(pool, 3000)
    told = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)], cwd=ROOT, capture_output=True, check=True,
        env={**os.environ, **address(pool.station_url, pool.station_secret)},
    ).stdout.splitlines()  # fmt: skip
    shares = [json.loads(line) for line in told]
    assert [s["share"] for s in shares] == sorted(s["share"] for s in shares)
    assert all(s["left_s"] >= 0 for s in shares) and shares[-1]["usable"]
    assert shares[-1]["share"] == 1.0 and shares[-1]["left_s"] == 0.0


class Ticking(StillClock):
    """A clock of which each look takes a second."""

    looks = 0.0

    def monotonic(self) -> float:
        self.looks += 1.0
        return self.looks


def test_a_run_that_goes_on_with_hardly_a_row_to_come_tells_of_no_weeks() -> None:
    told: list[Share] = []
    progress = Progress(told.append, Ticking())
    progress.begin(3_600_000, 3_599_999)
    progress.add(1)
    for share in (0.25, 0.5, 1.0):
        progress.last(share)
    assert told[0].share == pytest.approx(1 / 1.15) and told[0].left_s is None
    assert [t.left_s for t in told[1:]] == [pytest.approx(6.0), pytest.approx(3.0), 0.0]
    assert told[-1].share == 1.0


def test_a_fill_that_cannot_run_is_a_trouble_with_a_name(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    nowhere = address(f"postgresql://station@/city?host={tmp_path}", str(tmp_path / "secret"))
    with Filling(tmp_path, nowhere) as filling:
        filling.join()
        with pytest.raises(Exception, match="the first fill ended with"):
            filling.check()


def test_a_fill_killed_when_all_was_made_takes_the_rest_from_the_feed(
    pool: Any, tmp_path: Path
) -> None:
    many(pool, 100)
    with pool.client() as client:
        name = fill(tmp_path, client, StillClock(), lambda share: None)
        (tmp_path / "mirror.current").unlink()  # as if killed before the folder pointed at it
        later = "UPDATE cw_event SET reported_at = now() + interval '9 days' WHERE id = 'e7'"
        pool.owner.execute(later)
        assert fill(tmp_path, client, StillClock(), lambda share: None) == name
        with closing(open_store(tmp_path)) as store:
            same_as_pool(store, client)


def test_what_comes_after_the_first_fill_is_written_alone(tmp_path: Path, pool: Any) -> None:
    """The 16th event wrote the index of all events anew: of millions, for seconds."""
    many(pool, 6000)
    assert run(tmp_path, pool) == 0
    with pool.client() as client:
        path = caught_up(tmp_path, client)
    sql = "SELECT id FROM event_fts_data WHERE id > 10"  # its pages, beside two rows of its own
    with closing(open_store(tmp_path)) as store, closing(Mirror(path)) as mirror:
        made = set(store.read(lambda reader: reader.rows(sql)))
        for n in range(40):
            row = an_event(id=f"new{n}", title=f"井盖破损 {n}", reported_at=NOW)
            mirror.take({"event": [dataclasses.astuple(row)]}, {})
        assert len(made) > 9 and made <= set(store.read(lambda reader: reader.rows(sql)))
        found = store.read(lambda reader: event_lists.search(reader, "破损"))
        assert len(found) == 40 and len(store.read(lambda r: event_lists.search(r, "停水77"))) > 9
