"""What an act is given: what a person writes is measured and cleaned once, before it is kept for
ever; what it names must be there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from commandwall import codes
from commandwall.clock import day
from commandwall.plain import SCAR, kept
from commandwall.store.store import Reader, Refused, Tx

R = TypeVar("R")
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


def present(
    reader: Reader, kind: type[R], key: str, states: Collection[str] = (), wanted: str = ""
) -> R:
    """The record of an id; Refused("unknown") where there is none, and Refused("state") where it is
    in none of these states, if any are named. `wanted`: the one that it was to come into."""
    found: Any = reader.get(kind, key)
    about = {"kind": kind.__name__.lower(), "id": key}
    if found is None:
        raise Refused("unknown", **about)
    if states and found.state not in states:
        to = {"wanted": wanted} if wanted else {}
        raise Refused("state", **about, state=found.state, **to)
    return found  # type: ignore[no-any-return]
