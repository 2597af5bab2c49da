"""Have papers set, in a short-lived child with limits of memory and time, and put them in place.

A template of assets/papers and data make a paper. The data goes as JSON in a file beside the
template, so nothing that anybody wrote is ever read as markup.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from commandwall import codes
from commandwall.config import ASSETS

CHILD, WRITER = (Path(__file__).with_name(name) for name in ("child.py", "writer.py"))
PDF, DOCX = "pdf", "docx"
BOTH = (PDF, DOCX)
"""Forms of a paper that is to be read, and of one that is to be worked on."""
FONTS = "manimgx_fonts_cjk"
PAPERS = ASSETS / "papers"
CHARTS = "chart-{p}.png"
"""Pictures of the charts of a paper, one a page, for the form that does not draw them itself."""
R = TypeVar("R")


class Unset(Exception):
    """A paper could not be set; says what the child said."""


class Taken(Exception):
    """A file is there that nobody chose to replace; says its name."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What is set: a template by its name, its data, pictures by their file names."""

    template: str  # "" for what a program draws without one
    data: Mapping[str, Any]
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    program: Path = CHILD


@dataclass(frozen=True, slots=True)
class Pressed:
    """A file that is set and not yet in its place, with the hash of its bytes."""

    path: Path
    target: Path
    sha256: str


def press(paper: Paper, targets: Sequence[Path], mark: str) -> list[Pressed]:
    """Set one paper in the form of each target (.pdf, .docx, .html), beside where it is to be.
    `mark` stands at the head of its title and of each page.

    Waits for the children. Unset where it cannot be made, OSError where it cannot be written;
    nothing is left of it then.
    """
    made: list[Pressed] = []
    with tempfile.TemporaryDirectory(prefix="commandwall-") as name:
        folder = Path(name)
        _lay_out(paper, folder, mark)
        try:
            for target in targets:
                docx = target.suffix == f".{DOCX}"
                if docx and any(block.get("chart") for block in paper.data.get("blocks", ())):
                    _run(CHILD, folder, folder / CHARTS)
                made.append(_set(WRITER if docx else paper.program, folder, target))
        except (Unset, OSError):
            drop(made)
            raise
    return made


def targets(chosen: Path, forms: Sequence[str]) -> list[Path]:
    """Where the forms of a paper go that is to be called so. Only what a person chose himself may
    be replaced: Taken for another file that is there."""
    stem = chosen.stem if chosen.suffix.lower()[1:] in forms else chosen.name
    found = [chosen.with_name(f"{stem}.{form}") for form in forms]
    if taken := next((one.name for one in found if one != chosen and one.exists()), ""):
        raise Taken(taken)
    return found


def put(pressed: Sequence[Pressed]) -> None:
    """Give each file its name: from then on it is handed out."""
    for one in pressed:
        one.path.replace(one.target)


def settle(pressed: Sequence[Pressed], line: Future[R]) -> R:
    """Give the files their names once their line is on disk, whoever still looks on, and answer
    with what was done; take them back and raise what it raised where it was not written. Waits:
    never on the screen's thread."""
    wait([line])
    refused = line.cancelled() or line.exception() is not None
    (drop if refused else put)(pressed)
    return line.result()


def drop(pressed: Sequence[Pressed]) -> None:
    """Take back what was set and may not go out."""
    for one in pressed:
        one.path.unlink(missing_ok=True)


def _lay_out(paper: Paper, folder: Path, mark: str) -> None:
    if paper.template:
        for part in ("base.typ", "chart.typ", "charts.typ"):
            shutil.copy(PAPERS / part, folder)
        shutil.copy(PAPERS / f"{paper.template}.typ", folder / "main.typ")
    marked = {**paper.data, "title": f"{mark}{paper.data.get('title', '')}", "mark": mark}
    data = json.dumps(marked, ensure_ascii=False, allow_nan=False)
    (folder / "data.json").write_text(data, encoding="utf-8")
    for name, body in paper.pictures.items():
        (folder / Path(name).name).write_bytes(body)


def _set(program: Path, folder: Path, target: Path) -> Pressed:
    made = folder / f"made{target.suffix}"
    _run(program, folder, made)
    fresh = part_of(target)
    shutil.copy(made, fresh)
    return _pressed(fresh, target)


def _run(program: Path, folder: Path, made: Path) -> None:
    """Let a child make a file of what lies in a folder. Unset where it did not."""
    megabytes, seconds = int(codes.limit("paper_mb")), int(codes.limit("paper_seconds"))
    command = [sys.executable, "-I", str(program), str(folder), _fonts(), str(made)]
    try:
        done = subprocess.run(
            [*command, str(megabytes), str(seconds)], timeout=seconds, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
    except subprocess.TimeoutExpired as slow:
        raise Unset(f"not set within {seconds} s") from slow
    first = made.with_name(made.name.format(p=1))
    if done.returncode or not first.is_file():
        raise Unset(done.stderr.decode("utf-8", "replace")[-600:] or f"ended {done.returncode}")


def part_of(target: Path) -> Path:
    """Where a file waits for its name."""
    return target.with_name(f".{target.name}.part")


def _pressed(fresh: Path, target: Path) -> Pressed:
    return Pressed(fresh, target, hashlib.sha256(fresh.read_bytes()).hexdigest())


def _fonts() -> str:
    """The folder of Noto Sans CJK in its wheel: papers look alike on every machine."""
    found = find_spec(FONTS)
    if found is None or found.origin is None:
        raise Unset(f"{FONTS} is not installed")
    return str(Path(found.origin).parent)
