"""Registering an event by hand 登记: what somebody tells on the phone, at the desk or by a message.

It is one event of the city from that moment on, at every station and in the pool; its clocks begin
with the registering.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from commandwall import codes
from commandwall.clock import Ms
from commandwall.events import NEW, NOWHERE, Event, EventWork, FiledEvent, as_event
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TEXT_LIMIT, TITLE_LIMIT, listed, written

URGENCIES = (1, 2, 3, 4, 5)
_CLAUSE = re.compile(r"[，。；！？,;!?\n]")
_NUMBER = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)")


@dataclass(frozen=True, slots=True)
class Matter:
    """What a person states of an event. Where `placed` is nowhere, it has no degrees."""

    title: str
    body: str = ""
    source: str = ""  # code list event_source
    cls: str = ""  # code list event_class; "": not known
    urgency: int = 3
    area: str = ""
    address: str = ""
    lon: float | None = None  # degrees WGS-84
    lat: float | None = None
    acc_m: float | None = None
    placed: str = NOWHERE
    person: str = ""
    phone: str = ""
    way: str = ""  # code list handling_way; "": not known


def register(tx: Tx, matter: Matter) -> None:
    """登记: a new event, by whoever sits here. Refused names the field that cannot be."""
    file(tx, matter)


def file(tx: Tx, matter: Matter) -> FiledEvent:
    """A matter becomes an event, with the way of handling where one is known; refused in the same
    way."""
    filed = _checked(tx, matter)
    tx.put(filed)
    if matter.way:
        listed(tx, "handling_way", matter.way)
        tx.put(EventWork(filed.id, NEW, "", "", tx.now, tx.by, tx.post, way=matter.way))
    return filed


def _checked(tx: Tx, matter: Matter) -> FiledEvent:
    title = written("title", matter.title or title_of(matter.body), TITLE_LIMIT)
    listed(tx, "event_source", matter.source)
    if matter.cls:
        listed(tx, "event_class", matter.cls)
    if matter.urgency not in URGENCIES:
        raise Refused("unknown", kind="urgency", id=str(matter.urgency))
    return _filed(tx, matter, title)


def draft(matter: Matter, now: Ms) -> Event:
    """What would be registered, as an event that is nowhere yet: to be compared with others. One
    without a place is of no area."""
    m, area = matter, "" if matter.placed == NOWHERE else matter.area
    filed = FiledEvent(
        id="", source=m.source, title=m.title or title_of(m.body), body=m.body, cls=m.cls,
        urgency=m.urgency, area=area, address=m.address, lon=m.lon, lat=m.lat, acc_m=m.acc_m,
        placed=m.placed, reported_at=now,
    )  # fmt: skip
    return as_event(filed)


def _filed(tx: Tx, matter: Matter, title: str) -> FiledEvent:
    m = matter
    said = {
        name: written(name, getattr(m, name), TITLE_LIMIT, needed=False)
        for name in ("address", "person", "phone")
    }
    return FiledEvent(
        id=str(uuid.uuid4()), source=m.source, title=title, cls=m.cls, urgency=m.urgency,
        area=m.area, lon=m.lon, lat=m.lat, acc_m=m.acc_m, placed=m.placed, reported_at=tx.now,
        body=written("body", m.body, TEXT_LIMIT, needed=False), **said,
    )  # fmt: skip


# What a pasted message says.


def parts(message: str) -> dict[str, str]:
    """The labelled parts of a message or of another system's order, by the names of the list
    message_part; of one without labels the text and a number that it holds."""
    labels = _labels()
    found = list(labels.finditer(message))
    if not found:
        number = _NUMBER.search(message)
        return {"body": message.strip(), "phone": number[0] if number else ""}
    ends = [*(match.start() for match in found[1:]), len(message)]
    told: dict[str, str] = {}
    for match, end in zip(found, ends, strict=True):
        said = message[match.end() : end].strip(" \n\t，。；,;\u3000")
        told.setdefault(match.lastgroup or "", said)
    return {name: said for name, said in told.items() if said}


def title_of(body: str) -> str:
    """The first clause of a text, for one that nobody gave a title."""
    return next((c for one in _CLAUSE.split(body) if (c := one.strip())), "")[:TITLE_LIMIT]


def _labels() -> re.Pattern[str]:
    """One group for each part; a longer label goes before one that it begins with."""
    named = []
    for row in codes.load("message_part").values():
        words = sorted(map(re.escape, row.facts["words"]), key=len, reverse=True)
        named.append(f"(?P<{row.id}>{'|'.join(words)})")
    return re.compile(f"(?:{'|'.join(named)})\\s*[:：]")
