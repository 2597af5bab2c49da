"""A scenario 演练脚本: one file of assets/drills, or of a person, with a version.

Everything that is wrong in a file is found at once, each with its line. A scenario is never changed
by playing it; its digest says which text was played.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path as File
from typing import Any

from commandwall import codes
from commandwall.clock import HOUR
from commandwall.config import ASSETS
from commandwall.drill.drill_acts import REAL, Moment, Planned, Script
from commandwall.drill.expected import Expected, expected
from commandwall.drill.faults import NUMBER, Fault, Faults, Shape, shown
from commandwall.drill.offsets import moment, tell
from commandwall.drill.toml_lines import Path, lines
from commandwall.posts import known as known_posts

FORMAT = 1
"""Of the shape of a file; another one is refused."""
CONTINGENCY = "contingency"
"""The type of inject without a time."""
_KB = 1024
_EDGES = {"lon": 180.0, "lat": 90.0}
_LINE = re.compile(r"at line (\d+)")


@dataclass(frozen=True, slots=True)
class Named:
    """An objective, a way of a branch, or what an evaluator watches for: its id, and both names."""

    id: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Player:
    """A post that is played: at a station, or by the controller by phone (list `drill_seat`)."""

    post: str
    seat: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A question that the play answers; of its ways the first counts where nobody chooses."""

    id: str
    zh: str
    en: str
    ways: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Inject:
    """What is given to a player. Places in WGS-84 degrees."""

    id: str
    at: Moment | None  # None: a contingency inject
    channel: str  # row of drill_channel
    type: str  # row of drill_inject
    sender: str  # who speaks, as the player hears it
    to: str  # post
    zh: str
    en: str
    objective: str
    branch: str
    way: str
    expect: tuple[Expected, ...]
    watch: tuple[str, ...]  # what no program sees, and an evaluator looks for
    data: Mapping[str, Any]  # fields of its channel
    lon: float | None
    lat: float | None
    note: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole scenario. Times count from T+00:00, which is `clock` of the day that is played."""

    id: str
    version: int
    zh: str
    en: str
    type: str  # row of drill_type
    kind: str  # row of incident_kind
    clock: time
    begins: Moment
    ends: Moment
    rate: int  # thousandths of real time
    snapshot: str  # of the city; "" for the city as it is made
    stop: tuple[str, ...]  # words that end the drill at once
    objectives: tuple[Named, ...]
    players: tuple[Player, ...]
    branches: tuple[Branch, ...]
    injects: tuple[Inject, ...]
    note: str
    digest: str

    def script(self) -> Script:
        """What the clock of a drill plays."""
        pace = codes.load("drill_type")[self.type].facts
        injects = tuple(Planned(i.id, i.at, i.branch, i.way) for i in self.injects)
        branches = {b.id: tuple(way.id for way in b.ways) for b in self.branches}
        slowest, fastest = _rate(pace["slowest"]), _rate(pace["fastest"])
        return Script(injects, branches, self.begins, self.ends, self.rate, slowest, fastest)


@dataclass(frozen=True, slots=True)
class Read:
    """A file: its scenario, or all that is wrong with it, by line."""

    file: str
    scenario: Scenario | None
    faults: tuple[Fault, ...]


def read(file: File) -> Read:
    """A file of a scenario. Nothing is raised."""
    most = int(codes.limit("drill_file_kb"))
    try:
        with file.open("rb") as opened:
            raw = opened.read(most * _KB + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        return _no_file(file, getattr(error, "strerror", None) or str(error), "读不出")
    if len(raw) > most * _KB:
        return _no_file(file, f"larger than {most} KB", f"超过 {most} KB")
    return parse(raw, file.name)


def library(folder: File = ASSETS / "drills") -> list[Read]:
    """All scenarios of a folder; of two with one id and version the second is refused."""
    met: dict[tuple[str, int], str] = {}
    found = []
    for file in sorted(folder.glob("*.toml")):
        one = read(file)
        key = (one.scenario.id, one.scenario.version) if one.scenario else (file.name, 0)
        if (other := met.setdefault(key, file.name)) != file.name:
            told = f"{other} has this id and version", f"与 {other} 同编号同版本"
            one = Read(file.name, None, (Fault(1, "", "version", *told),))
        found.append(one)
    return found


def parse(raw: bytes, name: str = "") -> Read:
    """The scenario of a text. Nothing is raised, whatever it is."""
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Read(name, None, (Fault(line, "", "", "is not UTF-8", "不是 UTF-8 文字"),))
    except RecursionError:
        return Read(name, None, (Fault(1, "", "", "nested too deep", "嵌套过深"),))
    except ValueError as error:  # no TOML, or a number with thousands of digits
        at = _LINE.search(str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        return Read(name, None, (Fault(line, "", "", f"no TOML: {error}", "不是合法的 TOML"),))
    found = Faults(lines(text), data)
    scenario = _Reading(found, data).scenario(hashlib.sha256(raw).hexdigest())
    faults = tuple(sorted(found.found))
    return Read(name, None if faults else scenario, faults)


def _no_file(file: File, en: str, zh: str) -> Read:
    return Read(file.name, None, (Fault(0, "", "", en, zh),))


def _rate(times: float) -> int:
    return round(times * REAL)


_NAMED: Shape = {"id": str, "zh": str, "en": str}
_HEAD: Shape = {
    **_NAMED, "format": int, "version": int, "type": str, "kind": str, "clock": time, "ends": str,
    "objective": list, "player": list, "inject": list,
}  # fmt: skip
_HEAD_MAY: Shape = {
    "begins": str, "rate": NUMBER, "snapshot": str, "stop": list, "branch": list, "note": str,
}  # fmt: skip
_PLAYER: Shape = {"post": str, "seat": str}
_BRANCH: Shape = {**_NAMED, "way": list}
_INJECT: Shape = {**_NAMED, "channel": str, "to": str}
_INJECT_MAY: Shape = {
    "at": str, "type": str, "from": str, "objective": str, "way": str, "expect": list,
    "watch": list, "data": dict, "lon": NUMBER, "lat": NUMBER, "note": str,
}  # fmt: skip
"""Fields of each table: those it has, and those it may have."""


class _Reading:
    """Reads one file. What is not sound is told and left out; the rest is read on."""

    def __init__(self, faults: Faults, data: dict[str, Any]) -> None:
        self.faults, self.data = faults, data
        self.head: dict[str, Any] = {}
        self.begins, self.ends = Moment(0), None  # type: tuple[Moment, Moment | None]

    def scenario(self, digest: str) -> Scenario | None:
        head = self.head = self.faults.shaped((), self.data, _HEAD, _HEAD_MAY)
        self._head()
        objectives = _named(row for _, row in self._rows("objective", _NAMED))
        players = list(self._players())
        branches = list(self._branches())
        known = {b.id: [w.id for w in b.ways] for b in branches}
        posts = [p.post for p in players]
        injects = list(self._injects([o.id for o in objectives], posts, known))
        if self.faults.found or self.ends is None:
            return None
        h = head
        return Scenario(
            h["id"], h["version"], h["zh"], h["en"], h["type"], h["kind"], h["clock"],
            self.begins, self.ends, _rate(h.get("rate", 1.0)), h.get("snapshot", ""),
            tuple(h.get("stop", ())), tuple(objectives), tuple(players), tuple(branches),
            tuple(injects), h.get("note", ""), digest,
        )  # fmt: skip

    def _head(self) -> None:
        head, faults = self.head, self.faults
        if head.get("format", FORMAT) != FORMAT:
            told = f"this program reads format {FORMAT}", f"本程序只读格式 {FORMAT}"
            faults.wrong((), "format", *told)
        if head.get("version", 1) < 1:
            faults.wrong((), "version", "below 1", "应从 1 起")
        if "kind" in head:
            faults.coded((), "kind", head["kind"], "incident_kind")
        self.begins = self._moment((), "begins", head) or Moment(0)
        self.ends = self._moment((), "ends", head)
        if self.ends is not None and self.ends <= self.begins:
            faults.wrong((), "ends", "not after the beginning", "应在起点之后")
        for n, word in enumerate(head.get("stop", ())):
            if not isinstance(word, str) or not word.strip():
                faults.wrong(("stop", n), "", f"{shown(word)} is not a text", "应为文字")
        self._pace()

    def _pace(self) -> None:
        if "type" not in self.head or not self.faults.coded(
            (), "type", self.head["type"], "drill_type"
        ):
            return
        pace = codes.load("drill_type")[self.head["type"]].facts
        least, most = pace["slowest"], pace["fastest"]
        if not least <= self.head.get("rate", 1.0) <= most:
            told = f"is not from {least} to {most}", f"应在 {least} 至 {most} 倍之间"
            self.faults.wrong((), "rate", *told)

    def _rows(
        self, name: str, has: Shape, may: Shape | None = None, key: str = "id"
    ) -> Iterator[tuple[Path, dict[str, Any]]]:
        """What is sound of each table of an array, with its path; ids are unique."""
        met: set[str] = set()
        rows = self.head.get(name, ())
        if name in self.head and name in _HEAD and not rows:
            self.faults.wrong((), name, "has none", "一条也没有")
        for n, data in enumerate(rows):
            path = (name, n)
            row = self.faults.shaped(path, data, has, may or {})
            if row.get(key) in met:
                told = f"{shown(row[key])} stands there twice", f"{shown(row[key])} 重复"
                self.faults.wrong(path, key, *told)
            met.add(row.get(key, ""))
            yield path, row

    def _players(self) -> Iterator[Player]:
        for path, row in self._rows("player", _PLAYER, key="post"):
            if "post" in row:
                self.faults.among(path, "post", row["post"], known_posts())
                yield Player(row["post"], row.get("seat", ""))
            if "seat" in row:
                self.faults.coded(path, "seat", row["seat"], "drill_seat")

    def _branches(self) -> Iterator[Branch]:
        for path, row in self._rows("branch", _BRANCH):
            ways = [
                self.faults.shaped((*path, "way", n), way, _NAMED, {})
                for n, way in enumerate(row.get("way", ()))
            ]
            ids = [way["id"] for way in ways if "id" in way]
            if "way" in row and (len(set(ids)) != len(ids) or len(ways) < 2):
                told = "needs two ways or more, each with its own id", "至少两条走向，编号各异"
                self.faults.wrong(path, "way", *told)
            if _NAMED.keys() <= row.keys():
                yield Branch(row["id"], row["zh"], row["en"], tuple(_named(ways)))

    def _injects(
        self, objectives: list[str], posts: list[str], branches: Mapping[str, list[str]]
    ) -> Iterator[Inject]:
        for path, row in self._rows("inject", _INJECT, _INJECT_MAY):
            if "to" in row and self.faults.among(path, "to", row["to"], known_posts()):
                self._among(path, "to", row, posts, "no player has this post", "没有人担任此岗位")
            if "objective" in row:
                self.faults.among(path, "objective", row["objective"], objectives)
            branch, way = self._way(path, row, branches)
            data = self._data(path, row)
            at, kind = self._when(path, row)
            lon, lat = self._place(path, row)
            expect, watch = self._expect(path, row), self._watch(path, row)
            if _INJECT.keys() <= row.keys():
                yield Inject(
                    row["id"], at, row["channel"], kind, row.get("from", ""), row["to"],
                    row["zh"], row["en"], row.get("objective", ""), branch, way, expect, watch,
                    data, lon, lat, row.get("note", ""),
                )  # fmt: skip

    def _expect(self, path: Path, row: Mapping[str, Any]) -> tuple[Expected, ...]:
        asked = [
            expected(self.faults, (*path, "expect", n), one)
            for n, one in enumerate(row.get("expect", ()))
        ]
        return tuple(one for one in asked if one is not None)

    def _among(
        self, path: Path, field: str, row: Mapping[str, Any], known: list[str], en: str, zh: str
    ) -> None:
        if row[field] not in known:
            self.faults.unknown(path, field, row[field], known, en, zh)

    def _watch(self, path: Path, row: Mapping[str, Any]) -> tuple[str, ...]:
        for n, text in enumerate(row.get("watch", ())):
            if not isinstance(text, str) or not text.strip():
                self.faults.wrong((*path, "watch", n), "", *_no_text(text))
        return tuple(row.get("watch", ()))

    def _when(self, path: Path, row: Mapping[str, Any]) -> tuple[Moment | None, str]:
        kind = row.get("type", next(iter(codes.load("drill_inject"))))
        self.faults.coded(path, "type", kind, "drill_inject")
        at = self._moment(path, "at", row)
        if kind == CONTINGENCY and "at" in row:
            told = "a contingency inject has no time", "备用注入不写时刻"
            self.faults.wrong(path, "at", *told)
        given = self.data["inject"][path[-1]]
        if kind != CONTINGENCY and isinstance(given, dict) and "at" not in given:
            self.faults.wrong(path, "at", "missing", "缺少")
        if at is not None and self.ends is not None and not self.begins <= at <= self.ends:
            told = tell(self.begins), tell(self.ends)
            self.faults.wrong(path, "at", "is not from {} to {}".format(*told),
                              "应在 {} 至 {} 之间".format(*told))  # fmt: skip
        return at, kind

    def _moment(self, path: Path, field: str, row: Mapping[str, Any]) -> Moment | None:
        if field not in row:
            return None
        at = moment(row[field])
        if at is None:
            told = f"{shown(row[field])} is no time like T+05:30 or D+1 H+2 M+30"
            self.faults.wrong(path, field, told, "应如 T+05:30 或 D+1 H+2 M+30")
        elif at > codes.limit("drill_hours") * HOUR * REAL:
            most = int(codes.limit("drill_hours"))
            self.faults.wrong(path, field, f"beyond {most} hours", f"超过 {most} 小时")
            return None
        return at

    def _way(
        self, path: Path, row: Mapping[str, Any], branches: Mapping[str, list[str]]
    ) -> tuple[str, str]:
        if "way" not in row:
            return "", ""
        known = [f"{branch}.{way}" for branch, ways in branches.items() for way in ways]
        self._among(path, "way", row, known, "there is no such branch.way", "没有此走向")
        branch, _, way = row["way"].partition(".")
        return branch, way

    def _data(self, path: Path, row: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of the channel, each of its code list, or a number."""
        name = row.get("channel")
        if name is None or not self.faults.coded(path, "channel", name, "drill_channel"):
            return {}
        channel = codes.load("drill_channel")[name]
        fields: Mapping[str, str] = channel.facts.get("fields", {})
        types = {f: NUMBER if name == "number" else str for f, name in fields.items()}
        has = {f: types[f] for f in channel.facts.get("needs", ())}
        path = (*path, "data")
        data = self.faults.shaped(path, row.get("data", {}), has, types)
        for field, value in data.items():
            if fields[field] not in ("number", "text"):
                self.faults.coded(path, field, value, fields[field])
        self._range(path, data)
        return data

    def _range(self, path: Path, data: Mapping[str, Any]) -> None:
        """A value of a device lies within what its class can say."""
        device = codes.load("sensor_class").get(data.get("cls", ""))
        if device is None or "value" not in data:
            return
        low, high = device.facts["low"], device.facts["high"]
        if not low <= data["value"] <= high:
            unit = f"{low} .. {high} {device.facts['unit']}".strip()
            self.faults.wrong(path, "value", f"is not within {unit}", f"应在 {unit} 之内")

    def _place(self, path: Path, row: Mapping[str, Any]) -> tuple[float | None, float | None]:
        """Longitude and latitude, both or none."""
        for field, edge in _EDGES.items():
            if field in row and not -edge <= row[field] <= edge:
                told = f"is not within ±{edge:.0f}°", f"应在 ±{edge:.0f}° 之内"
                self.faults.wrong(path, field, *told)
        for field, other in (("lon", "lat"), ("lat", "lon")):
            if field in row and other not in row:
                self.faults.wrong(path, other, f"missing, since there is {field}", "经纬度应成对")
        return row.get("lon"), row.get("lat")


def _named(rows: Iterable[Mapping[str, Any]]) -> list[Named]:
    """Those that are whole."""
    return [Named(r["id"], r["zh"], r["en"]) for r in rows if _NAMED.keys() <= r.keys()]


def _no_text(value: Any) -> tuple[str, str]:
    return f"{shown(value)} is not a text", "应为文字"
