"""The agent's pulse: a small file that says it lives, and how its sync stands."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from commandwall import codes
from commandwall.clock import HOUR, SECOND, Ms
from commandwall.store.quarantine import Harm

NAME = "agent.pulse"
NEVER = Ms(0)
NO_POOL = "no_pool"
"""The trouble of a station to which nobody named a pool."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """A feed: when it was last known to flow, how many of its pieces were refused, and how.

    One that rarely brings anything flows while it is listened to; `newest` says what it brought.
    """

    name: str
    at: Ms
    refused: int = 0
    newest: Ms = NEVER  # when it brought something last; NEVER where `at` says that
    lag_s: float | None = None  # from the newest piece's own moment until it was here
    an_hour: int | None = None  # pieces of the last hour; None where nobody counts them
    trouble: str = ""  # why nothing can come, as the system says it


@dataclass(frozen=True, slots=True)
class Feed:
    """A broker from which readings come without the pool; counts are since the agent began."""

    address: str = ""
    joined: bool = False
    at: Ms = NEVER  # newest message
    rate: float = 0.0  # readings per second, lately
    lag_s: float = 0.0  # how old its newest reading was when it came
    refused: int = 0  # records and whole messages
    unknown: int = 0  # readings of devices that the pool does not know
    lost: int = 0  # packs that a gateway counted and that never came
    tries: int = 0  # failed connections in a row
    next_try_at: Ms = NEVER
    trouble: str = ""
    limited: int = 0  # readings over the limit of their devices
    withheld: int = 0  # that came while a person had it switched off

    @property
    def source(self) -> str:
        """How its switch is called."""
        return source(self.address)


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows of the mirror that were not as the pool has them, and were put right at a moment."""

    at: Ms
    kind: str
    first: str  # the lowest and the highest id among them
    last: str
    missing: int  # rows that the mirror did not have
    changed: int  # that it had otherwise
    extra: int  # that only it had

    @property
    def rows(self) -> int:
        return self.missing + self.changed + self.extra


@dataclass(frozen=True, slots=True)
class Compared:
    """How the mirror stands beside the pool: the last whole round, and what was put right."""

    at: Ms = NEVER
    rows: int = 0
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Peer:
    """Another station of the hall, and the line to it that needs no pool."""

    name: str = ""  # "" for an address where nobody answered yet whom we know
    origin: str = ""  # "" before it was heard of
    address: str = ""  # where it is called; "" for one that calls us
    at: Ms = NEVER
    joined: bool = False
    tries: int = 0  # failed calls in a row
    next_try_at: Ms = NEVER
    trouble: str = ""  # code of a PeerTrouble, or "listen": nobody can call us
    has: int = 0  # lines of ours on its disk
    lacks: int = 0  # lines of ours that it has not, where it is given any
    refused: int = 0  # lines of it that were not taken
    gives: bool = False  # whether it is given lines: it sees all that we see
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial restore, or of a copy elsewhere; `trouble` is empty where it is good."""

    at: Ms
    file: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Copies:
    """How the backups stand; None for what was never tried."""

    made_at: Ms | None = None
    trial: Outcome | None = None
    elsewhere: Outcome | None = None
    wanted: bool = False  # a second place is set

    @property
    def safe_at(self) -> Ms:
        """When the newest backup was made that lies where it should, as far as was tried; 0 where
        none does."""
        if self.wanted and self.elsewhere is not None:
            return self.elsewhere.at
        return self.made_at or NEVER

    def late(self, now: Ms) -> bool:
        """Whether that is longer ago than the list `limit` lets be."""
        return now - self.safe_at > codes.limit("backup_late_hours") * HOUR

    @property
    def trouble(self) -> str:
        """What went wrong last, as the system says it."""
        tried = (self.trial, self.elsewhere if self.wanted else None)
        return next((one.trouble for one in tried if one is not None and one.trouble), "")


@dataclass(frozen=True, slots=True)
class Sync:
    """How this station stands with its agent and the pool. Moments are 0 before the first."""

    agent_at: Ms = NEVER
    pool_at: Ms = NEVER
    heard_at: Ms = NEVER  # since when the line to the pool, which brought bytes, stands still
    slow: bool = False  # whether its answers take, or lately took, longer than they should
    skew_s: float = 0.0
    offset_s: float = 0.0  # of the agent's time, by which all programs of a station go
    filling: float | None = None  # share of a first fill that must be waited for, 0..1
    making: bool = False  # it is the demo city itself that is made, and filled from later
    past: float | None = None  # share of one that goes on while everything but the past is there
    left_s: float | None = None  # seconds that it still takes, where the pace tells
    tries: int = 0  # failed connections in a row
    next_try_at: Ms = NEVER
    trouble: str = ""  # NO_POOL, or the code of a PoolTrouble
    needs: str = ""  # the version of this program that the pool asks for, where ours is too old
    backlog: int = 0  # acts on disk here and not yet in the pool
    lamps: dict[str, Lamp] = field(default_factory=dict)
    compared: Compared = field(default_factory=Compared)
    copies: Copies | None = None  # how the backups stand, once they were looked at
    harm: Harm | None = None  # the newest that happened to a file of this station
    peers: tuple[Peer, ...] = ()
    feeds: tuple[Feed, ...] = ()

    @property
    def skewed(self) -> bool:
        """Whether the computer's clock is further off the pool's than the list `limit` lets be."""
        return abs(self.skew_s) > codes.limit("skew_seconds")


READ = msgspec.json.Decoder(Sync)
"""Made with the module, by one thread, as its likes elsewhere: two that read the first one at once,
each making what msgspec knows of the class, ended the program (SIGSEGV)."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds of silence after which the pool and the agent count as gone."""

    pool_s: float
    agent_s: float

    def spent(self, sync: Sync, now: Ms) -> tuple[bool, bool]:
        """Whether the pool, and whether the agent, has been silent for too long."""
        return pool_gone(sync, now, self.pool_s), is_gone(sync.agent_at, now, self.agent_s)


def source(address: str) -> str:
    """A broker's address without whose account it is."""
    scheme, mark, rest = address.partition("://")
    return scheme + mark + rest.rpartition("@")[2]


def pool_gone(sync: Sync, now: Ms, limit_s: float, known: Ms = NEVER) -> bool:
    """Whether nothing came from the pool for over so many seconds; over a line that is slow, for
    as long as the agent itself waits. `known`: as of when the picture is, where not by `sync`."""
    wait_s = max(limit_s, codes.limit("silence_seconds")) if sync.slow else limit_s
    return is_gone(Ms(max(known, sync.pool_at, sync.heard_at)), now, wait_s)


def is_gone(heard: Ms, now: Ms, limit_s: float) -> bool:
    """Whether who was last heard at a moment counts as gone: silent for over so many seconds."""
    return now - heard > limit_s * SECOND


def write(folder: Path, sync: Sync) -> None:
    """Replace the pulse at once and whole; it is not worth a disk flush."""
    fresh = folder / (NAME + ".new")
    fresh.write_text(json.dumps(asdict(sync)))
    fresh.replace(folder / NAME)


def read(folder: Path) -> Sync:
    """The newest pulse; an empty one where there is none, or none that a power cut left whole."""
    try:
        return READ.decode((folder / NAME).read_bytes())
    except (FileNotFoundError, ValueError):
        return Sync()
