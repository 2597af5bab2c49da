"""`commandwall import`: a short program of its own, so that no reader of foreign files runs in
the wall or the agent. Exit code 0: every row is in the pool; 1: some rows were kept aside;
2: nothing could be imported, and a sentence says why."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from commandwall.clock import Clock
from commandwall.config import ASSETS, Settings

if TYPE_CHECKING:
    from commandwall.pool.imports import geofiles
    from commandwall.pool.imports.pool_rows import PoolRows
    from commandwall.pool.imports.report import Ledger, Report

    Work = Callable[[PoolRows, Ledger], Report]
    """The import of a file that is read and checked, into an open pool."""

DONE, SOME_ASIDE, REFUSED = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The kinds of import."""
    kinds = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    areas = kinds.add_parser("areas", help="outlines, or codes and names (CSV, XLSX) 辖区")
    _add_map_file(areas)
    areas.add_argument("--level", required=True, help="city, town, village, grid, microgrid, block")
    areas.add_argument("--parent", default="", metavar="CODE", help="area that holds them 上级代码")
    areas.add_argument("--code", default="", help="column of codes, or a lone outline's code 代码")
    areas.add_argument("--name", default="", help="column of names, or a lone outline's name 名称")
    areas.add_argument("--replace", action="store_true", help="remove other areas there 替换同级")
    buildings = kinds.add_parser("buildings", help="outlines of buildings 楼栋")
    _add_map_file(buildings)
    usual = ASSETS / "mappings" / "buildings.toml"
    buildings.add_argument(
        "--map", type=Path, default=usual, metavar="MAPPING.toml", help="映射文件"
    )
    for name, what in (("roads", "roads 道路"), ("ground", "water, built-up land, woods 地物")):
        osm = kinds.add_parser(name, help=f"{what} of OpenStreetMap (.osm.pbf)")
        osm.add_argument("file", type=Path)
        within = "only what touches this area; else the city 限于辖区"
        osm.add_argument("--within", default="", metavar="CODE", help=within)
    events = kinds.add_parser("events", help="rows of a table (CSV, XLSX) 事件")
    events.add_argument("file", type=Path)
    events.add_argument("--map", type=Path, required=True, metavar="MAPPING.toml", help="映射文件")


def _add_map_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="GeoJSON, GeoPackage, Shapefile (.shp, .zip)")
    datum = "wgs84, cgcs2000, gcj02, bd09 or EPSG:n, where the file has no CRS 坐标系"
    parser.add_argument("--datum", help=datum)
    parser.add_argument("--layer", default="", help="of a file with several 图层")
    parser.add_argument("--encoding", default="", help="of a Shapefile's texts 文字编码")
    wrong = "the CRS in the file is wrong; --datum counts 文件坐标系标错"
    parser.add_argument("--ignore-crs", action="store_true", help=wrong)


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Import what was asked for; the report goes to stdout, progress to stderr."""
    # Here, not above: every other command would wait for these libraries too.
    from commandwall.pool.imports import city_pool
    from commandwall.pool.imports.report import QUARANTINED, Ledger
    from commandwall.pool.imports.trouble import ImportTrouble

    try:
        work = WORKS[asked.what](asked)
        with (
            city_pool.opened(settings) as pool,
            Ledger(settings.data_dir / "imports", asked.file.stem) as ledger,
        ):
            report = work(pool, ledger)
    except ImportTrouble as trouble:
        print(f"commandwall: {trouble.sentence(settings.lang)}", file=sys.stderr)
        return REFUSED
    print("\n".join(report.lines(settings.lang)))
    print(f"  {ledger.rows}\n  {ledger.quarantine}")
    return SOME_ASIDE if report.total(QUARANTINED) else DONE


def _areas(asked: argparse.Namespace) -> Work:
    from commandwall.pool.imports import areas
    from commandwall.pool.imports.area_judge import Ask

    ask = Ask(asked.level, asked.parent, asked.code, asked.name, asked.replace)
    source = areas.read(asked.file, ask, _told(asked))
    return lambda pool, ledger: areas.run(pool, source, ledger)


def _told(asked: argparse.Namespace) -> geofiles.Told:
    from commandwall.pool.imports.geofiles import Told

    return Told(asked.datum, asked.layer, asked.encoding, asked.ignore_crs)


def _buildings(asked: argparse.Namespace) -> Work:
    from commandwall.pool.imports import buildings

    source = buildings.read(asked.file, _told(asked), asked.map)
    return lambda pool, ledger: buildings.run(pool, source, ledger, _progress)


def _roads(asked: argparse.Namespace) -> Work:
    from commandwall.pool.imports import osm, roads

    osm.check(asked.file)
    return lambda pool, ledger: roads.run(pool, asked.file, asked.within, ledger, _progress)


def _ground(asked: argparse.Namespace) -> Work:
    from commandwall.pool.imports import lands, osm

    osm.check(asked.file)
    return lambda pool, ledger: lands.run(pool, asked.file, asked.within, ledger, _progress)


def _events(asked: argparse.Namespace) -> Work:
    from commandwall.pool.imports import events, mapping, tables

    mapped = mapping.load(asked.map)
    source = events.Source(asked.file.name, tables.read(asked.file), mapped, Clock().now())
    return lambda pool, ledger: events.run(pool, source, ledger, _progress)


WORKS: dict[str, Callable[[argparse.Namespace], Work]] = {
    "areas": _areas,
    "buildings": _buildings,
    "events": _events,
    "ground": _ground,
    "roads": _roads,
}


def _progress(done: int, total: int) -> None:
    """One line that counts up on a terminal, one line for each step in a file; total 0: unknown."""
    end = "\r" if sys.stderr.isatty() and done != total else "\n"
    of = f" / {total:,}" if total else ""
    print(f"{done:>9,}{of}", end=end, file=sys.stderr, flush=True)
