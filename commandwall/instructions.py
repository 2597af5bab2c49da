"""Standing instructions 常备要求: what holds for every shift until somebody withdraws it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from commandwall.clock import Ms
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Tx
from commandwall.store.written import present, written

STANDING, WITHDRAWN = "STANDING", "WITHDRAWN"


@record(
    WALL, index=("state",),
    meeting=Meeting(
        ("withdrawn_at",), ("withdrawn_by", "withdrawn_post"),
        {STANDING: frozenset({WITHDRAWN})},
    ),
)  # fmt: skip
@dataclass(frozen=True, slots=True)
class Instruction:
    """What the holders of a post are to do or to know."""

    id: str
    seat: str  # "": every post
    text: str
    state: str
    at: Ms
    by: str
    post: str
    withdrawn_at: Ms | None = None
    withdrawn_by: str = ""
    withdrawn_post: str = ""
    source: str = ""  # what it came of: resolution:…


def instruct(tx: Tx, seat: str, text: str, of: str = "") -> None:
    """立常备要求: it stands in each hand-over from now on."""
    text, key = written("text", text), str(uuid.uuid4())
    tx.put(Instruction(key, seat, text, STANDING, tx.now, tx.by, tx.post, source=of))


def lift_instruction(tx: Tx, instruction: str) -> None:
    """撤销常备要求. Refused("unknown"), and "state" for one that is withdrawn already."""
    found = present(tx, Instruction, instruction, (STANDING,), STANDING)
    tx.put(replace(found, state=WITHDRAWN, withdrawn_at=tx.now, withdrawn_by=tx.by,
                   withdrawn_post=tx.post))  # fmt: skip


def standing(reader: Reader, seat: str) -> list[Instruction]:
    """Those that hold for a post, the oldest first."""
    found = reader.find(Instruction, state=STANDING)
    return sorted((i for i in found if i.seat in ("", seat)), key=lambda i: (i.at, i.id))
