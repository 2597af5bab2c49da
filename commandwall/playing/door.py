"""`commandwall drill`: check a scenario, begin a drill, and what drills there are."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg

from commandwall.config import REFUSED, USAGE, Settings
from commandwall.drill import door
from commandwall.drill.scenario import read
from commandwall.plain import clean
from commandwall.playing import ground
from commandwall.playing.ground import NoGround
from commandwall.pool.server import ServerTrouble
from commandwall.store.database import StoreTrouble

TROUBLES = (NoGround, ServerTrouble, psycopg.Error, StoreTrouble, OSError)
OPEN = """\
演练已建 begun: {run}
  {folder}
打开 open:
  commandwall --data-dir {folder}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    told = "check FILE... 检查脚本; begin FILE 建演练; list 列出"
    parser.add_argument("way", choices=tuple(WAYS), help=told)
    parser.add_argument("names", nargs="*", metavar="FILE", help="TOML 脚本文件")


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Do it; REFUSED where it cannot be done, USAGE where it was asked wrongly."""
    return WAYS[asked.way](settings, asked.names)


def _check(settings: Settings, names: list[str]) -> int:
    return door.check(settings, [*map(Path, names)]) if names else _usage("check FILE...")


def _begin(settings: Settings, names: list[str]) -> int:
    """What is wrong with the scenario, or where the drill is and how it is opened."""
    if len(names) != 1:
        return _usage("begin FILE")
    found = read(file := Path(names[0]))
    if found.scenario is None:
        return door.check(settings, [file])
    try:
        made = ground.begin(settings.data_dir, found.scenario, file.read_bytes())
    except TROUBLES as trouble:
        print(f"commandwall: {clean(trouble, 400)}", file=sys.stderr)
        return REFUSED
    print(OPEN.format(run=clean(made.name), folder=made))
    return 0


def _list(settings: Settings, names: list[str]) -> int:
    for folder, drill in ground.begun(settings.data_dir):
        name = clean(drill.name(settings.lang))
        print(f"{clean(drill.run)}  {clean(drill.scenario)} {drill.version}  {name}  {folder}")
    return 0


def _usage(told: str) -> int:
    print(f"commandwall drill {told}", file=sys.stderr)
    return USAGE


WAYS: Mapping[str, Callable[[Settings, list[str]], int]] = {
    "check": _check, "begin": _begin, "list": _list,
}  # fmt: skip
