"""`commandwall backup`: copies of the journal by hand, and how one is put back."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from commandwall import platform
from commandwall.clock import to_datetime
from commandwall.config import REFUSED, Settings
from commandwall.finding import BAD, OK, Finding, tell
from commandwall.store import backup, quarantine
from commandwall.store.database import StoreTrouble
from commandwall.store.mend import mend
from commandwall.store.migrate import upgrade
from commandwall.store.quarantine import Fault

NEWEST = "newest"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `commandwall backup` understands."""
    todo = parser.add_subparsers(dest="todo", metavar="now|list|check|restore", required=True)
    now = todo.add_parser("now", help="copy the journal while it is in use 立即备份")
    now.add_argument("--into", type=Path, metavar="DIR", help="a folder on another disk 另一块盘")
    todo.add_parser("list", help="the backups of this data directory 列出")
    check = todo.add_parser("check", help="open each and look at all of it 检验")
    check.add_argument("file", type=Path, nargs="*", help="all where none is named")
    restore = todo.add_parser("restore", help="put one in the place of the journal 恢复")
    restore.add_argument("file", help=f"a backup, or `{NEWEST}`: the newest that is sound")


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Do it; REFUSED with a sentence where it cannot be done."""
    try:
        if asked.todo == "now":
            print(backup.make(settings.data_dir, asked.into))
            return 0
        if asked.todo == "list":
            return _list(settings.data_dir)
        if asked.todo == "check":
            return tell(map(_finding, asked.file or backup.files(settings.data_dir)))
        return _restore(settings.data_dir, asked.file)
    except (StoreTrouble, OSError) as trouble:
        print(f"commandwall: {trouble}", file=sys.stderr)
        return REFUSED


def _list(folder: Path) -> int:
    for file in backup.files(folder):
        made = to_datetime(backup.made_at(file))
        print(f"{made:%Y-%m-%d %H:%M:%S}  {file.stat().st_size / 1e6:9.1f} MB  {file}")
    return 0


def _finding(file: Path) -> Finding:
    found, fault = backup.look(file)
    if found is None:
        return Finding(file.name, BAD, f"{fault.code}: {fault.detail}" if fault else "")
    newest = f"{to_datetime(found.newest):%Y-%m-%d %H:%M:%S}" if found.newest else "none"
    return Finding(file.name, OK, f"{found.lines} lines that verify, the newest {newest}")


def _restore(folder: Path, named: str) -> int:
    file = backup.newest_good(folder) if named == NEWEST else Path(named)
    if file is None:
        print(f"commandwall: {folder} has no backup that is sound", file=sys.stderr)
        return REFUSED
    found = _finding(file)
    if found.state == BAD:
        return tell([found])
    folder.mkdir(parents=True, exist_ok=True)
    with platform.lock(folder / "upgrade.lock", wait=True):
        harm = mend(folder, Fault("restored", f"by {file.name}"), upgrade, file)
    print(f"{found.name}: {found.fact}")
    print(f"the journal that was here: {folder / quarantine.FOLDER / harm.kept}")
    lost = "an unknown number of" if harm.is_open else str(harm.lines)
    print(
        f"{lost} lines are missing here; what the pool has of them comes with the next connection"
    )
    return 0
