"""The life of an alarm 告警状态: which state follows from what happens (ISA-18.2; domain/spec 5.6).

The table is the whole rule. Acknowledging never ends a cause, and the end of a cause acknowledges
nothing; what was put aside comes back as its cause stands then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NORM, UNACK, ACKED, RTNUN, LATCH = "NORM", "UNACK", "ACKED", "RTNUN", "LATCH"
"""Normal (over), unacknowledged, acknowledged, returned but unacknowledged, returned and held
until a person resets it."""
SHLVD, DSUPR, OOSRV, STALE = "SHLVD", "DSUPR", "OOSRV", "STALE"
"""Shelved by a person for a while, suppressed by a rule, out of service by an engineer, silent."""
STATES = (NORM, UNACK, ACKED, RTNUN, LATCH, SHLVD, DSUPR, OOSRV, STALE)
WAITING = (UNACK, RTNUN)
"""Somebody has to acknowledge it."""
ASIDE = (SHLVD, DSUPR, OOSRV)
"""It calls nobody, by somebody's word or by a rule; its cause may last."""
OVER, LIVE = "OVER", "LIVE"
"""Results that depend: over, which a class that latches is only after a reset; and what its
cause says now, as unacknowledged where it lasts."""
STAYS = "."

COME, RISE, CLEAR = "come", "rise", "clear"
"""Of readings: the cause begins, grows worse (than when it was put aside), ends."""
ACK, LOOK, RESET, SHELVE, UNSHELVE, TAKE_OUT, PUT_BACK = (
    "ack", "look", "reset", "shelve", "unshelve", "take_out", "put_back",
)  # fmt: skip
"""Of people; `look`: an acknowledged one that lasts too long is acknowledged once more."""
RETURN, SUPPRESS, RELEASE = "return", "suppress", "release"
"""Of the clock, when a term is over (of one that is suppressed: since its parent is back), and of
a rule."""
PERSONAL = (ACK, LOOK, RESET, SHELVE, UNSHELVE, TAKE_OUT, PUT_BACK)

_TABLE = """
          NORM     UNACK    ACKED    RTNUN    LATCH    SHLVD    DSUPR    OOSRV    STALE
come      LIVE     .        .        UNACK    UNACK    .        .        .        .
rise      .        .        UNACK    .        .        UNACK    .        .        .
clear     .        RTNUN    OVER     .        .        .        .        .        NORM
ack       over     ACKED    seen     OVER     latched  shelved  ruled    unused   silent
look      over     unseen   .        unseen   latched  shelved  ruled    unused   silent
reset     over     lasts    lasts    unseen   NORM     shelved  ruled    unused   lasts
shelve    SHLVD    SHLVD    SHLVD    SHLVD    SHLVD    shelved  SHLVD    unused   SHLVD
unshelve  held     held     held     held     held     LIVE     held     unused   held
take_out  OOSRV    OOSRV    OOSRV    OOSRV    OOSRV    OOSRV    OOSRV    unused   OOSRV
put_back  used     used     used     used     used     used     used     LIVE     used
return    .        .        .        .        .        LIVE     LIVE     LIVE     .
suppress  .        DSUPR    DSUPR    DSUPR    DSUPR    .        .        .        DSUPR
release   .        .        .        .        .        .        LIVE     .        .
"""
"""What happens x state -> the state after it; "." where it stays; a word in small letters is why a
person's act is refused (list `alarm_refusal`)."""


def _read(table: str) -> Mapping[str, Mapping[str, str]]:
    (states, *rows) = (line.split() for line in table.strip().splitlines())
    return {name: dict(zip(states, cells, strict=True)) for name, *cells in rows}


TABLE = _read(_TABLE)


@dataclass(frozen=True, slots=True)
class Nature:
    """What decides where the table says that it depends."""

    active: bool  # its cause lasts
    latches: bool = False  # its class waits for a reset
    silent: bool = False  # it is about a device that says nothing


def after(state: str, what: str, nature: Nature) -> str:
    """The state after something happened. ValueError where that is refused; its text is why."""
    cell = TABLE[what][state]
    if cell == LIVE and nature.active:
        return STALE if nature.silent else UNACK
    if cell in (OVER, LIVE):
        return LATCH if nature.latches else NORM
    if cell == STAYS:
        return state
    if cell.islower():
        raise ValueError(cell)
    return cell
