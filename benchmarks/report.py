"""How every benchmark prints: a table for people, and as the last line one JSON object; some write
a page of docs/benchmarks."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def milliseconds(work: Callable[[], Any], times: int) -> float:
    """Median time of one call in milliseconds, after one call that is not counted."""
    work()
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append((time.perf_counter() - start) * 1000)
    return statistics.median(spent)


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print aligned columns."""
    cells = [list(head), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    print(f"\n{title}")
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def machine() -> str:
    """What it was measured on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    gpu = "a graphics card" if any(Path("/dev").glob("dri/card*")) else "no graphics card"
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    busy = f"; the machine was busy (load {load:.1f}): provisional" if load > 1 else ""
    return f"{os.cpu_count()} cores {model}, {gpu}, Python {platform.python_version()}{busy}"


def markdown(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table of a document."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def figures(name: str, **values: Any) -> None:
    """The last line of a benchmark."""
    print(json.dumps({"benchmark": name, **values}, ensure_ascii=False))


def _cell(value: Any) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
