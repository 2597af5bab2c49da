"""`commandwall import batches`, `withdraw`, `quarantine`, `disputes`, `verdict`: after a load."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from commandwall.clock import Ms, from_datetime, to_datetime
from commandwall.config import Settings

if TYPE_CHECKING:
    from commandwall.pool.imports.city_pool import CityPool

DONE, SOME_LEFT = 0, 1
HELD, SAID = "held", "said"
SHOWN = 20
"""Rows that are printed; a file or the pool has them all."""
HEAD = ("at", "batch", "source", "file", "row", "field", "reason", "original")


def add_arguments(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What can be asked of loads that were."""
    batches = kinds.add_parser("batches", help="what was loaded, newest first 批次")
    batches.add_argument("--most", type=int, default=SHOWN, metavar="N", help="so many 条数")
    withdraw = kinds.add_parser("withdraw", help="take a batch back everywhere 撤回批次")
    withdraw.add_argument("batch", type=int, metavar="BATCH", help="its number 批次号")
    aside = kinds.add_parser("quarantine", help="rows that were kept aside 隔离行")
    aside.add_argument("--source", default="", metavar="NAME", help="of this source 来源系统")
    aside.add_argument("--batch", type=int, metavar="BATCH", help="of this batch 批次号")
    aside.add_argument("--export", type=Path, metavar="FILE.csv", help="all of them to a file 导出")

    gone = "the rows of that batch need nobody 不再保留该批次的隔离行"
    aside.add_argument("--forget", action="store_true", help=gone)
    disputes = "where sources say different things 待核验"
    kinds.add_parser("disputes", help=disputes)
    verdict = kinds.add_parser("verdict", help="decide one of them 核验")
    verdict.add_argument("dispute", metavar="DISPUTE", help="its id 编号")
    verdict.add_argument("keep", choices=(HELD, SAID), help="the value of the pool, or the other")
    verdict.add_argument("--by", required=True, metavar="NAME", help="who decides 核验人")


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Answer. Raises ImportTrouble."""
    # Here, not above: every other command would wait for these libraries too.
    from commandwall.pool.imports import city_pool

    with city_pool.opened(settings) as pool:
        return ANSWERS[asked.what](pool, settings, asked)


def _batches(pool: CityPool, settings: Settings, asked: argparse.Namespace) -> int:
    words = _words(settings)
    for number, begun, source, file, state, summary, rows in pool.batches(asked.most):
        when, changed = _when(from_datetime(begun)), f"{words['written']} {rows:,}"
        print(f"{number:>6}  {when}  {words[state]}  {source}  {file}  {changed}")
        if summary:
            print(f"        {summary}")
    return DONE


def _when(at: Ms | None) -> str:
    """In the city's time: the server tells it in its own."""
    return f"{to_datetime(at):%Y-%m-%d %H:%M}" if at is not None else ""


def _withdraw(pool: CityPool, settings: Settings, asked: argparse.Namespace) -> int:
    words = _words(settings)
    ended = pool.withdraw(asked.batch)
    counts = [f"{words[name]} {n:,}" for name, n in sorted(ended.items())]
    told = ", ".join(counts) or words["nothing_changed"]
    print(f"{words['batch']} {asked.batch}: {words['withdrawn']}. {told}")
    for kind, key, why in pool.withdrawn(asked.batch, SHOWN):
        print(f"  ! {kind} {key}: {words[why]}")
    return SOME_LEFT if ended.get("later") else DONE


def _quarantine(pool: CityPool, settings: Settings, asked: argparse.Namespace) -> int:
    from commandwall.pool.imports import text
    from commandwall.pool.imports.report import private

    words = _words(settings)
    if asked.forget:
        return _forget(pool, words, asked.batch)
    rows = pool.quarantine(asked.source, asked.batch)
    if asked.export:
        with private(asked.export) as file:
            file.write("\ufeff")  # by it a spreadsheet program knows that this is UTF-8
            csv.writer(file).writerows([HEAD, *rows])
        print(f"{words['quarantined']} {len(rows):,}: {asked.export}")
        return DONE
    for at, _, source, file_name, row, field, reason, original in rows[:SHOWN]:
        when, why = _when(from_datetime(at)), words.get(reason, reason)
        print(f"{when}  {source}  {file_name}  {words['row']} {row}, {field}: {why}")
        print(f"        {text.clean(original).text}")
    more = f" ({words['more_aside']})" if len(rows) > SHOWN else ""
    print(f"{words['quarantined']} {len(rows):,}{more}", file=sys.stderr)
    return DONE


def _forget(pool: CityPool, words: Mapping[str, str], batch: int | None) -> int:
    """By its number only: a person has read them. They stay in the account of that import."""
    from commandwall.pool.imports.trouble import ImportTrouble

    if batch is None:
        raise ImportTrouble("forget_batch")
    print(f"{words['batch']} {batch}: {words['no_longer_aside']} {pool.forget_aside(batch):,}")
    return DONE


def _disputes(pool: CityPool, settings: Settings, asked: argparse.Namespace) -> int:
    from commandwall.pool.imports import text

    waiting = pool.undecided()
    for d in waiting:
        print(text.clean(d.id).text)
        for value, source, at in (
            (d.held, d.held_source, d.held_at),
            (d.said, d.said_source, d.said_at),
        ):
            print(f"        {text.clean(value).text}  {source}  {_when(at)}")
    print(f"{_words(settings)['disputed']} {len(waiting):,}", file=sys.stderr)
    return SOME_LEFT if waiting else DONE


def _verdict(pool: CityPool, settings: Settings, asked: argparse.Namespace) -> int:
    pool.decide(asked.dispute, asked.keep, asked.by)
    print(f"{asked.dispute}: {_words(settings)[asked.keep + '_value']}")
    return DONE


def _words(settings: Settings) -> dict[str, str]:
    from commandwall import codes

    return {key: row.name(settings.lang) for key, row in codes.load("import_reason").items()}


ANSWERS = {
    "batches": _batches,
    "disputes": _disputes,
    "quarantine": _quarantine,
    "verdict": _verdict,
    "withdraw": _withdraw,
}
