"""What every peer is measured with; the standard library only, so that any Python runs it."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

VIEWS = ("city", "district")
Row = dict[str, list[float]]
"""Milliseconds of each repetition of `anew`, `kept` and `update`."""


def arguments(about: str | None) -> argparse.Namespace:
    """The command line that all peers share."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("data", type=Path, help="city.json of benchmarks.peers.data")
    parser.add_argument("--pictures", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--times", type=int, default=9, help="repetitions of each measurement")
    parser.add_argument("--seconds", type=float, default=6.0, help="the most one row may take")
    parser.add_argument("--gl", default="", help="browsers: swiftshader or llvmpipe")
    parser.add_argument("--web", type=Path, help="browsers: the folder with node_modules")
    parser.add_argument("--page", default="", help="browsers: leaflet, maplibre or deck")
    parser.add_argument("--quick", action="store_true", help="only the whole city, less of it")
    options = parser.parse_args()
    options.views = VIEWS[:1] if options.quick else VIEWS
    return options


def spent(
    work: Callable[[int], Any],
    options: argparse.Namespace,
    before: Callable[[int], Any] = lambda i: None,
) -> list[float]:
    """Milliseconds of `work(i)`, after one that is not counted; at least one is.

    `before(i)` comes first each time and is not counted.
    """
    found: list[float] = []
    end = time.perf_counter() + options.seconds
    for i in range(options.times + 1):
        before(i)
        start = time.perf_counter()
        work(i)
        found.append((time.perf_counter() - start) * 1000)
        if time.perf_counter() > end and i > 0:
            break
    return found[1:]


class Chart(Protocol):
    """What a peer in Python has to offer."""

    def paint(self, view: str, pixels: float = 0.0, closer: float = 1.0) -> Any:
        """Draw a view, moved to the east and magnified, and wait until it is drawn."""

    def update(self, i: int) -> Any:
        """Take all values of moment i."""


def measured(chart: Chart, view: str, options: argparse.Namespace) -> Row:
    """The three measurements of one view; the quick ones leave out the update."""

    def update(i: int) -> None:
        chart.update(i)
        chart.paint(view)

    row = {
        "anew": spent(lambda i: chart.paint(view, closer=1.0 + 0.001 * (i % 2)), options),
        "kept": spent(lambda i: chart.paint(view, pixels=4 * (i % 2)), options),
    }
    return row if options.quick else {**row, "update": spent(update, options)}


def told(rows: dict[str, Row], version: str, **more: Any) -> None:
    """The last line of a peer: {"rows": {view: row}, "version": text, ...}."""
    print(json.dumps({"rows": rows, "version": version, **more}, ensure_ascii=False), flush=True)
