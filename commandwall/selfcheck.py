"""Self-check 值班自检: what a shift looks at before it begins, and the line that tells of it.

Read from the files of this station and its agent's pulse; nothing here asks the pool or waits.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from commandwall import codes, deadlines
from commandwall.clock import Ms, day
from commandwall.store import copies, space
from commandwall.store.pulse import Patience, Sync, is_gone
from commandwall.store.schema import WALL, record
from commandwall.store.store import Reader, Refused, Tx

FINE, ATTENTION = "fine", "attention"
HEARD, UNHEARD = "heard", "unheard"
LIST = "self_check"
"""Of what is looked at: each row says what to do where it needs attention."""


@record(WALL, index=("station",))
@dataclass(frozen=True, slots=True)
class SelfCheck:
    """What a self-check found. Never written again."""

    id: str
    station: str
    fine: str  # rows of self_check, comma separated
    attention: str
    at: Ms
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class Look:
    """What the screen knows beside the files."""

    now: Ms
    sync: Sync
    patience: Patience
    feed_s: float
    missing: tuple[str, ...] = ()  # screens that the settings name and that are not there
    vacant: int = 0  # posts of the command pair that nobody holds


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked at."""

    check: str  # code list self_check
    state: str  # FINE, ATTENTION
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


def look(folder: Path, it: Look) -> list[Found]:
    """All of it but the sound, which a person hears or not. Reads the disk: never on the screen's
    thread."""
    pool_gone, agent_gone = it.patience.spent(it.sync, it.now)
    s = it.sync
    late = [
        lamp.name for lamp in s.lamps.values()
        if lamp.trouble or is_gone(lamp.at, it.now, it.feed_s)
    ]  # fmt: skip
    late += [f.address for f in s.feeds if not f.joined]
    return [
        _found("agent", agent_gone, at=s.agent_at),
        _found("pool", pool_gone, at=s.pool_at, trouble=s.trouble),
        _found("backlog", s.backlog > codes.limit("check_backlog", day(it.now)), n=s.backlog),
        _found("feeds", bool(late), n=len(late), all=len(s.lamps) + len(s.feeds),
               names=",".join(late)),
        _found("clock", s.skewed, s=s.skew_s),
        _disk(folder),
        _backup(folder, it),
        _calendar(it.now),
        _found("files", s.harm is not None),
        _found("screens", bool(it.missing), names=",".join(it.missing)),
        _found("posts", it.vacant > 0, n=it.vacant),
    ]  # fmt: skip


def note_check(tx: Tx, states: Mapping[str, str]) -> None:
    """记自检: what was found, by the rows of self_check. Refused("unknown") for another one."""
    known = codes.load(LIST, day(tx.now))
    for check in states:
        if check not in known:
            raise Refused("unknown", kind=LIST, id=check)
    told = {state: ",".join(c for c in known if states.get(c) == state)
            for state in (FINE, ATTENTION)}  # fmt: skip
    tx.put(
        SelfCheck(str(uuid.uuid4()), tx.setting("origin"), told[FINE], told[ATTENTION], tx.now,
                  tx.by, tx.post)
    )  # fmt: skip


def newest(reader: Reader) -> SelfCheck | None:
    """The last one of this station."""
    found = reader.find(SelfCheck, station=reader.setting("origin"))
    return max(found, key=lambda check: check.at, default=None)


def listed(told: str) -> Sequence[str]:
    """Rows of a field of a SelfCheck."""
    return [name for name in told.split(",") if name]


def _found(check: str, wrong: bool, **facts: str | int | float) -> Found:
    return Found(check, ATTENTION if wrong else FINE, facts)


def _disk(folder: Path) -> Found:
    found = space.look(folder)
    return _found("disk", found.full or found.low, disk=found.disk, mb=found.free_mb)


def _backup(folder: Path, it: Look) -> Found:
    """As the agent found them: made, restored on trial, and brought elsewhere where that is set."""
    found = it.sync.copies or copies.standing(folder, "")
    wrong = bool(found.trouble) or found.late(it.now)
    return _found("backup", wrong, at=found.safe_at, trouble=found.trouble)


def _calendar(now: Ms) -> Found:
    """Every year that a clock of today may run into."""
    last, missing = deadlines.years(now)
    return _found("calendar", bool(missing), years=",".join(map(str, missing)), until=str(last))
