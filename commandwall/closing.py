"""Closing an incident: what must be settled first."""

from __future__ import annotations

from dataclasses import replace

from commandwall.directives import VERIFIED, Directive
from commandwall.incidents import CLOSED, still_open
from commandwall.store.store import Refused, Tx
from commandwall.store.written import written


def close_incident(tx: Tx, incident: str, reason: str) -> None:
    """Close it with a reason; refused while a directive still owes an answer."""
    now = still_open(tx, incident)
    reason = written("reason", reason)
    owing = [d.no for d in tx.find(Directive, incident=incident) if d.state != VERIFIED]
    if owing:
        raise Refused("owing", numbers=sorted(owing))
    tx.put(replace(now, state=CLOSED, closed_at=tx.now, reason=reason, by=tx.by, post=tx.post))
