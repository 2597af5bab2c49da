"""What the pool told of itself: stations, how far each is, sources. A small file of the agent."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from commandwall import codes
from commandwall.clock import SECOND, Ms
from commandwall.store.pulse import NEVER

NAME = "agent.sight"
ON, OFF = "on", "off"
"""Whether loads of a source are taken."""
JOINED, LATE, CUT = "joined", "late", "cut"
"""How a station is joined: heard of, silent for a while, silent for longer or never there."""
PATIENCE, LONG = 3, 12
"""Signs of life that may be missing before a station is late, and before it is cut off."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a station says of itself with each sign of life; what it does not say is nothing."""

    post: str = ""
    cursor: int = 0  # the newest position of the feed that its mirror has
    backlog: int = 0  # acts on its disk that the pool has not taken
    tries: int = 0  # connections that failed since its agent began
    skew_s: float = 0.0
    conflicts: int = 0  # that wait for a person there
    version: str = ""
    unattended: Ms = NEVER  # since when nobody answers the alarms there


@dataclass(frozen=True, slots=True)
class Station:
    """One station as the pool knows it. Moments are 0 where there was none."""

    origin: str  # "" for a login that never spoke
    login: str
    area: str  # "": the whole city
    since: Ms
    at: Ms  # last sign of life
    lines: int  # that the pool holds of it
    newest: Ms  # when the last of them came
    said: Said = field(default_factory=Said)


@dataclass(frozen=True, slots=True)
class Source:
    """A system of the city whose tables are loaded, as the pool counted it."""

    source: str
    rows: int = 0
    refused: int = 0  # rows kept aside
    disputed: int = 0  # values that wait for a person
    counted_at: Ms = NEVER
    loaded_at: Ms = NEVER  # end, or beginning, of its newest load
    batch: str = ""  # how that stands: open, done, withdrawn, forgotten; "" for none
    state: str = ON
    reason: str = ""  # why it is off
    switched_at: Ms = NEVER
    switched_by: str = ""
    department: str = ""  # whose system it is; "" where nobody said

    @property
    def loaded(self) -> bool:
        """Whether it comes by loads, which can be switched off."""
        return bool(self.batch or self.rows)


@dataclass(frozen=True, slots=True)
class Sight:
    """All of it at one moment of the pool's clock."""

    at: Ms = NEVER
    head: int = 0  # of the feed
    tail: int = 0  # newest position that is no longer kept
    waiting: int = 0  # changes not yet in the feed
    area: str = ""  # of the login that asked
    kinds: tuple[str, ...] = ()  # the only ones of which rows come to it; none: all
    stations: tuple[Station, ...] = ()
    sources: tuple[Source, ...] = ()


READ = msgspec.json.Decoder(Sight)


def write(folder: Path, sight: Sight) -> None:
    """Replace the file at once and whole; it is not worth a disk flush."""
    fresh = folder / (NAME + ".new")
    fresh.write_bytes(msgspec.json.encode(sight))
    fresh.replace(folder / NAME)


def read(folder: Path) -> Sight:
    """The newest; an empty one where there is none, or none that a power cut left whole."""
    try:
        return READ.decode((folder / NAME).read_bytes())
    except (FileNotFoundError, ValueError):
        return Sight()


def link_of(now: Ms, at: Ms) -> str:
    """How a station is joined whose last sign of life was `at`, both by the pool's clock."""
    beat = codes.limit("heartbeat_seconds") * SECOND
    if not at or now - at > LONG * beat:
        return CUT
    return LATE if now - at > PATIENCE * beat else JOINED
