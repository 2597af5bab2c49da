"""`commandwall import batches`, `withdraw`, `quarantine`: what was loaded, and taking it back."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from commandwall.config import Settings

if TYPE_CHECKING:
    from commandwall.pool.imports.city_pool import CityPool

DONE, SOME_LEFT = 0, 1
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


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Answer. Raises ImportTrouble."""
    # Here, not above: every other command would wait for these libraries too.
    from commandwall.pool.imports import city_pool

    with city_pool.opened(settings) as pool:
        return ANSWERS[asked.what](pool, settings, asked)


def _batches(pool: CityPool, settings: Settings, asked: argparse.Namespace) -> int:
    words = _words(settings)
    for number, begun, source, file, state, summary, rows in pool.batches(asked.most):
        changed = f"{words['written']} {rows:,}"
        print(f"{number:>6}  {begun:%Y-%m-%d %H:%M}  {words[state]}  {source}  {file}  {changed}")
        if summary:
            print(f"        {summary}")
    return DONE


def _withdraw(pool: CityPool, settings: Settings, asked: argparse.Namespace) -> int:
    words = _words(settings)
    ended = pool.withdraw(asked.batch)
    counts = [f"{words[name]} {n:,}" for name, n in sorted(ended.items())]
    print(f"{words['batch']} {asked.batch}: {words['withdrawn']}. {', '.join(counts)}")
    for kind, key, why in pool.withdrawn(asked.batch, SHOWN):
        print(f"  ! {kind} {key}: {words[why]}")
    return SOME_LEFT if ended.get("later") else DONE


def _quarantine(pool: CityPool, settings: Settings, asked: argparse.Namespace) -> int:
    from commandwall.pool.imports import text
    from commandwall.pool.imports.report import private

    words = _words(settings)
    rows = pool.quarantine(asked.source, asked.batch)
    if asked.export:
        with private(asked.export) as file:
            csv.writer(file).writerows([HEAD, *rows])
        print(f"{words['quarantined']} {len(rows):,}: {asked.export}")
        return DONE
    for at, _, source, file_name, row, field, reason, original in rows[:SHOWN]:
        why = words.get(reason, reason)
        print(f"{at:%Y-%m-%d %H:%M}  {source}  {file_name}  {words['row']} {row}, {field}: {why}")
        print(f"        {text.clean(original).text}")
    print(f"{words['quarantined']} {len(rows):,}", file=sys.stderr)
    return DONE


def _words(settings: Settings) -> dict[str, str]:
    from commandwall import codes

    return {key: row.name(settings.lang) for key, row in codes.load("import_reason").items()}


ANSWERS = {"batches": _batches, "withdraw": _withdraw, "quarantine": _quarantine}
