"""A load: the rows of a source's table, judged one by one and written in batches.

A load may be killed and run again: a row is known by its source and number, and one that says what
its source said before brings nothing. Of a whole table also what it no longer has is taken out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from commandwall.areas import Area
from commandwall.clock import Ms
from commandwall.pool.imports.events import EventJudge, keep_work
from commandwall.pool.imports.judged import BATCH, File, Progress, close
from commandwall.pool.imports.mapping import Mapping
from commandwall.pool.imports.places import gazetteer
from commandwall.pool.imports.pool_rows import PoolRows
from commandwall.pool.imports.records import RecordJudge, RecordReader
from commandwall.pool.imports.report import Ledger, Report
from commandwall.pool.imports.rows import RowReader
from commandwall.pool.imports.sources import Gone, Weigher
from commandwall.pool.imports.tables import Table
from commandwall.pool.imports.trouble import ImportTrouble, RowFault

Judge = EventJudge | RecordJudge


class Source(NamedTuple):
    """One table to load: its name, its rows, what its columns mean, when, and from which system.

    `sure`: a person said that what the table no longer has may go, however much it is.
    """

    name: str
    table: Table
    mapping: Mapping
    now: Ms
    system: str
    sure: bool = False


def run(pool: PoolRows, source: Source, ledger: Ledger, progress: Progress) -> Report:
    """Load a whole table; what was done before a failure stays done. Raises ImportTrouble."""
    report = Report(source.name)
    judge = _judge(pool, source)
    file = File(source.mapping.record, source.system, source.name, _keep(source, judge))
    gone = _gone(pool, source, file, judge)
    weigh, total = Weigher(source.system, source.now, report.notes), source.table.count()
    waiting = source.table.numbered()
    while batch := list(islice(waiting, BATCH)):
        report.rows += len(batch)
        report.add(close(pool, ledger, [judge(*row) for row in batch], file, weigh))
        progress(report.rows, max(total, report.rows) if total else 0)
    if gone is not None:
        gone.remove(report.notes)
    report.notes += judge.reader.notes
    return report


def _gone(pool: PoolRows, source: Source, file: File, judge: Judge) -> Gone | None:
    """What a whole table no longer has, believed before the first row is written."""
    if not source.mapping.whole:
        return None
    return Gone(pool, file, _said(source, judge), source.now, source.sure)


def _judge(pool: PoolRows, source: Source) -> Judge:
    mapping, header = source.mapping, source.table.header
    places = gazetteer(pool.all(Area), mapping.places)
    if mapping.kind == "event":
        judge: Judge = EventJudge(RowReader(mapping, header, places, source.now))
    else:
        judge = RecordJudge(RecordReader(mapping, header, places, source.now), pool)
    if (mapping.whole or mapping.kind != "event") and mapping.key not in judge.reader.columns:
        named = mapping.columns[mapping.key]
        usual = named if isinstance(named, str) else ", ".join(named)
        raise ImportTrouble("columns", missing=f"{mapping.key} ({usual})", there=", ".join(header))
    return judge


def _said(source: Source, judge: Judge) -> list[str]:
    """Ids of the rows that the table has, also of those that will be refused."""
    said = []
    for _, cells in source.table.numbered():
        with suppress(RowFault):
            said.append(judge.reader.key(cells))
    judge.reader.notes.clear()  # what was mended is counted when the rows are judged
    return list(filter(None, said))


def _keep(source: Source, judge: Judge) -> Callable[[Any, Any], Any]:
    told = judge.reader.columns | source.mapping.defaults.keys()
    return partial(keep_work if source.mapping.kind == "event" else _keep_untold, told=told)


def _keep_untold(record: Any, held: Any, told: frozenset[str]) -> Any:
    """The record as the pool should hold it: what the table does not tell stays as it is."""
    placed = {"area", "lon", "lat"} if told & {"area", "lon", "lat"} else set()
    names = {f.name for f in dataclasses.fields(record)} - told - placed
    return dataclasses.replace(record, **{name: getattr(held, name) for name in names})
