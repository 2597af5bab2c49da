"""A scenario in the making: its tables as TOML has them, each change a new value, and its text.

Nothing in a draft need be sound. What is wrong with it is said by the reader of scenarios alone,
which reads the text of a draft as that of any file; where each line of it came from is known here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from commandwall import codes
from commandwall.clock import MINUTE, SECOND
from commandwall.drill.drill_acts import REAL, Moment
from commandwall.drill.faults import Fault
from commandwall.drill.offsets import moment, tell
from commandwall.drill.scenario import FORMAT, parse
from commandwall.drill.toml_lines import Path, keyed, written

Data = dict[str, Any]
"""A whole draft, or one of its rows; never changed in place."""
OBJECTIVE, PLAYER, BRANCH, WAY, INJECT = "objective", "player", "branch", "way", "inject"
TABLES = (OBJECTIVE, PLAYER, BRANCH, INJECT)
LISTS = ("expect", "watch")
"""Of an inject, each with one item to a line of the text."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a draft: in which row (`()` for its head), which field, and why."""

    row: Path
    field: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft, its text, and all that is wrong with it."""

    data: Data
    text: bytes
    faults: tuple[Wrong, ...]

    def of(self, row: Path) -> list[Wrong]:
        return [wrong for wrong in self.faults if wrong.row == row]


class Editing:
    """A draft, and the way back to each draft before it."""

    def __init__(self, data: Data, kept: Data | None) -> None:
        """`kept`: from what it was begun, or was saved as; None where nobody knows any more."""
        self.data, self.kept = data, kept
        self._before: list[Data] = []
        self._undone: list[Data] = []

    @property
    def unsaved(self) -> bool:
        return self.data != self.kept

    def become(self, data: Data) -> None:
        """The next draft; one that says nothing new is none."""
        if data != self.data:
            self._before.append(self.data)
            self._undone.clear()
            self.data = data

    def saved(self, data: Data, made: Data) -> None:
        """A draft stands in its file as `made`; what was changed since stays a change."""
        given = {key: value for key, value in made.items() if data.get(key) != value}
        self.data, self.kept = {**self.data, **given}, made

    def undo(self) -> bool:
        return self._step(self._before, self._undone)

    def redo(self) -> bool:
        return self._step(self._undone, self._before)

    def _step(self, source: list[Data], other: list[Data]) -> bool:
        if not source:
            return False
        other.append(self.data)
        self.data = source.pop()
        return True


def begun() -> Data:
    """A scenario of which nothing is written yet; what it lacks the check tells."""
    first = {name: next(iter(codes.load(name))) for name in ("drill_type", "incident_kind")}
    minutes = int(codes.limit("drill_draft_minutes")) * MINUTE * REAL
    return {
        "format": FORMAT, "id": "my_drill", "version": 1, "zh": "", "en": "",
        "type": first["drill_type"], "kind": first["incident_kind"], "clock": time(9),
        "ends": stamp(Moment(minutes)), **{name: [] for name in TABLES},
    }  # fmt: skip


def loaded(text: bytes) -> Data | None:
    """The draft of a text; None where it is none that can be shown in tables (`parse` says why)."""
    try:
        data = tomllib.loads(text.decode("utf-8-sig").replace("\r\n", "\n"))
    except (ValueError, RecursionError):
        return None
    tables = [data.setdefault(name, []) for name in TABLES]  # an empty one is not written
    if data.get("format", FORMAT) != FORMAT or not all(map(_rows, tables)):
        return None
    shaped = all(_rows(branch.get(WAY, [])) for branch in data[BRANCH]) and all(
        isinstance(row.get("data", {}), dict) and all(_list(row.get(n, [])) for n in LISTS)
        for row in data[INJECT]
    )
    return data if shaped and _list(data.get("stop", [])) else None


def _rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _list(value: Any) -> bool:
    return isinstance(value, list)


# Its text, and what is wrong with it.


def text(data: Data) -> bytes:
    """The file of a draft: tomllib reads the same from it, whatever it holds, but for half
    characters, which no file can have."""
    return "".join(f"{line}\n" for _, line in _lines(data)).encode(errors="replace")


def check(data: Data) -> Checked:
    """All that is wrong, by row and field. Nothing is raised."""
    paths = [path for path, _ in _lines(data)]
    raw = text(data)
    faults = parse(raw).faults
    return Checked(data, raw, tuple(_placed(paths, fault) for fault in faults))


def _placed(paths: list[Path], fault: Fault) -> Wrong:
    """Told at its row: a fault of an item or of a field of `data` under the name of that field."""
    path = paths[fault.line - 1] if 0 < fault.line <= len(paths) else ()
    row = row_of(path)
    rest = path[len(row) :]
    return Wrong(row, fault.field if fault.field or not rest else str(rest[0]), fault)


def row_of(path: Path) -> Path:
    """The row in which something stands: of a table, or a way of a branch."""
    if len(path) < 2 or path[0] not in TABLES:
        return ()
    return path[:4] if path[0] == BRANCH and path[2:3] == (WAY,) and len(path) > 3 else path[:2]


def _lines(data: Data) -> Iterator[tuple[Path, str]]:
    """Each line of the text, with what it tells of."""
    head = ((key, value) for key, value in data.items() if key not in TABLES)
    yield from (((key,), f"{keyed(key)} = {written(value)}") for key, value in head)
    for name in TABLES:
        for n, row in enumerate(data[name]):
            yield (name, n), ""
            yield from _table((name, n), name, row)


def _table(path: Path, name: str, row: Data) -> Iterator[tuple[Path, str]]:
    ways = row.get(WAY) if name == BRANCH else None
    yield path, f"[[{name}]]"
    for key, value in row.items():
        if name == INJECT and key in LISTS and value:
            yield (*path, key), f"{key} = ["
            yield from (((*path, key, n), f"    {written(v)},") for n, v in enumerate(value))
            yield (*path, key), "]"
        elif not (key == WAY and ways):
            yield (*path, key), f"{keyed(key)} = {written(value)}"
    for n, way in enumerate(ways or ()):
        yield (*path, WAY, n), ""
        yield from _table((*path, WAY, n), f"{BRANCH}.{WAY}", way)


# Rows.


def row_at(data: Data, path: Path) -> Data:
    """The row of a path; the head without its tables for ()."""
    found: Any = data
    for part in path:
        found = found[part]
    return found if path else {key: v for key, v in data.items() if key not in TABLES}


def put(data: Data, path: Path, row: Data) -> Data:
    """Another row in the place of one. What names it by its id follows a new one."""
    old = row_at(data, path)
    made = {**data, **row} if not path else _changed(data, path, lambda _: row)
    for key in (data.keys() - row.keys() - set(TABLES)) if not path else ():
        del made[key]
    key = "post" if path[:1] == (PLAYER,) else "id"
    if path and old.get(key) != row.get(key):
        made = _renamed(made, path, str(old.get(key)), str(row.get(key)))
    later = path[:1] == (INJECT,) and order_of(old) != order_of(row)
    return _in_time(made, path) if later else made


def added(data: Data, table: Path, row: Data) -> tuple[Data, Path]:
    """One more row, and its place: an inject stands by its time, all else last."""
    made = _changed(data, table, lambda rows: [*rows, row])
    path = (*table, len(_down(made, table)) - 1)
    if table != (INJECT,):
        return made, path
    made = _in_time(made, path)
    return made, where(made, row) or path


def removed(data: Data, path: Path) -> Data:
    at = path[-1]
    made: Data = _changed(
        data, path[:-1], lambda rows: [one for n, one in enumerate(rows) if n != at]
    )
    return made


def where(data: Data, row: Data) -> Path | None:
    """The place of an inject that is this very row."""
    found = (n for n, one in enumerate(data[INJECT]) if one is row)
    return next(((INJECT, n) for n in found), None)


def _down(data: Data, path: Path) -> Any:
    found: Any = data
    for part in path:
        found = found.get(part, []) if isinstance(part, str) else found[part]
    return found


def _changed(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """The same with what stands at a path changed."""
    if not path:
        return change(value)
    first, rest = path[0], path[1:]
    if isinstance(first, str):
        return {**value, first: _changed(value.get(first, []), rest, change)}
    return [_changed(one, rest, change) if n == first else one for n, one in enumerate(value)]


def _in_time(data: Data, path: Path) -> Data:
    """Its injects with one brought to its time; the others stay in the order they have."""
    rows, row = list(data[INJECT]), data[INJECT][path[1]]
    del rows[int(path[1])]
    at = order_of(row)
    before = [n for n, one in enumerate(rows) if order_of(one) <= at]
    place = before[-1] + 1 if before else 0
    return {**data, INJECT: [*rows[:place], row, *rows[place:]]}


def order_of(row: Mapping[str, Any]) -> tuple[bool, int]:
    """By which injects are ordered: those without a sound time come last."""
    at = at_of(row)
    return at is None, at or 0


def at_of(row: Mapping[str, Any]) -> Moment | None:
    told = row.get("at")
    return moment(told) if isinstance(told, str) else None


def _renamed(data: Data, path: Path, old: str, new: str) -> Data:
    """What its injects name by an id that is another one now."""
    if path[0] == INJECT:
        return data
    branch = data[BRANCH][path[1]].get("id") if len(path) == 4 else ""
    was, now = (f"{branch}.{old}", f"{branch}.{new}") if branch else (old, new)
    field = {OBJECTIVE: "objective", PLAYER: "to", BRANCH: "way"}[str(path[0])]

    def follow(row: Data) -> Data:
        told = row.get(field)
        if path[0] == BRANCH and not branch and isinstance(told, str):
            head, dot, way = told.partition(".")
            return {**row, field: f"{new}{dot}{way}"} if head == old else row
        return {**row, field: now} if told == was else row

    return {**data, INJECT: [follow(row) for row in data[INJECT]]}


# What a person need not type.


def stamp(at: Moment) -> str:
    """T+05:30; D+1 H+2 M+30 where nothing of it is lost so."""
    told = tell(at)
    if moment(told) == at:
        return told
    seconds = at // (SECOND * REAL)
    return f"T+{seconds // 60:02d}:{seconds % 60:02d}"


def free(rows: list[Data], stem: str) -> str:
    """The first id of a kind that no row has: inject_1, inject_2."""
    held, n = {row.get("id") for row in rows}, 1
    while f"{stem}_{n}" in held:
        n += 1
    return f"{stem}_{n}"


def following(data: Data, like: Data | None) -> Data:
    """A new inject: channel, posts, objective and what the channel must state as in another one,
    its time as far after that as that was after the one before.
    The first of all has those that stand first."""
    fields = ("channel", "from", "to", OBJECTIVE)
    row = {key: like[key] for key in fields if key in like} if like is not None else {}
    if like is None:
        row["channel"] = next(iter(codes.load("drill_channel")))
        for key, table, name in (("to", PLAYER, "post"), (OBJECTIVE, OBJECTIVE, "id")):
            if data[table] and name in data[table][0]:
                row[key] = data[table][0][name]
    channel = codes.load("drill_channel").get(str(row.get("channel")))
    needs = channel.facts["needs"] if channel is not None else ()
    stated = {key: v for key, v in (like or {}).get("data", {}).items() if key in needs}
    return {
        "id": free(data[INJECT], INJECT), "at": stamp(_next(data, like)), **row,
        **({"data": stated} if stated else {}),
    }  # fmt: skip


def _next(data: Data, like: Data | None) -> Moment:
    times = sorted(at for row in data[INJECT] if (at := at_of(row)) is not None)
    usual = int(codes.limit("drill_step_seconds") * SECOND) * REAL
    if not times:
        begins = data.get("begins")
        return (moment(begins) if isinstance(begins, str) else None) or Moment(0)
    last = (at_of(like) if like is not None else None) or times[-1]
    before = [at for at in times if at < last]
    return Moment(last + (last - before[-1] if before else usual))


def doubled(data: Data, path: Path) -> tuple[Data, Path]:
    """A row once more with an id of its own; of a player, whose post is his id, nothing new."""
    row, table = row_at(data, path), path[:-1]
    if "post" in row:
        return data, path
    taken = {**row, "id": free(_down(data, table), str(row.get("id", table[-1])))}
    return added(data, table, taken)


def moved(data: Data, path: Path, by: int, later: bool = False) -> tuple[Data, Path]:
    """An inject so many milliseconds later, or earlier, not before T+00:00; with `later` all that
    come after it too, by the same."""
    rows, row = data[INJECT], data[INJECT][path[1]]
    first = at_of(row)
    if first is None:
        return data, path
    shift = max(by * REAL, -first)

    def change(one: Data) -> Data:
        at = at_of(one)
        goes = one is row or (later and at is not None and at >= first)
        return {**one, "at": stamp(Moment(at + shift))} if goes and at is not None else one

    made = {**data, INJECT: [change(one) for one in rows]}
    at = made[INJECT][path[1]]
    made = made if later else _in_time(made, path)
    return made, where(made, at) or path
