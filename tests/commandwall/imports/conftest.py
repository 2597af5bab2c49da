"""A pool in memory, and short ways to import a file into it."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest
import shapely

from commandwall.areas import CITY, TOWN, VILLAGE, Area
from commandwall.clock import Ms
from commandwall.config import ASSETS
from commandwall.events import Event
from commandwall.pool.imports import areas, buildings, lands, loads, mapping, osm, roads, tables
from commandwall.pool.imports.area_judge import Ask
from commandwall.pool.imports.geofiles import Told
from commandwall.pool.imports.places import label_point
from commandwall.pool.imports.pool_rows import Claim
from commandwall.pool.imports.report import Ledger

USUAL = ASSETS / "mappings" / "buildings.toml"
NOW = Ms(1_795_500_000_000)
MAP = """
source = "12345"
datum = "gcj02"
dates = ["%Y/%m/%d %H:%M:%S", "%Y/%m/%d"]
[columns]
source_id = "编号"
person = "用户"
title = "主题"
body = "详情"
reported_at = "时间"
"""


class MemoryPool:
    """What the importers ask of a pool, in dictionaries."""

    def __init__(self, *held):
        self.of = defaultdict(dict)
        self.of[Area] = {area.id: area for area in held}
        self.kept, self.marks = {}, defaultdict(dict)

    @property
    def held_areas(self):
        return self.of[Area]

    @property
    def held_events(self):
        return self.of[Event]

    def all(self, kind):
        return list(self.of[kind].values())

    def held(self, kind, ids):
        return {i: self.of[kind][i] for i in ids if i in self.of[kind]}

    def claims(self, kind, ids):
        return {i: [Claim(*one) for one in self.marks[kind, i].items()] for i in ids}

    def disputes(self, kind, ids):
        return []

    def owed(self, source, events):
        return frozenset()

    def put(self, records, kept, gone=(), word=None):
        for id_, mark in word.marks.items() if word else ():
            self.marks[word.kind, id_][word.source] = mark
        for one in gone:
            del self.of[type(one)][one.id]
        for record in records:
            self.of[type(record)][record.id] = record
        self.kept |= {one.id: one for one in kept}


def an_area(code, name, shape, level=TOWN, parent="", sketch=0):
    lon, lat = label_point(shape)
    return Area(code, level, name, parent, lon, lat, shapely.to_wkb(shape), sketch)


def a_city():
    """A city of 0.4 by 0.2 degrees with two towns side by side and a village in each."""
    west, east = shapely.box(120.0, 31.8, 120.2, 32.0), shapely.box(120.2, 31.8, 120.4, 32.0)
    return [
        an_area("320281", "江阴市", shapely.box(120.0, 31.8, 120.4, 32.0), CITY),
        an_area("320281001", "澄江街道", west, TOWN, "320281"),
        an_area("320281002", "华士镇", east, TOWN, "320281"),
        an_area("320281001001", "文定社区居委会", west.buffer(-0.05), VILLAGE, "320281001"),
        an_area("320281002001", "新桥村村委会", east.buffer(-0.05), VILLAGE, "320281002"),
        an_area("320281001002", "新桥村村委会", west.buffer(-0.09), VILLAGE, "320281001"),
    ]


class Desk:
    """Imports files of a folder into a pool in memory."""

    def __init__(self, folder: Path, *held: Area):
        self.folder, self.pool, self.steps = folder, MemoryPool(*held), []

    def events(self, table, map_text=MAP, name="rows.csv", now=NOW):
        path = self.write(name, table) if table is not None else self.folder / name
        mapped = mapping.load(self.write("map.toml", map_text))
        source = loads.Source(path.name, tables.read(path), mapped, now, mapped.source)
        self.steps.clear()
        with Ledger(self.folder / "out", path.stem) as ledger:
            return loads.run(self.pool, source, ledger, self.step)

    def step(self, *step):
        self.steps.append(step)

    def areas(self, path, **said):
        told = Told(**{name: said.pop(name) for name in Told._fields if name in said})
        with Ledger(self.folder / "out", path.stem) as ledger:
            return areas.run(self.pool, areas.read(path, Ask(**said), told), ledger)

    def buildings(self, path, map_text=None, **told):
        map_file = USUAL if map_text is None else self.write("map.toml", map_text)
        source = buildings.read(path, Told(**told), map_file)
        with Ledger(self.folder / "out", path.stem) as ledger:
            return buildings.run(self.pool, source, ledger, self.step)

    def roads(self, path, within=""):
        osm.check(path)
        with Ledger(self.folder / "out", path.stem) as ledger:
            return roads.run(self.pool, path, within, ledger, self.step)

    def ground(self, path, within=""):
        osm.check(path)
        with Ledger(self.folder / "out", path.stem) as ledger:
            return lands.run(self.pool, path, within, ledger, self.step)

    def write(self, name, content, encoding="utf-8"):
        path = self.folder / name
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        path.write_text(text, encoding=encoding)
        return path

    def ledger(self, stem, which="rows"):
        lines = (self.folder / "out" / f"{stem}.{which}.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path, *a_city())


@pytest.fixture
def empty_desk(tmp_path):
    return Desk(tmp_path)
