"""Finding words in the texts of all events, beside other ways to do it in one file.

`python -m benchmarks.text_search [--quick] [--events N] [--pool FOLDER]`: a pool of invented
events, filled into a mirror as a station fills it. Terms are cut from the texts themselves, at
random: two, three and four characters, and two terms at once. Each is asked through the store as
the queue asks it, and of three other indexes over the same rows, beside a reading of all rows.
Told are the time under which 95 of 100 answers came, the share of the wanted rows among the first
found (a reading of all rows finds them all), and the size of the index. Ours gives whole events
with what stations did; the others give row numbers.

Hot words are looked for in a child program, never in the screen's: told are its seconds of
processor by how many texts it compares, up to `hot_rows`, and what a person waits for the pool's.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlite

from benchmarks.pool_queries import build
from benchmarks.report import figures, table
from benchmarks.synthetic import RARE
from commandwall import event_lists, hotwords
from commandwall.clock import DAY, Clock, Ms
from commandwall.hotwords import Telling
from commandwall.store import fulltext
from commandwall.store.store import Store

SEED = 20261127
SHOWN, JUDGED = 200, 2
"""Rows of an answer; terms of a form whose answers are judged by a reading of all rows."""
OTHERS = {
    "FTS5 trigram": "tokenize='trigram'",
    "FTS5 unicode61": "tokenize='unicode61'",
}
TEXTS, WEEKS, RISEN = (15_000, 30_000, 60_000), 5, 50
"""Texts that are compared, over so many weeks; one in so many of the last one has the rare word."""
HAN = re.compile(r"[\u4e00-\u9fff]{2,}")
Terms = Sequence[str]
Ask = Callable[[str], list[Any]]


def drawn(texts: Sequence[str], each: int, rng: random.Random) -> dict[str, Terms]:
    """Terms by their form, cut from texts at random."""

    def cut(size: int) -> str:
        while True:
            runs = [run for run in HAN.findall(rng.choice(texts)) if len(run) >= size]
            if runs:
                run = rng.choice(runs)
                at = rng.randrange(len(run) - size + 1)
                return str(run[at : at + size])

    found = {f"{n} characters": [cut(n) for _ in range(each)] for n in (2, 3, 4)}
    pairs = [f"{cut(2)} {cut(2)}" for _ in range(each)]
    return {**found, "two terms": pairs, "a rare term": [RARE] * each}


class Beside:
    """The same rows in a file of its own, with one of the other indexes, or with none."""

    def __init__(self, folder: Path, mirror: Path, how: str) -> None:
        self.path = folder / f"{re.sub(r'[^a-z0-9]', '', how)}.db"
        self._indexed = bool(how)
        self._conn = sqlite.connect(str(self.path))
        self._conn.execute("PRAGMA mmap_size=8589934592")
        self._conn.execute("CREATE TABLE t(no INTEGER PRIMARY KEY, words TEXT)")
        self._conn.execute(f"ATTACH '{mirror}' AS m")
        self._conn.execute(
            "INSERT INTO t SELECT rowid, title || ' ' || body || ' ' || address FROM m.event"
        )
        self._conn.commit()
        rows_bytes = self.path.stat().st_size
        if how:
            self._conn.execute(f"CREATE VIRTUAL TABLE f USING fts5(words, content='', {how})")
            self._conn.execute("INSERT INTO f(rowid, words) SELECT no, words FROM t")
            self._conn.commit()
        self.index_bytes = self.path.stat().st_size - rows_bytes

    def ask(self, words: str) -> list[int]:
        """Numbers of the newest rows that hold all the terms; by reading all rows where this index
        cannot be asked for a term so short."""
        terms = words.split()
        short = "trigram" in self.path.name and any(len(term) < 3 for term in terms)
        checks = " AND ".join("t.words LIKE ?" for _ in terms)
        likes = [fulltext.like(term) for term in terms]
        if not self._indexed or short:
            sql = f"SELECT no FROM t WHERE {checks} ORDER BY no DESC LIMIT {SHOWN}"
            return [no for (no,) in self._conn.execute(sql, likes)]
        sql = (
            f"SELECT no FROM f JOIN t ON t.no = f.rowid WHERE f MATCH ? AND {checks}"
            f" ORDER BY f.rowid DESC LIMIT {SHOWN}"
        )
        match = " AND ".join(f'"{term}"' for term in terms)
        return [no for (no,) in self._conn.execute(sql, [match, *likes])]

    def close(self) -> None:
        self._conn.close()


def p95(ask: Ask, terms: Terms) -> float:
    """Milliseconds, after three calls that are not counted."""
    spent = []
    for i, term in enumerate([*terms[:3], *terms]):
        start = time.perf_counter()
        ask(term)
        if i >= 3:
            spent.append((time.perf_counter() - start) * 1000)
    return sorted(spent)[int(0.95 * len(spent))]


def recall(ask: Ask, truth: dict[str, int]) -> float:
    """Share of the rows that a reading of all finds, up to as many as an answer holds."""
    wanted = sum(truth.values())
    return sum(len(ask(term)) for term in truth) / wanted if wanted else 1.0


def ours(store: Store) -> Ask:
    return lambda words: store.read(lambda r: event_lists.search(r, words, SHOWN))


def index_bytes(mirror: Path) -> int:
    """What our index takes in the mirror."""
    with closing(sqlite.connect(str(mirror))) as conn:
        sql = "SELECT sum(length(block)) FROM event_fts_data"
        return int(conn.execute(sql).fetchone()[0] or 0)


def compare(store: Store, folder: Path, each: int) -> tuple[list[Any], dict[str, Any]]:
    mirror, rng = store.folder / store.mirror_name(), random.Random(SEED)
    sql = "SELECT title || body FROM event WHERE rowid % :n = 0 LIMIT 20000"
    texts = [text for (text,) in store.read(lambda r: r.rows(sql, n=7))]
    terms = drawn(texts, each, rng)
    plain = Beside(folder, mirror, "")
    truth = {term: len(plain.ask(term)) for some in terms.values() for term in some[:JUDGED]}
    ways: dict[str, tuple[Ask, int, int]] = {
        "ours: pairs of characters": (ours(store), index_bytes(mirror), each)
    }
    beside = [Beside(folder, mirror, how) for how in OTHERS.values()]
    for name, one in zip(OTHERS, beside, strict=True):
        ways[name] = one.ask, one.index_bytes, max(10, each // 10)
    ways["reading all rows"] = plain.ask, 0, 4
    lines, told = [], {}
    for name, (ask, size, times) in ways.items():
        spent = {form: p95(ask, some[:times]) for form, some in terms.items()}
        found = recall(ask, truth)
        lines.append((name, *spent.values(), found, size / 1e6))
        told[name] = {**{form: round(ms, 2) for form, ms in spent.items()},
                      "recall": round(found, 3), "index_mb": round(size / 1e6, 1)}  # fmt: skip
    for one in (plain, *beside):
        one.close()
    return lines, told


def tellings(store: Store, many: int, now: Ms) -> list[Telling]:
    """Texts of the pool's events, spread over some weeks; in the last one a word comes up."""
    rows = store.read(lambda r: r.rows("SELECT id, title, body FROM event LIMIT :n", n=many))
    risen = lambda n: RARE if n < many / WEEKS and n % RISEN == 0 else ""  # noqa: E731
    return [
        Telling(id, Ms(now - n * WEEKS * 7 * DAY // many), f"t{n % 12}", risen(n) + title, body)
        for n, (id, title, body) in enumerate(rows)
    ]


def hot(store: Store) -> dict[str, float]:
    """Seconds of processor by texts, and what a person waits for a look at the whole pool."""
    now, told = Clock().now(), {}
    for many in TEXTS:
        texts, start = tellings(store, many, now), time.thread_time()
        found = hotwords.find(texts, (), Ms(now - 7 * DAY))
        told[f"{len(texts):,} texts"] = time.thread_time() - start
        assert {word.word for word in found if not word.town} == {RARE}
    start, screen = time.perf_counter(), time.thread_time()
    hotwords.Search(store.folder, now).answer.result()
    told["a look at the pool, waited"] = time.perf_counter() - start
    told["of that the screen's own"] = time.thread_time() - screen
    return {what: round(seconds, 3) for what, seconds in told.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--events", type=int, default=3_200_000)
    parser.add_argument("--pool", type=Path, help="a folder that keeps the pool for another run")
    wanted = parser.parse_args()
    count, each = (60_000, 40) if wanted.quick else (wanted.events, 200)
    with tempfile.TemporaryDirectory() as name:
        station, others = Path(name, "station"), Path(name, "others")
        station.mkdir()
        others.mkdir()
        store = build(station, count, wanted.pool)
        lines, told = compare(store, others, each)
        words = hot(store)
        store.close()
    head = ("way, p95 in ms", *list(next(iter(told.values())))[:5], "found", "index MB")
    table(f"{count:,} events, the newest {SHOWN}", head, lines)
    table("hot words", ("of", "seconds"), list(words.items()))
    figures("text_search", events=count, seed=SEED, ways=told, hot_words_s=words)


if __name__ == "__main__":
    main()
