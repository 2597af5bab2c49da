"""What a person writes into an act: measured and cleaned once, before it is kept for ever."""

from __future__ import annotations

from commandwall import codes
from commandwall.clock import day
from commandwall.plain import SCAR, kept
from commandwall.store.store import Refused, Tx

TITLE_LIMIT, TEXT_LIMIT = 200, 4000


def written(field: str, text: str, limit: int = TEXT_LIMIT, needed: bool = True) -> str:
    """The text as it is kept; Refused("missing") or Refused("too_long") names the field.

    What nobody sees has left a mark, and marks alone are no text.
    """
    if len(text) > limit:
        raise Refused("too_long", field=field, limit=limit)
    seen = kept(text)
    if needed and not seen.replace(SCAR, "").strip():
        raise Refused("missing", field=field)
    return seen


def listed(tx: Tx, kind: str, code: str) -> None:
    """Refused("unknown") where a code is not in its list on the day of the act."""
    if code not in codes.load(kind, day(tx.now)):
        raise Refused("unknown", kind=kind, id=code)
