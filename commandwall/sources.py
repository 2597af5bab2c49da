"""Sources 来源: systems of the city whose tables are loaded, brokers that send readings, and the
switch that a person has."""

from __future__ import annotations

from dataclasses import dataclass

from commandwall.clock import Ms
from commandwall.store.schema import WALL, record
from commandwall.store.sight import OFF, ON
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import TITLE_LIMIT, written


@record(WALL)
@dataclass(frozen=True, slots=True)
class SourceSwitch:
    """Whether loads of a source are taken 停用, or readings of a broker, and why not; `id` is the
    source, or the broker's address without an account."""

    id: str
    state: str  # ON or OFF
    reason: str
    at: Ms
    by: str
    post: str


def switch_off(tx: Tx, source: str, reason: str) -> None:
    """停用: the pool takes no further load of this source, agents no further reading of this
    broker. What came before stays."""
    reason = written("reason", reason, TITLE_LIMIT)
    _turn(tx, source, OFF, reason)


def switch_on(tx: Tx, source: str) -> None:
    """恢复: what it brings is taken again."""
    _turn(tx, source, ON, "")


def off(reader: Reader) -> set[str]:
    """Sources that a person switched off."""
    return {one.id for one in reader.find(SourceSwitch, state=OFF)}


def _turn(tx: Tx, source: str, state: str, reason: str) -> None:
    now = tx.get(SourceSwitch, source)
    if not source or (now.state if now else ON) == state:
        raise Refused("state", kind="source", id=source, state=state, wanted=state)
    tx.put(SourceSwitch(source, state, reason, tx.now, tx.by, tx.post))
