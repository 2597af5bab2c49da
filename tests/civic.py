"""The citizens' messages of ../shared/data, oldest first: no one of this project wrote them."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import python_calamine
from builders import an_event

from commandwall.clock import Ms, from_datetime
from commandwall.config import ASSETS
from commandwall.events import Event

DATA = ASSETS.parent.parent / "shared" / "data"
MESSAGES = DATA / "civic" / "messages.xlsx"
TIMES = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d")
LABELS = Path(__file__).parent / "commandwall" / "civic.toml"


@dataclass(frozen=True)
class Message:
    number: str
    title: str
    at: datetime
    body: str


@cache
def messages() -> tuple[Message, ...]:
    rows = python_calamine.CalamineWorkbook.from_path(MESSAGES).get_sheet_by_index(0).to_python()
    read = [Message(str(int(r[0])), r[2].strip(), _at(r[3]), _closed(r[4])) for r in rows[1:]]
    return tuple(sorted(read, key=lambda m: m.at))


def as_event(message: Message) -> Event:
    """As the import makes it: on the district that its title names, else its text."""
    named = re.search(r"A\d(?=[区县市])", message.title + message.body)
    at = Ms(from_datetime(message.at.astimezone()))
    return an_event(
        id=message.number, title=message.title, body=message.body, cls="", unit="", address="",
        area=named[0] if named else "A", lon=None, lat=None, placed="area", reported_at=at,
    )  # fmt: skip


def of_words(message: Message) -> str:
    """The class of most words of a title; "" where it holds none."""
    held = Counter(
        c for c, words in _labels()["words"].items() for w in words if w in message.title
    )
    return max(held, key=lambda c: held[c]) if held else ""


def of_reading() -> dict[str, str]:
    """Number -> class, as a person read it."""
    return {number: c for c, numbers in _labels()["read"].items() for number in numbers}


@cache
def _labels() -> dict[str, dict[str, list[str]]]:
    found = tomllib.loads(LABELS.read_text(encoding="utf-8"))
    return {part: {c: told.split() for c, told in rows.items()} for part, rows in found.items()}


def _at(cell: Any) -> datetime:
    if isinstance(cell, datetime):
        return cell
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 - of one city
    for form in TIMES:
        try:
            return datetime.strptime(cell, form)  # noqa: DTZ007 - of one city
        except ValueError:
            continue
    raise ValueError(cell)


def _closed(text: str) -> str:
    return re.sub(r"\s+", "", text)
