"""The doctor: looks at this machine and prints the exact line that mends each trouble."""

from __future__ import annotations

import ctypes
import json
import os
import shlex
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import sqlcipher3.dbapi2 as sqlite

from commandwall import (
    codes,
    deadlines,
    exercise,
    own_lists,
    pairing,
    planbook,
    platform,
    posts,
    watchdog,
)
from commandwall.clock import DAY, Clock, to_datetime
from commandwall.config import ASSETS, REFUSED, Settings
from commandwall.finding import BAD, OK, WARN, Finding, tell
from commandwall.logs import mask
from commandwall.pool.client import Client, PoolTrouble
from commandwall.store import check as look_at
from commandwall.store import copies, pulse, space
from commandwall.store.database import SAFE_VERSION, network_file_system
from commandwall.store.store import WALL_DB


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, in the order a person would ask."""
    checks: tuple[Callable[[Settings], Finding], ...] = (
        _pairing, _libraries, _sqlite, _font, _clock, _pool, _writable, _local, _space, _stalls,
        _plans, _lists, _journal, _copies, _roster, _calendar, _screen_lock,
    )  # fmt: skip
    for check in checks:
        yield check(settings)


def run(settings: Settings, bundle: Path | None) -> int:
    """Print the findings; 0 when nothing is bad. `bundle`: also write a masked zip of them."""
    findings = list(examine(settings))
    code = tell(findings)
    if bundle is not None:
        try:
            write_bundle(settings, findings, bundle)
        except OSError as error:
            print(f"commandwall: {bundle}: {error.strerror}", file=sys.stderr)
            return REFUSED
        print(bundle)
    return code


def write_bundle(settings: Settings, findings: list[Finding], file: Path) -> None:
    """Findings, settings and logs as a zip, with numbers of people and passwords masked."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("findings.json", mask(_json([asdict(f) for f in findings])))
        zipped.writestr("settings.json", mask(_json(asdict(settings))))
        for log in sorted(p for p in (settings.data_dir / "log").glob("*") if p.is_file()):
            text = log.read_text(encoding="utf-8", errors="replace")
            zipped.writestr(f"log/{log.name}", mask(text))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


def _pairing(settings: Settings) -> Finding:
    fact = f"Python {sys.version.split()[0]}"
    try:
        pairing.check()
    except pairing.BrokenPairing as broken:
        return Finding("Python and PySide6", BAD, fact, str(broken))
    return Finding("Python and PySide6", OK, f"{fact} goes with the installed PySide6")


def _libraries(settings: Settings) -> Finding:
    if sys.platform != "linux":
        return Finding("system libraries", OK, "looked at on Linux only")
    libraries = codes.load("system_library")
    missing = [row.facts["package"] for name, row in libraries.items() if not _loads(name)]
    if missing:
        line = "apt-get install -y --no-install-recommends " + " ".join(missing)
        return Finding("system libraries", BAD, f"{len(missing)} missing", _as_root(line))
    return Finding("system libraries", OK, f"all {len(libraries)} load")


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _as_root(line: str) -> str:
    """The line that does it from here: a root may have no sudo."""
    return line if os.geteuid() == 0 else f"sudo {line}"


def _sqlite(settings: Settings) -> Finding:
    if sqlite.sqlite_version_info < SAFE_VERSION:
        mend = f'{sys.executable} -m pip install "sqlcipher3>=0.6.4"'
        return Finding("SQLite", BAD, f"{sqlite.sqlite_version} may damage a WAL file", mend)
    return Finding("SQLite", OK, sqlite.sqlite_version)


def _plans(settings: Settings) -> Finding:
    book = planbook.read(settings.plans)
    if not book.faults:
        return Finding("plans", OK, f"{len(book.plans)}")
    told = [" ".join(filter(None, (f.file, f.row, f.field, f.why, f.value))) for f in book.faults]
    fact = f"{len(book.plans)} used, {len(told)} kept aside: {'; '.join(told)}"
    return Finding("plans", WARN, fact, "docs/plans.md says what a plan looks like")


def _lists(settings: Settings) -> Finding:
    """The city's own rows, with a mark that is the same at every station that has the same."""
    if not settings.codelists:
        return Finding("codelists", OK, "the program's")
    own = own_lists.told(settings.codelists)
    return Finding("codelists", OK, f"{own.rows} rows of {own.lists} lists added, mark {own.mark}")


def _font(settings: Settings) -> Finding:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Finding(
            "Chinese font", OK, f"Noto Sans CJK from its wheel {version('manimgx-fonts-cjk')}"
        )
    except PackageNotFoundError:
        mend = f"{sys.executable} -m pip install manimgx-fonts-cjk"
        return Finding("Chinese font", BAD, "none: Chinese would be drawn as boxes", mend)


def _clock(settings: Settings) -> Finding:
    sync = pulse.Sync()
    with suppress(OSError):  # a folder that cannot be read is the next finding's
        sync = pulse.read(settings.data_dir)
    now = to_datetime(Clock().now()).strftime("%Y-%m-%d %H:%M:%S %z")
    if not sync.pool_at:
        return Finding("clock", OK, f"{now}, not yet compared with the pool")
    if sync.skewed:
        mend = _as_root("timedatectl set-ntp true")
        return Finding("clock", WARN, f"{now}, {sync.skew_s:+.1f} s from the pool", mend)
    return Finding("clock", OK, f"{now}, {sync.skew_s:+.2f} s from the pool")


def _journal(settings: Settings) -> Finding:
    """Whether every line verifies: the first that was edited or torn out of each station's."""
    file = settings.data_dir / WALL_DB
    if not file.exists():
        return Finding("journal", OK, "none yet")
    fault = look_at.journal(file)
    if fault is not None:
        mend = "commandwall backup check   (then: commandwall backup restore newest)"
        return Finding("journal", BAD, fault.detail, mend)
    return Finding("journal", OK, "every line follows from the one before it")


def _copies(settings: Settings) -> Finding:
    """Whether there is a backup that is not too old, was restored on trial, and lies elsewhere."""
    there, now = settings.backup_to, Clock().now()
    found = copies.standing(settings.data_dir, there)
    if found.made_at is None:
        return Finding("backups", OK, "none yet: the agent makes the first when it starts")
    fact = f"the newest {to_datetime(found.made_at):%Y-%m-%d %H:%M:%S}"
    if found.trial is not None and not found.trial.trouble:
        fact += f", restored on trial {to_datetime(found.trial.at):%Y-%m-%d %H:%M:%S}"
    if there and found.elsewhere is not None and found.elsewhere.at:
        fact += f", in {there} {to_datetime(found.elsewhere.at):%Y-%m-%d %H:%M:%S}"
    if found.trouble or found.late(now):
        mend = f"commandwall backup now{f' --into {shlex.quote(there)}' if there else ''}"
        return Finding("backups", BAD, ": ".join(filter(None, (fact, found.trouble))), mend)
    if not there:
        mend = 'backup_to = "DIR"   (in the settings: a folder on another disk)'
        return Finding("backups", WARN, f"{fact}, on the same disk alone", mend)
    return Finding("backups", OK, fact)


def _roster(settings: Settings) -> Finding:
    """Whether the lists of posts, sections and rosters agree."""
    found = posts.roster()
    named = f"{found.code.en}, {len(found.posts())} posts in {len(found.sections)} sections"
    if found.faults:
        mend = f"mend it in {ASSETS / 'codelists'}"
        return Finding("roster", WARN, "; ".join(map(str, found.faults)), mend)
    return Finding("roster", OK, named)


def _calendar(settings: Settings) -> Finding:
    """Whether the holidays are entered of every year that a clock of today may run into."""
    last, missing = deadlines.years(Clock().now())
    if missing:
        fact = f"no holidays of {', '.join(map(str, missing))}: limits go by the week alone"
        mend = f"add their rows to {ASSETS / 'codelists' / 'work_day.toml'}"
        return Finding("work calendar", WARN, fact, mend)
    return Finding("work calendar", OK, f"holidays of {last} are entered")


def _pool(settings: Settings) -> Finding:
    """Whether the pool answers this station's login, as the agent would ask it."""
    if not settings.pool:
        return Finding("pool", OK, "none is set: a demo has its own")
    try:
        with Client(settings.pool, settings.secret_file) as client:
            meta = client.meta()
            client.check_world(exercise.of(settings.data_dir) is not None)
            area = client.area or "the whole city"
    except PoolTrouble as trouble:
        return Finding("pool", BAD, str(trouble), _pool_mend(settings.pool, trouble))
    return Finding("pool", OK, f"{meta.city or 'no city yet'}, schema {meta.schema}, for {area}")


def _pool_mend(address: str, trouble: PoolTrouble) -> str:
    quoted = shlex.quote(address)
    lines = {
        "unreachable": f"pg_isready -d {quoted}   (name, port, network, and whether it runs)",
        "login": "commandwall pool station add ADDRESS NAME   (a new password, by its owner)",
        "schema": "commandwall pool upgrade ADDRESS   (by its owner)",
        "outdated": f"install commandwall {trouble.needs} or newer here",
        "world": "name the pool of the city; a drill is joined by: commandwall drill join FILE",
    }
    return lines.get(trouble.code, f"commandwall pool check {quoted}")


def _writable(settings: Settings) -> Finding:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_text("x")
        probe.unlink()
    except OSError as error:
        quoted = shlex.quote(str(folder))
        mend = f"mkdir -p {quoted} && chmod u+rwx {quoted}"
        return Finding("data directory", BAD, f"{folder}: {error.strerror}", mend)
    return Finding("data directory", OK, str(folder))


def _local(settings: Settings) -> Finding:
    if not settings.data_dir.exists():
        return Finding("local disk", WARN, "the data directory does not exist yet")
    if kind := network_file_system(settings.data_dir):
        mend = "commandwall --data-dir DIR   (a folder on a disk of this machine)"
        return Finding("local disk", BAD, f"on {kind}, which may damage the database", mend)
    return Finding("local disk", OK, "on a disk of this machine")


def _space(settings: Settings) -> Finding:
    folder = settings.data_dir
    free = shutil.disk_usage(next(f for f in (folder, *folder.parents) if f.is_dir())).free
    used, born = _held(folder)
    days = max(1.0, (Clock().now() - born * 1000) / DAY) if born else 1.0
    left = free / max(1.0, used / days)
    fact = f"{free / 1e9:.1f} GB free, full in about {min(left, 9999):.0f} days at this rate"
    if space.is_full(folder):
        fact = f"full: the wall only shows until there is room ({free / 1e6:.0f} MB are free)"
        return Finding("disk space", BAD, fact, _largest(folder))
    if left < codes.limit("disk_days") or free < codes.limit("disk_gb") * 1e9:
        return Finding("disk space", WARN, fact, _largest(folder))
    return Finding("disk space", OK, fact)


def _largest(folder: Path) -> str:
    return f"du -sh {shlex.quote(str(folder))}{os.sep}* | sort -h"


def _screen_lock(settings: Settings) -> Finding:
    """Whether there is anybody to ask to keep the screen from locking."""
    if sys.platform != "linux":
        return Finding("screen lock", OK, "held off by the system while a wall is shown")
    if platform.session_bus():
        return Finding("screen lock", OK, "held off over the session bus while a wall is shown")
    mend = "export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$(id -u)/bus"
    return Finding("screen lock", WARN, "no session bus: the desktop may lock the screen", mend)


def _stalls(settings: Settings) -> Finding:
    found = watchdog.stalls(settings.data_dir / "log")
    if not found:
        return Finding("window", OK, "no report of one that stood still")
    last = found[-1]
    when = to_datetime(last.since).strftime("%Y-%m-%d %H:%M:%S")
    long = "until it was ended" if last.lasted_s is None else f"for {last.lasted_s:.0f} s"
    fact = f"{len(found)} reported to stand still, the last {when} {long}: {last.report}"
    return Finding("window", WARN, fact, "commandwall doctor --bundle FILE   (holds the reports)")


def _held(folder: Path) -> tuple[int, float]:
    """Bytes of all files in a folder, and when the oldest was last written (0: there is none).

    A program that runs takes files away meanwhile, and some are not ours to look at.
    """
    size, born = 0, 0.0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                found = Path(path, name).stat()
                size, born = size + found.st_size, min(born or found.st_mtime, found.st_mtime)
    return size, born
