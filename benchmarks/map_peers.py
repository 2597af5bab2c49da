"""Our map beside other maps on one data set in one run; see benchmarks/peers/README.md.

`python -m benchmarks.map_peers [--quick] [--write] [--only ours,qgis]` runs the peers that are
installed and says which are not. Ratios are against our rows `city` and `district`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from benchmarks.peers.data import FEWER, prepare, thinned
from benchmarks.report import figures, machine, markdown, table
from commandwall.clock import Clock, to_datetime

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "benchmarks" / "peers"
DOCS = ROOT / "docs" / "benchmarks"
WORKS = ("anew", "kept", "update")
HEAD = ("map", "view", *(f"{work} p50 (p95)" for work in WORKS), "anew x", "kept x", "update x")
QUICK_S, LONG_S = 40, 3600
"""The most that a run may take; peers that come too late are said to."""


def folder() -> Path:
    """Where peers, data and pictures lie."""
    given = os.environ.get("COMMANDWALL_PEERS")
    return Path(given) if given else platformdirs.user_cache_path("commandwall") / "peers"


def has(python: Path, package: str) -> bool:
    """Whether an interpreter could import a package; it is not imported, which may take seconds."""
    ask = f"import sys, importlib.util as u; sys.exit(u.find_spec('{package}') is None)"
    return subprocess.run([python, "-c", ask], check=False).returncode == 0


@dataclass(frozen=True, slots=True)
class Peer:
    """A row of peers.toml."""

    id: str
    title: str
    module: str
    python: str
    differs: str
    counted: bool = False
    browser: bool = False
    page: str = ""
    packages: tuple[str, ...] = ()
    gl: tuple[str, ...] = ("",)

    @property
    def interpreter(self) -> Path:
        places = {"venv": folder() / "venv/bin/python", "system": Path("/usr/bin/python3")}
        return places.get(self.python, Path(sys.executable))

    def missing(self) -> str:
        """What is not installed; "" where it can run."""
        needs = {"datashader": "datashader", "qgis": "qgis", "browser": "selenium"}
        wanted = needs.get("browser" if self.browser else self.id)
        if not self.interpreter.exists():
            return str(self.interpreter.name)
        if wanted and not has(self.interpreter, wanted):
            return wanted
        programs = ("chromium", "chromedriver") if self.browser else ()
        gone = [name for name in programs if not shutil.which(name)]
        gone += [p for p in self.packages if not (folder() / "node_modules" / p).exists()]
        return ", ".join(gone)

    def renderers(self, quick: bool) -> list[str]:
        """The software GLs to try; only the first that there is where time is short."""
        have = [gl for gl in self.gl if gl != "llvmpipe" or shutil.which("Xvfb")]
        return have[:1] if quick else have


@dataclass(slots=True)
class Result:
    """What a peer showed: {view: {work: milliseconds}}, or why there is nothing."""

    peer: Peer
    gl: str = ""
    rows: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    trouble: str = ""

    @property
    def title(self) -> str:
        version = f" {self.told.get('version', '')}".rstrip()
        return self.peer.title + version + (f" ({self.gl})" if self.gl else "")

    @property
    def pictures(self) -> str:
        """How its pictures begin."""
        if self.peer.browser:
            return self.peer.page + self.gl
        names = {"ours": "commandwall", "plain_pyqtgraph": f"pyqtgraph{self.peer.page}"}
        return names.get(self.peer.module, self.peer.id)

    def best(self, work: str) -> float:
        """For peers that keep nothing `kept` is another `anew`: the faster one counts."""
        anew, kept = self.median("city", "anew"), self.median("city", "kept")
        return min(anew, kept) if work == "kept" else anew

    def median(self, view: str, work: str) -> float:
        return statistics.median(self.rows.get(view, {}).get(work, []) or [float("nan")])


def peers() -> list[Peer]:
    rows = tomllib.loads((HERE / "peers.toml").read_text())["peer"]
    return [Peer(**{k: tuple(v) if isinstance(v, list) else v for k, v in r.items()}) for r in rows]


def run(peer: Peer, gl: str, data: Path, options: argparse.Namespace) -> Result:
    """One peer in a process of its own."""
    times, seconds = (2, 0.5) if options.quick else (options.times, options.seconds)
    command = [
        str(peer.interpreter), "-m", f"benchmarks.peers.{peer.module}", str(data), "--pictures",
        str(options.pictures), "--web", str(folder()), "--page", peer.page, "--gl", gl,
        "--times", str(times), "--seconds", str(seconds), *["--quick"] * options.quick,
    ]  # fmt: skip
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    left = options.until - time.monotonic()
    try:
        said, complaint = process.communicate(timeout=max(1.0, left))
        told = json.loads(said.splitlines()[-1])
        return Result(peer, gl, told.pop("rows"), told)
    except subprocess.TimeoutExpired:
        return Result(peer, gl, trouble="no time left")
    except (ValueError, IndexError, KeyError):
        return Result(peer, gl, trouble=(complaint.strip() or said).splitlines()[-1])
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)  # its browser and screen with it
            process.communicate()


def fastest(peer: Peer, data: Path, options: argparse.Namespace) -> Result:
    """The peer with the renderer that pans the city fastest."""
    if gone := peer.missing():
        return Result(peer, trouble=f"not installed: {gone}")
    if time.monotonic() > options.until:
        return Result(peer, trouble="no time left")
    found = [run(peer, gl, data, options) for gl in peer.renderers(options.quick or options.first)]
    return min(found, key=lambda r: (bool(r.trouble), r.median("city", "kept")))


def cells(result: Result, ours: Result | None) -> Iterator[tuple[Any, ...]]:
    """Table rows of a peer: milliseconds, and how many times ours."""
    for view, row in result.rows.items():
        times = [f"{np.median(row[w]):,.0f} ({np.percentile(row[w], 95):,.0f})" if row.get(w)
                 else "-" for w in WORKS]  # fmt: skip
        same = ours is not None and view in ours.rows and result is not ours
        ratio = [ours.median(view, w) if same and ours else float("nan") for w in WORKS]
        found = [result.median(view, w) / r for w, r in zip(WORKS, ratio, strict=True)]
        yield (result.title, view, *times, *("-" if f != f else f"{f:.1f}" for f in found))


def promised(results: list[Result]) -> list[tuple[str, str, str, str]]:
    """The ratios that are promised for the whole city, with what there was."""
    known = {r.peer.id: r for r in results if r.rows}
    ours = known.get("ours")
    if ours is None:
        return []
    web = [r for r in known.values() if r.peer.browser and r.peer.counted]
    wanted: list[tuple[str, list[Result], float, float]] = [
        ("fastest browser peer", web, 20, 13),
        ("QGIS", [known["qgis"]] if "qgis" in known else [], 45, 30),
        ("plain pyqtgraph", [known["pyqtgraph"]] if "pyqtgraph" in known else [], 8, 5),
        ("not counted", [known["jagged"]] if "jagged" in known else [], 8, 5),
    ]
    rows = []
    for name, some, kept, anew in wanted:
        for work, least in (("kept", kept), ("anew", anew)):
            times = [(r.best(work), r.title) for r in some]
            if times:
                best, title = min(times)
                ratio = best / ours.median("city", work)
                rows.append((f"{name}: {title}", work, f"{ratio:.1f}", f"{least:g}"))
    return rows


def write(results: list[Result], about: str, options: argparse.Namespace) -> None:
    """Table and pictures into docs/benchmarks."""
    DOCS.mkdir(parents=True, exist_ok=True)
    ours = next((r for r in results if r.peer.id == "ours"), None)
    rows = [row for result in results for row in cells(result, ours)]
    parts = [
        "# The map beside other maps", about, PREFACE, markdown(HEAD, rows), "## Promises",
        markdown(("against", "", "times ours", "at least"), promised(results)),
        "## What is not like for like, and how it looks",
    ]  # fmt: skip
    for result in results:
        parts += [f"### {result.title}", verdict(result)]
        if album(result, options.pictures):
            parts.append(f"![{result.peer.title}](map-{result.peer.id}.png)")
    (DOCS / "map-peers.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


PREFACE = (
    "Written by `python -m benchmarks.map_peers --write`; what is measured and how stands in "
    "[benchmarks/peers](../../benchmarks/peers/README.md). Milliseconds; the columns with an x "
    "say how many times ours a peer takes. Each picture: above, the whole city at half size; "
    "below, a part of the district."
)


def verdict(result: Result) -> str:
    if result.trouble:
        return f"Not measured: {result.trouble}"
    counts = (
        "" if result.peer.id == "ours" else " Counted." if result.peer.counted else " Not counted."
    )
    browser = f" Chromium {result.told['browser']}." if result.told.get("browser") else ""
    return result.peer.differs + counts + browser


def album(result: Result, pictures: Path) -> bool:
    """The two views as one small picture; pillow lies with the peers."""
    views = [pictures / f"{result.pictures}-{view}.png" for view in ("city", "district")]
    python = folder() / "venv/bin/python"
    if result.trouble or not python.exists() or not all(view.exists() for view in views):
        return False
    out = DOCS / f"map-{result.peer.id}.png"
    make = [python, "-m", "benchmarks.peers.album", *views, out]
    return subprocess.run(make, cwd=ROOT, check=False).returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="", help="ids of peers.toml, with commas")
    parser.add_argument("--times", type=int, default=9, help="repetitions of each measurement")
    parser.add_argument("--seconds", type=float, default=6.0, help="the most one of them takes")
    parser.add_argument("--first", action="store_true", help="browsers: one software GL only")
    parser.add_argument("--pictures", type=Path, default=None)
    options = parser.parse_args()
    now, only = to_datetime(Clock().now()), options.only.split(",") if options.only else []
    about = f"{now:%Y-%m-%d}, {machine()}."
    print(about, flush=True)
    data = prepare(folder())
    if options.quick:
        data = thinned(data)
        print(f"Quick: one in {FEWER} of everything; no promise is looked at.", flush=True)
    options.until = time.monotonic() + (QUICK_S if options.quick else LONG_S)
    with tempfile.TemporaryDirectory() as scratch:
        options.pictures = options.pictures or Path(scratch)
        options.pictures.mkdir(parents=True, exist_ok=True)
        results = measure([p for p in peers() if not only or p.id in only], data, options)
        if options.write and not options.quick:
            write(results, about, options)
    show(results, about, options.quick)


def measure(some: list[Peer], data: Path, options: argparse.Namespace) -> list[Result]:
    results = []
    for peer in some:
        results.append(fastest(peer, data, options))
        if results[-1].trouble:
            print(f"{peer.title}: {results[-1].trouble}", flush=True)
    return results


def show(results: list[Result], about: str, quick: bool) -> None:
    ours = next((r for r in results if r.peer.id == "ours"), None)
    rows = [row for result in results for row in cells(result, ours)]
    table("Maps, milliseconds", HEAD, rows)
    promises = [] if quick else promised(results)
    if promises:
        table("Promises", ("against", "", "times ours", "at least"), promises)
    told = {
        r.title: {
            view: {work: [round(ms, 1) for ms in times] for work, times in row.items()}
            for view, row in r.rows.items()
        }
        for r in results
    }
    figures("map_peers", about=about, rows=told, promises=promises)


if __name__ == "__main__":
    main()
