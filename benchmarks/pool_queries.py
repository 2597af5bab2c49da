"""What the panels ask of the mirror, beside the plain way to the same answer.

`python -m benchmarks.pool_queries [--quick]`: events in a mirror of this machine, two sizes, so
that growth shows; each question is asked through the store as a panel asks it.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import figures, milliseconds, table
from commandwall import events, tallies
from commandwall.clock import HOUR, Clock, Ms
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Reader, Store

WORDS = ("停水", "噪音", "路灯", "占道", "井盖", "物业", "油烟", "欠薪", "积水", "违停")
SOURCES = ("12345", "grid", "110", "duty")


def rows(count: int, now: Ms) -> list[tuple[Any, ...]]:
    """Events of the last sixty days, one in a hundred open, one in a thousand about 医保."""
    return [
        (
            f"e{i:09d}", SOURCES[i % 4], f"s{i}", f"{WORDS[i % 10]}问题，花园路 {i % 977} 号",
            f"反映{WORDS[i * 7 % 10]}，{'医保' if i % 1000 == 0 else '请处理'}", "other", 3 + i % 3,
            None, f"3202{i % 400:05d}", "", 120.2, 31.9, 10.0, "point", "wgs84", "", "", None,
            now - i * 60 * 24 * HOUR // count, now, "NEW" if i % 100 == 0 else "CLOSED", "",
            None if i % 100 == 0 else now - HOUR * (i % 999), 0,
        )
        for i in range(count)
    ]  # fmt: skip


def build(folder: Path, count: int, now: Ms) -> Store:
    mirror = Mirror(folder / "mirror-1.db")
    made = rows(count, now)
    for start in range(0, count, 20_000):
        mirror.fill("event", made[start : start + 20_000], made[start][0])
    mirror.close()
    use(folder, "mirror-1.db")
    return open_store(folder)


def measure(store: Store, now: Ms, times: int) -> dict[str, tuple[float, float]]:
    """question -> (our way, plain way), milliseconds."""

    def ask(query: Any) -> float:
        return milliseconds(lambda: store.read(query), times)

    def plain(sql: str, **params: Any) -> float:
        return ask(lambda r: r.rows(sql, **params))

    def counters(reader: Reader) -> object:
        return tallies.count(reader, now)

    like = (
        "SELECT * FROM event WHERE title LIKE :w OR body LIKE :w"
        " ORDER BY reported_at DESC LIMIT 200"
    )
    hours = "SELECT source, reported_at / 3600000, count(*) FROM event GROUP BY 1, 2"
    return {
        "search 医保 (rare)": (ask(lambda r: events.search(r, "医保")), plain(like, w="%医保%")),
        "search 停水 (common)": (ask(lambda r: events.search(r, "停水")), plain(like, w="%停水%")),
        "all counters": (ask(counters), plain(hours)),
        "one event": (
            ask(lambda r: r.get(events.Event, "e000000007")),
            plain("SELECT * FROM event WHERE +id = 'e000000007'"),
        ),
        "all open events": (
            ask(lambda r: r.rows(tallies.OPEN_EVENTS)),
            plain("SELECT id FROM event WHERE closed_at IS NULL"),
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    sizes, times = ((10_000, 40_000), 5) if quick else ((40_000, 320_000), 11)
    now, found = Clock().now(), {}
    for count in sizes:
        with tempfile.TemporaryDirectory() as folder:
            store = build(Path(folder), count, now)
            found[count] = measure(store, now, times)
            store.close()
    small, large = (found[count] for count in sizes)
    lines = [
        (q, ours, plain, plain / ours, ours / small[q][0]) for q, (ours, plain) in large.items()
    ]
    head = ("question", "ours ms", "plain ms", "plain / ours", f"growth from {sizes[0]:,}")
    table(f"{sizes[1]:,} events", head, lines)
    ratios = {q: {"ratio": round(r, 1), "growth": round(g, 2)} for q, _, _, r, g in lines}
    figures("pool_queries", events=sizes[1], growth_of_rows=sizes[1] / sizes[0], questions=ratios)


if __name__ == "__main__":
    main()
