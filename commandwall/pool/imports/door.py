"""`commandwall import`: a short program of its own, so that no reader of foreign files runs in
the wall or the agent. Exit code 0: every row is in the pool; 1: some rows were kept aside;
2: nothing could be imported, and a sentence says why."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from commandwall.clock import Clock
from commandwall.config import ASSETS, Settings
from commandwall.pool.imports import accounts

if TYPE_CHECKING:
    from commandwall.pool.imports import geofiles
    from commandwall.pool.imports.pool_rows import PoolRows
    from commandwall.pool.imports.report import Ledger, Report
    from commandwall.pool.imports.trouble import ImportTrouble

    Work = Callable[[PoolRows, Ledger], Report]
    """The import of a file that is read and checked, into an open pool."""


DONE, SOME_ASIDE, REFUSED = 0, 1, 2


class Job(NamedTuple):
    """One import, read and checked: the name of what it loads, from whom, a mark of all of it;
    `whole`: the kind of record of which it brings all that its source has, "" else; `department`:
    whose system the source is, where the mapping says so."""

    name: str
    source: str
    digest: str
    work: Work
    whole: str = ""
    department: str = ""


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
    _add_table(kinds.add_parser("table", help="rows of a table: CSV, XLSX, a database 表"))
    accounts.add_arguments(kinds)


def _add_table(parser: argparse.ArgumentParser) -> None:
    where = "CSV, XLSX, or a database as a SQLAlchemy URL 文件或数据库地址"
    parser.add_argument("file", metavar="FILE|URL", help=where)
    mapping = "what its columns mean 映射文件"
    parser.add_argument("--mapping", type=Path, required=True, metavar="M.toml", help=mapping)
    parser.add_argument(
        "--source", default="", metavar="NAME", help="the system it is from 来源系统"
    )
    secret = "file with the password of that database 数据库密码文件"
    parser.add_argument("--password-file", default="", metavar="FILE", help=secret)
    sure = "what the table no longer has may go, however much 确认大量移除"
    parser.add_argument("--yes-remove", action="store_true", help=sure)


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
    from commandwall.pool.imports.trouble import ImportTrouble

    try:
        if asked.what in accounts.ANSWERS:
            return accounts.run(settings, asked)
        return _load(settings, JOBS[asked.what](asked))
    except ImportTrouble as trouble:
        return _refuse(trouble, settings)
    except BrokenPipeError:  # nobody reads on: that is no trouble of a file
        raise
    except OSError as error:
        return _refuse(ImportTrouble("file", why=str(error)), settings)


def _refuse(trouble: ImportTrouble, settings: Settings) -> int:
    print(f"commandwall: {trouble.sentence(settings.lang)}", file=sys.stderr)
    return REFUSED


def _load(settings: Settings, job: Job) -> int:
    from commandwall.pool.imports import city_pool
    from commandwall.pool.imports.report import QUARANTINED, Ledger
    from commandwall.pool.imports.trouble import ImportTrouble

    with (
        city_pool.opened(settings) as pool,
        Ledger(settings.data_dir / "imports", Path(job.name).name) as ledger,
        pool.batch(job.source, job.name, job.digest, job.department) as batch,
    ):
        try:
            report = job.work(pool, ledger)
        except ImportTrouble as trouble:
            batch.summary = trouble.sentence(settings.lang)
            raise
        batch.summary = report.lines(settings.lang)[0]
        if job.whole:
            pool.mended(job.source, job.name, job.whole)
    print("\n".join(report.lines(settings.lang, batch.number)))
    print(f"  {ledger.rows}\n  {ledger.quarantine}")
    return SOME_ASIDE if report.total(QUARANTINED) else DONE


def _of_file(asked: argparse.Namespace, work: Work) -> Job:
    said = repr(sorted((key, str(value)) for key, value in vars(asked).items()))
    return Job(asked.file.name, asked.what, _digest(said, asked.file), work)


def _digest(said: str, *paths: Path) -> str:
    """A mark of what is loaded and how: by it a load that was killed is known again."""
    mark = hashlib.sha256(said.encode("utf-8", "backslashreplace"))
    for path in paths:
        with path.open("rb") as file:
            mark.update(hashlib.file_digest(file, "sha256").digest())
    return mark.hexdigest()


def _areas(asked: argparse.Namespace) -> Job:
    from commandwall.pool.imports import areas
    from commandwall.pool.imports.area_judge import Ask

    ask = Ask(asked.level, asked.parent, asked.code, asked.name, asked.replace)
    source = areas.read(asked.file, ask, _told(asked))
    return _of_file(asked, lambda pool, ledger: areas.run(pool, source, ledger))


def _told(asked: argparse.Namespace) -> geofiles.Told:
    from commandwall.pool.imports.geofiles import Told

    return Told(asked.datum, asked.layer, asked.encoding, asked.ignore_crs)


def _buildings(asked: argparse.Namespace) -> Job:
    from commandwall.pool.imports import buildings

    source = buildings.read(asked.file, _told(asked), asked.map)
    return _of_file(asked, lambda pool, ledger: buildings.run(pool, source, ledger, _progress))


def _roads(asked: argparse.Namespace) -> Job:
    from commandwall.pool.imports import osm, roads

    osm.check(asked.file)
    return _of_file(
        asked, lambda pool, ledger: roads.run(pool, asked.file, asked.within, ledger, _progress)
    )


def _ground(asked: argparse.Namespace) -> Job:
    from commandwall.pool.imports import lands, osm

    osm.check(asked.file)
    return _of_file(
        asked, lambda pool, ledger: lands.run(pool, asked.file, asked.within, ledger, _progress)
    )


def _table(asked: argparse.Namespace) -> Job:
    from commandwall.pool.imports import databases, loads, mapping, tables

    mapped = mapping.load(asked.mapping)
    if databases.is_address(asked.file):
        name, files = databases.name_of(asked.file, mapped), [asked.mapping]
        table = databases.read(asked.file, asked.password_file, mapped)
    else:
        name, files = Path(asked.file).name, [Path(asked.file), asked.mapping]
        table = tables.read(Path(asked.file))
    system = asked.source or mapped.system or mapped.source
    source = loads.Source(name, table, mapped, Clock().now(), system, asked.yes_remove)
    return Job(
        name,
        system,
        _digest(f"{asked.file} {system}", *files),
        lambda pool, ledger: loads.run(pool, source, ledger, _progress),
        mapped.kind if mapped.whole else "",
        mapped.department,
    )


JOBS: dict[str, Callable[[argparse.Namespace], Job]] = {
    "areas": _areas,
    "buildings": _buildings,
    "ground": _ground,
    "roads": _roads,
    "table": _table,
}


def _progress(done: int, total: int) -> None:
    """One line that counts up on a terminal, one line for each step in a file; total 0: unknown."""
    end = "\r" if sys.stderr.isatty() and done != total else "\n"
    of = f" / {total:,}" if total else ""
    print(f"{done:>9,}{of}", end=end, file=sys.stderr, flush=True)
