"""What the clock of a drill is told and what it tells: a script, acts, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NewType

import msgspec

from commandwall.clock import Ms

Moment = NewType("Moment", int)
"""Scenario time: microseconds since T+00:00."""
REAL = 1_000
"""The rate of real time."""

READY, RUNNING, PAUSED, ENDED = "READY", "RUNNING", "PAUSED", "ENDED"
"""How a drill stands."""
SENT, SKIPPED, PUT_OFF, ADDED, CHOSEN = "SENT", "SKIPPED", "PUT_OFF", "ADDED", "CHOSEN"
"""What happens in a run."""
CLOCK, TRIGGER, SKIP, JUMP, BRANCH, END = "clock", "trigger", "skip", "jump", "branch", "end"
"""Why an inject was sent (the first two) or skipped."""

START, PAUSE, RESUME, SAVE, RATE, STEP = "start", "pause", "resume", "save", "rate", "step"
FORWARD, RESTART, NOW, LEAVE_OUT = "jump", "restart", "trigger", "skip"
POSTPONE, INSERT, CHOOSE, JOIN, FINISH, GAP = (
    "postpone", "insert", "choose", "join", "end", "gap",
)  # fmt: skip
"""Kinds of acts: rows of the list `drill_act`. A gap is told by the program, not by a person."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An inject as the clock knows it. Without `due` it is a contingency inject 备用注入: it waits
    until somebody triggers it. With a branch it plays only where that one goes its way."""

    id: str
    due: Moment | None = None
    branch: str = ""
    way: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """What a clock has to know of a scenario; ValueError where two injects have one id or a branch
    is not known."""

    injects: tuple[Planned, ...]
    branches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Ways of each; the first counts where nobody chose."""
    begins: Moment = Moment(0)
    latest: Moment | None = None  # nothing is moved beyond; None: no bound
    rate: int = REAL
    slowest: int = 1
    fastest: int = 1_000 * REAL

    def __post_init__(self) -> None:
        if len({inject.id for inject in self.injects}) != len(self.injects):
            raise ValueError("two injects have one id")
        for inject in self.injects:
            if inject.branch and inject.way not in self.branches.get(inject.branch, ()):
                raise ValueError(f"{inject.id}: no way {inject.branch}.{inject.way}")


@dataclass(frozen=True, slots=True)
class DrillAct:
    """What somebody did to the clock: `kind` is a row of the list `drill_act`."""

    kind: str
    at: Ms  # real time
    by: str
    subject: str = ""  # the inject, of `choose` the branch, of `join` the post
    to: Moment | None = None
    rate: int = 0  # thousandths
    way: str = ""
    why: str = ""
    since: Ms | None = None  # of `gap`: the last real time that counted; None: the newest known


READ = msgspec.json.Decoder(list[DrillAct])


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing of a run. Who did it: "" for the clock itself."""

    run: int  # in which it happened; later runs take over what lies before their beginning
    position: Moment
    real: Ms
    what: str
    subject: str
    cause: str = ""
    by: str = ""
    why: str = ""
    to: Moment | None = None
    way: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """Who came late, to which post, and when: what was sent before he has to be shown."""

    by: str
    post: str
    run: int
    position: Moment
    real: Ms
    missed: tuple[str, ...]  # injects, in the order in which they were sent


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an act: as it is to be kept, the row of `drill_refusal` that says why it has
    no effect ("" where it has), and what happened by it and up to it."""

    act: DrillAct
    refused: str
    happened: tuple[Happening, ...]


def saved(acts: Sequence[DrillAct]) -> bytes:
    """Acts as they are kept until tomorrow."""
    return msgspec.json.encode(acts)


def opened(kept: bytes) -> list[DrillAct]:
    """What was kept; ValueError where it is something else."""
    try:
        return READ.decode(kept)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
