"""What feeds refused, in a file that a person can read: `quarantine/feeds.jsonl`.

One line for each piece: when, by which feed and topic, which record and field, why, and how the
message begins. Where the file is full it becomes `feeds.1.jsonl`, in place of an older one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from commandwall import codes
from commandwall.clock import Ms, to_datetime
from commandwall.store import quarantine

NAME, OLD = "feeds.jsonl", "feeds.1.jsonl"
EXCERPT = 200
"""Bytes of a message that are kept."""


def line(at: Ms, feed: str, topic: str, body: bytes, **why: Any) -> dict[str, Any]:
    """One piece that was refused, as it is written down."""
    begins = body[:EXCERPT].decode("utf-8", "backslashreplace")
    return {
        "at": to_datetime(at).isoformat(timespec="milliseconds"),
        "feed": feed,
        "topic": topic,
        **why,
        "begins": begins,
    }


def write(folder: Path, lines: Iterable[dict[str, Any]]) -> None:
    """Add these; OSError where the disk takes them not."""
    text = "".join(json.dumps(one, ensure_ascii=True) + "\n" for one in lines)
    if not text:
        return
    room = folder / quarantine.FOLDER
    room.mkdir(parents=True, exist_ok=True)
    file = room / NAME
    if file.exists() and file.stat().st_size > codes.limit("feed_quarantine_mb") * 1e6:
        file.replace(room / OLD)
    with file.open("a", encoding="ascii") as out:
        out.write(text)
