"""The logs of a station: what was written can be taken back, step by step."""

from __future__ import annotations

import random
import runpy
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, an_event

from commandwall import events, incidents
from commandwall.clock import DAY, Ms
from commandwall.desk import Desk
from commandwall.store import database, undo
from commandwall.store.migrate import SCRIPTS, open_store
from commandwall.store.mirror import Mirror

COLUMNS = list(an_event().__slots__)


def row(id_: str, **kw: Any) -> tuple[Any, ...]:
    return tuple(getattr(an_event(id=id_, **kw), name) for name in COLUMNS)


def logged(file: Path, table: str) -> list[tuple[int, str, bytes]]:
    with closing(database.raw(file)) as conn:
        return list(conn.execute(f"SELECT at, kind, body FROM {table} ORDER BY seq DESC"))


class City:
    """A mirror whose every state is written down beside it."""

    def __init__(self, folder: Path) -> None:
        self.clock = StillClock()
        self.mirror = Mirror(folder / "m1.db", self.clock)
        self.recorded: list[tuple[int, dict[str, tuple[Any, ...]]]] = []
        self.rows: dict[str, tuple[Any, ...]] = {}

    def take(self, rows: list[tuple[Any, ...]], gone: list[str]) -> None:
        self.clock.at += 1000
        self.mirror.take({"event": rows} if rows else {}, {"event": gone} if gone else {})
        self.rows = {**self.rows, **{r[0]: r for r in rows}}
        self.rows = {key: r for key, r in self.rows.items() if key not in gone}
        self.recorded.append((self.clock.at, self.rows))

    def was(self, at: int) -> dict[str, tuple[Any, ...]]:
        log = logged(self.mirror.path, "mirror_log")
        entries = [(Ms(t), undo.read(b)) for t, kind, b in log if kind and t > at]
        now = {key: dict(zip(COLUMNS, r, strict=True)) for key, r in self.rows.items()}
        found = undo.rewind(now, entries, Ms(at), lambda before, after, written: written)
        return {key: tuple(f.values()) for key, f in found.items() if f is not None}


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.mirror.close()


@pytest.mark.parametrize("seed", range(5))
def test_every_state_of_a_mirror_comes_back(city: City, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(25):
        some = {f"e{draw.randrange(12)}" for _ in range(draw.randrange(5))}
        states = ("NEW", "DISPATCHED", "CLOSED")
        rows = [
            row(key, state=draw.choice(states), unit=draw.choice("ab"),
                reported_at=Ms(NOW - draw.randrange(3) * 60_000))
            for key in some
        ]  # fmt: skip
        left = sorted(city.rows.keys() - some)
        city.take(rows, draw.sample(left, min(len(left), draw.randrange(3))))
    for at, rows_then in city.recorded:
        assert city.was(at) == rows_then


def test_an_entry_holds_only_what_differs(city: City) -> None:
    city.take([row(f"e{i}") for i in range(1000)], [])
    city.take([row(f"e{i}", state="CLOSED") for i in range(1000)], [])
    _, _, newest = logged(city.mirror.path, "mirror_log")[0]
    assert undo.read(newest).names == ["state"]
    assert len(newest) < 10_000


def test_a_page_that_brings_nothing_new_is_not_logged(city: City) -> None:
    city.take([row("e1")], [])
    before = len(logged(city.mirror.path, "mirror_log"))
    city.take([row("e1")], [])
    assert len(logged(city.mirror.path, "mirror_log")) == before


def test_what_is_mended_in_this_file_never_was(city: City) -> None:
    city.take([row("e1"), row("e2")], [])
    before = len(logged(city.mirror.path, "mirror_log"))
    city.mirror.mend("event", [row("e1", title="改正")], ["e2"])
    assert len(logged(city.mirror.path, "mirror_log")) == before


def test_a_log_is_kept_for_its_days(city: City) -> None:
    city.take([row("e1")], [])
    city.clock.at += 91 * DAY
    city.take([row("e2")], [])
    (left,) = logged(city.mirror.path, "mirror_log")
    assert left[0] == city.clock.at


def test_an_act_is_logged_and_every_line_of_a_record_is_known(tmp_path: Path) -> None:
    clock, store = StillClock(), open_store(tmp_path)
    desk = Desk(store, clock)
    desk.take_post("chief", "陈").result()
    opening = incidents.Opening("泄漏", "accident", "320281", "港区", 120.2, 31.9)
    done = desk.do(incidents.open_incident, opening=opening).result()
    (incident,) = done.of(incidents.Incident)
    began, *acts = logged(tmp_path / "wall.db", "wall_log")[::-1]
    assert began[:2] == (NOW, undo.BEGUN)
    assert {kind for _, kind, _ in acts} == {"incident", "commandpost"}
    assert undo.read(acts[0][2]).made == [incident.id]
    known = store.read(lambda r: r.rows("SELECT record, hlc FROM told"))
    assert done.line is not None and (f"incident:{incident.id}", done.line.hlc) in known
    desk.close()
    store.close()


def test_an_older_wall_learns_which_lines_tell_of_a_record(tmp_path: Path) -> None:
    """What the migration makes of a journal is what the acts have written."""
    store = open_store(tmp_path)
    desk = Desk(store, StillClock())
    desk.run(_file, {}, "陈", "p3")
    desk.run(events.note, {"event": "f1", "text": "到了"}, "陈", "p3")
    written = store.read(lambda r: r.rows("SELECT * FROM told ORDER BY record"))
    desk.close()
    store.close()
    with closing(database.raw(tmp_path / "wall.db")) as conn:
        conn.execute("DELETE FROM told")
        conn.execute(runpy.run_path(str(SCRIPTS / "versions" / "0012_log.py"))["KNOWN"])
        assert list(conn.execute("SELECT * FROM told ORDER BY record")) == written
    assert len(written) == 2


def _file(tx: Any) -> None:
    tx.put(
        events.FiledEvent(
            "f1", "duty", "漏水", "", "water", 3, "a1", "", None, None, None, Ms(NOW)
        )
    )  # fmt: skip
