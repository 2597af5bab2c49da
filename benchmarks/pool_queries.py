"""What the panels ask of the mirror, beside the plain way to the same answer.

`python -m benchmarks.pool_queries [--quick] [--events N] [--pool FOLDER]`: a pool of invented
events, filled into a mirror as a station fills it, in three sizes, so that growth shows; each
question is asked through the store as a panel asks it, many times; told is the time under which 95
of 100 answers came.

The last row is no question: an event comes, and all that is kept of events is brought up to it
(counters, full text, hot columns), after which the list and the count have it; the plain way counts
anew. From its commit in the pool until the window lists it: `sync_lag`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import astuple, replace
from itertools import combinations
from pathlib import Path

from benchmarks.report import figures, table
from benchmarks.synthetic import RARE, WORDS, synthetic
from commandwall import cube, event_lists, events, tallies
from commandwall.clock import DAY, Clock, Ms
from commandwall.pool.client import Client
from commandwall.pool.fill import fill
from commandwall.saved_views import POOL, Filter
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror
from commandwall.store.store import Reader, Store

PLAIN_TIMES = 2
ARRIVES = "a new event, kept and counted"
Query = Callable[[Reader], object]
FILTERS = (
    Filter(POOL, cls="c007"), Filter(POOL, cls="c007", area="3202810000"),
    Filter(POOL, source="12345", days=30), Filter(POOL, area="320281000"),
    Filter(POOL, unit="处置单位7"), Filter(POOL, state="CLOSED", unit="处置单位7", days=90),
)  # fmt: skip


def build(folder: Path, count: int, kept: Path | None) -> Store:
    """A station that has copied a pool of so many events."""
    with (
        synthetic(count, kept) as server,
        Client(server.station_url, server.station_secret) as client,
    ):
        fill(folder, client, Clock(), lambda share: None)
    return open_store(folder)


def questions(store: Store, now: Ms) -> dict[str, tuple[list[Query], str]]:
    """Question -> the ways it is asked in turn, and SQL that answers it the plain way."""
    bands = store.read(lambda r: tallies.usual(r, now))
    some = [key for (key,) in store.read(lambda r: r.rows("SELECT id FROM event LIMIT 40"))]
    like = "SELECT * FROM event WHERE title || body LIKE '%{}%' ORDER BY reported_at DESC LIMIT 200"
    pairs = sorted({word[i : i + 2] for word in WORDS for i in range(len(word) - 1)})
    hours = "SELECT source, reported_at / 3600000, count(*) FROM event GROUP BY 1, 2"
    return {
        "queue: the first 50": (
            [lambda r: events.queue(r, 50)],
            "SELECT * FROM event WHERE +state NOT IN ('CLOSED', 'ARCHIVED')"
            " ORDER BY urgency, reported_at LIMIT 50",
        ),
        "start: every open event": (
            [events.queue],
            "SELECT * FROM event WHERE +state NOT IN ('CLOSED', 'ARCHIVED')",
        ),
        "search: two characters": (
            [lambda r, w=w: event_lists.search(r, w) for w in pairs],  # type: ignore[misc]
            like.format(pairs[0]),
        ),
        "search: a rare word": ([lambda r: event_lists.search(r, RARE)], like.format(RARE)),
        "search: two words": (
            [lambda r, w=w: event_lists.search(r, f"{w} 花园") for w in pairs],  # type: ignore[misc]
            like.format(pairs[0]),
        ),
        "tiles: all counters": ([lambda r: tallies.count(r, now, bands)], hours),
        "any two ways of counting": (
            [lambda r, w=w: cube.count(r, w) for w in combinations(cube.WAYS, 2)],  # type: ignore[misc]
            "SELECT area, cls, count(*) FROM event GROUP BY 1, 2",
        ),
        "two ways, open ones of 30 days": (
            [
                lambda r, w=w: cube.count(r, w, {"state": events.OPEN_STATES}, now - 30 * DAY)  # type: ignore[misc]
                for w in combinations(cube.WAYS, 2)
            ],
            f"SELECT area, cls, count(*) FROM event WHERE +{events.IS_OPEN} GROUP BY 1, 2",
        ),
        "a filter of the pool: the newest 200": (
            [lambda r, f=f: event_lists.find(r, f, now, 200) for f in FILTERS],  # type: ignore[misc]
            "SELECT * FROM event WHERE +cls = 'c007' ORDER BY reported_at DESC LIMIT 200",
        ),
        "the count of a saved view": (
            [lambda r, f=f: event_lists.count(r, f, now, 200) for f in FILTERS],  # type: ignore[misc]
            "SELECT count(*) FROM event WHERE +cls = 'c007'",
        ),
        "one event": (
            [lambda r, k=k: r.get(events.Event, k) for k in some],  # type: ignore[misc]
            f"SELECT * FROM event WHERE +id = '{some[0]}'",
        ),
    }


def measure(store: Store, now: Ms, times: int) -> dict[str, tuple[float, float]]:
    """Question -> our p95 and the plain way's best, in milliseconds."""
    found = {}
    for name, (asked, plain) in questions(store, now).items():
        ours = sorted(_ms(store, asked[i % len(asked)]) for i in range(-3, times))
        slow = min(_ms(store, lambda r, sql=plain: r.rows(sql)) for _ in range(PLAIN_TIMES))  # type: ignore[misc]
        found[name] = ours[int(0.95 * len(ours))], slow
    found[ARRIVES] = arriving(store, now, times)
    return found


def arriving(store: Store, now: Ms, times: int) -> tuple[float, float]:
    """p95 of taking one event in, with all that is kept of events, and the best of counting anew;
    in milliseconds."""
    mirror, spent = Mirror(store.folder / store.mirror_name()), []
    wanted = Filter(POOL, cls="c007")
    some = store.read(lambda r: event_lists.find(r, wanted, now, 1))[0].event
    before = store.read(lambda r: event_lists.count(r, wanted, now, 1))
    for n in range(-3, times):
        row = astuple(replace(some, id=f"new-{n}", reported_at=Ms(now + n), received_at=now))
        start = time.perf_counter()
        mirror.take({"event": [row]}, {})
        spent.append((time.perf_counter() - start) * 1000)
    mirror.close()
    newest = store.read(lambda r: event_lists.find(r, wanted, now, 1))[0].event
    count = store.read(lambda r: event_lists.count(r, wanted, now, 1))
    assert (newest.id, count) == (f"new-{times - 1}", before + times + 3)
    sql = "SELECT area, source, state, count(*) FROM event GROUP BY 1, 2, 3"
    plain = min(_ms(store, lambda r: r.rows(sql)) for _ in range(PLAIN_TIMES))
    return sorted(spent[3:])[int(0.95 * times)], plain


def _ms(store: Store, query: Query) -> float:
    start = time.perf_counter()
    store.read(query)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--events", type=int, default=3_200_000)
    parser.add_argument("--pool", type=Path, help="a folder that keeps the pool for another run")
    wanted = parser.parse_args()
    count = 60_000 if wanted.quick else wanted.events
    sizes, times = (count // 4, count // 2, count), 20 if wanted.quick else 100
    now, found = Clock().now(), {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            store = build(Path(folder), size, wanted.pool if size == count else None)
            found[size] = measure(store, now, times)
            store.close()
    small, middle, large = (found[size] for size in sizes)
    lines = [
        (q, small[q][0], middle[q][0], ours, plain, plain / ours, ours / small[q][0])
        for q, (ours, plain) in large.items()
    ]
    head = ("question, p95 in ms", *(f"{n:,}" for n in sizes), "plain", "plain / ours", "growth")
    table(f"{sizes[0]:,} to {count:,} events", head, lines)
    told = {q: {"p95_ms": round(o, 2), "ratio": round(r, 1), "growth": round(g, 2)}
            for q, _, _, o, _, r, g in lines}  # fmt: skip
    figures("pool_queries", events=count, growth_of_rows=4, questions=told)


if __name__ == "__main__":
    main()
