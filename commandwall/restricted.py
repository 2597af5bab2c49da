"""Restricted classes of events 受限: crises of persons. No screen, map, list or paper tells more of
them than the class and the area; what came is read by a post that may, with a reason (mission C13).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from commandwall import codes
from commandwall.clock import today

T = TypeVar("T", bound=Any)
MATTER = frozenset({"matter", "title"})
WORDS = MATTER | {
    "place", "reason", "task", "result", "decision", "chair", "words", "payee", "body", "text",
    "basis",
}  # fmt: skip
"""Fields of what is written beside the flow, on whistles, ladders and the like, that may tell."""


def bare(record: T, title: str = "") -> T:
    """What was written of such an event, and all that it holds, without a word that somebody said;
    `title`: what stands for its matter."""
    held = {f.name: getattr(record, f.name) for f in fields(record)}
    told: T = replace(record, **{name: _bare(name, one, title) for name, one in held.items()})
    return told


def _bare(name: str, value: Any, title: str) -> Any:
    if name in WORDS:
        return title if name in MATTER else ""
    if is_dataclass(value):
        return bare(value, title)
    if isinstance(value, Mapping):
        return {key: bare(one, title) for key, one in value.items()}
    return [bare(one, title) for one in value] if isinstance(value, (list, tuple)) else value


def still(counts: T, other: T) -> T:
    """Of two writings of the work on an event the one that counts: what the other made restricted
    stays so."""
    kept = hides(other.cls) and not hides(counts.cls)
    return replace(counts, cls=other.cls) if kept else counts


def hides(cls: str) -> bool:
    """Whether a class of the list event_class is restricted."""
    return cls in classes()


def title(cls: str) -> str:
    """What stands for the words of an event of a class: the name of that."""
    row = codes.once("event_class", cls)
    return row.zh if row else cls


def classes() -> frozenset[str]:
    """All classes that are."""
    return _classes(today(), codes.edition())


@lru_cache(maxsize=4)
def _classes(on: date, edition: object) -> frozenset[str]:
    rows = codes.load("event_class").values()
    return frozenset(row.id for row in rows if row.facts.get("restricted"))
