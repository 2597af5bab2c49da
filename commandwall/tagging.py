"""Tags 标签 on events: rows of the dated list `event_tag`, put on and taken off by people. Each is
a record of its own, so that two stations that tag one event do not contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from commandwall import codes, events
from commandwall.clock import Ms, day
from commandwall.store.lines import told_of
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Refused, Tx

LIST = "event_tag"


@record(WALL, index=("event", "tag"), meeting=Meeting(beside=("at", "by", "post")))
@dataclass(frozen=True, slots=True)
class EventTag:
    """One tag of an event; the same id from every station. One that was taken off stays, marked."""

    id: str
    event: str
    tag: str  # code list event_tag
    stands: int  # 0, 1
    at: Ms
    by: str
    post: str


def tagged(reader: Reader, tag: str) -> list[str]:
    """Ids of the events that have a tag."""
    return [one.event for one in reader.find(EventTag, tag=tag, stands=1)]


def history(reader: Reader, event: str) -> list[tuple[Ms, str, str, str, list[str], list[str]]]:
    """(moment, post, person, act, tags put on, tags taken off)."""

    def those(tags: Sequence[EventTag], stands: int) -> list[str]:
        return [one.tag for one in tags if one.stands == stands]

    return [
        (x.at, x.post, x.person, x.act, those(tags, 1), those(tags, 0))
        for x, tags in told_of(reader, EventTag, event, ("tag_event",))
    ]


def tag_event(tx: Tx, event: str, tags: Sequence[str]) -> None:
    """标签: an event has exactly these from now on. Refused("unknown") for one that the list does
    not have today and the event does not have already, Refused("same_tags") where nothing changes.
    """
    events.view(tx, event)
    held = {one.tag: one for one in tx.find(EventTag, event=event)}
    standing = {tag for tag, one in held.items() if one.stands}
    wanted, known = set(tags), codes.load(LIST, day(tx.now))
    if wrong := sorted(wanted - standing - known.keys()):
        raise Refused("unknown", kind=LIST, id=wrong[0])
    if wanted == standing:
        raise Refused("same_tags")
    who = (tx.now, tx.by, tx.post)
    gone = (replace(held[tag], stands=0, at=who[0], by=who[1], post=who[2])
            for tag in sorted(standing - wanted))  # fmt: skip
    put = (EventTag(f"{event}:{tag}", event, tag, 1, *who) for tag in sorted(wanted - standing))
    tx.put(*gone, *put)
