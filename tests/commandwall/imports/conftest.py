"""A pool in memory, and short ways to import a file into it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely

from commandwall.areas import CITY, TOWN, VILLAGE, Area
from commandwall.clock import Ms
from commandwall.pool.imports import areas, events, mapping, tables
from commandwall.pool.imports.area_judge import Ask
from commandwall.pool.imports.geofiles import Told
from commandwall.pool.imports.places import label_point
from commandwall.pool.imports.report import Ledger

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
        self.held_areas = {area.id: area for area in held}
        self.held_events, self.kept = {}, {}

    def areas(self):
        return list(self.held_areas.values())

    def events(self, ids):
        return {i: self.held_events[i] for i in ids if i in self.held_events}

    def put(self, records, kept, gone=()):
        for one in gone:
            del self.held_areas[one]
        for record in records:
            home = self.held_areas if isinstance(record, Area) else self.held_events
            home[record.id] = record
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
        self.folder, self.pool = folder, MemoryPool(*held)

    def events(self, table, map_text=MAP, name="rows.csv", now=NOW):
        path = self.write(name, table) if table is not None else self.folder / name
        mapped = mapping.load(self.write("map.toml", map_text))
        source = events.Source(path.name, tables.read(path), mapped, now)
        steps = []
        with Ledger(self.folder / "out", path.stem) as ledger:
            report = events.run(self.pool, source, ledger, lambda *step: steps.append(step))
        self.steps = steps
        return report

    def areas(self, path, **said):
        told = Told(**{name: said.pop(name) for name in Told._fields if name in said})
        with Ledger(self.folder / "out", path.stem) as ledger:
            return areas.run(self.pool, areas.read(path, Ask(**said), told), ledger)

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
