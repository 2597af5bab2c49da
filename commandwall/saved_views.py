"""Saved views 视图: a filter of the event list that somebody keeps under a name.

Whose it is decides who sees it and who may change it: of one person, of a post, or of all stations.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Container, Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime

from commandwall import codes, plain, swift
from commandwall.clock import DAY, HOUR, Ms, day, from_datetime, to_datetime
from commandwall.event_flow import ARCHIVED, CLOSED, FEEDBACK, HANDLED, LISTED, RETURNED
from commandwall.events import ACCEPTED, NEW, Event, EventView, terms
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, written

MINE, ACTIVE, LATE, ALL, SWIFT, POOL = "mine", "active", "late", "all", "swift", "pool"
ON_LIST, AFTER = "on_list", "after"
SHARES = (MINE, ACTIVE, LATE, ALL, SWIFT, ON_LIST)
"""Of the open events: what waits here, what is under way, what is overdue, all, those of swift
response, what is listed until it is solved. AFTER: of the closed ones, what is to be visited or
learned from. POOL: every event that the pool ever had."""
ROWS = "rows"
"""Rows that somebody was given, as those that a number counts: no filter finds them."""
CLOSED_TOO = {CLOSED: (CLOSED, ARCHIVED)}
"""State -> those that a filter means by it: what is archived was closed."""
OWN, POST, EVERYBODY = "own", "post", "all"
WHOSE = (OWN, POST, EVERYBODY)
_DAY = re.compile(r"(?:(\d{4})[-/.])?(\d{1,2})[-/.](\d{1,2})")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events a list holds; what is empty or 0 asks for nothing."""

    share: str = MINE
    words: str = ""  # all of these stand in title, text or address
    source: str = ""  # code list event_source
    cls: str = ""  # code list event_class
    area: str = ""  # code of an area: it and all below
    days: int = 0  # reported within so many
    sort: str = ""  # the column that orders the open ones
    state: str = ""  # code list event_state, as it is shown
    unit: str = ""  # that leads or helps
    lamp: str = ""  # code list lamp: of open events alone
    first_day: str = ""  # 2026-11-01: reported from this day on
    last_day: str = ""  # until this day, which counts too
    tag: str = ""  # code list event_tag

    @property
    def states(self) -> tuple[str, ...]:
        """The states that it asks for; none: every one."""
        return CLOSED_TOO.get(self.state, (self.state,)) if self.state else ()

    def since(self, now: Ms) -> Ms | None:
        """The beginning of the hour from which on they were reported; None for ever."""
        begin = _midnight(self.first_day, now)
        back = Ms((now - self.days * DAY) // HOUR * HOUR) if self.days else None
        return max((at for at in (begin, back) if at is not None), default=None)

    def until(self, now: Ms) -> Ms | None:
        """The midnight before which they were reported; None without an end."""
        end = _midnight(self.last_day, now)
        return Ms(end + DAY) if end is not None else None

    def fits(self, event: Event, now: Ms) -> bool:
        """Whether an event is of this source, class and area, reported within its time, and holds
        the words."""
        return self._fits(event, self.since(now), self.until(now))

    def _fits(self, event: Event, since: Ms | None, until: Ms | None) -> bool:
        if since is not None and event.reported_at < since:
            return False
        if until is not None and event.reported_at >= until:
            return False
        if self.source not in ("", event.source) or self.cls not in ("", event.cls):
            return False
        return event.area.startswith(self.area) and (not self.words or _says(event, self.words))

    def held(self, some: Iterable[EventView], late: Container[str], now: Ms) -> Iterator[EventView]:
        """Which of some open events belong to it; `late`: ids of those that are overdue."""
        since, until = self.since(now), self.until(now)
        for view in some:
            here = self.shares(view, late) and self.stands(view)
            if here and self._fits(view.event, since, until):
                yield view

    def shares(self, view: EventView, late: Container[str]) -> bool:
        """Whether an open event is of its share."""
        if self.share == MINE:
            return waits_here(view)
        if self.share == ACTIVE:
            return view.state != NEW
        if self.share == LATE:
            return view.event.id in late
        if self.share in (ON_LIST, AFTER):
            return self.share == ON_LIST and view.state == LISTED
        return self.share != SWIFT or swift.belongs(view)

    def stands(self, view: EventView) -> bool:
        """Whether an event is in the state, and with the unit, that it asks for."""
        if self.unit and self.unit not in view.units:
            return False
        return not self.state or view.state in self.states


def findable(filter: Filter) -> Filter:
    """A filter that finds something by itself: rows that somebody was given are found by none, and
    a lamp is of what is open."""
    if filter.share == ROWS:
        filter = replace(filter, share=MINE)
    return replace(filter, share=ALL) if filter.lamp and filter.share in (POOL, AFTER) else filter


def day_of(typed: str, now: Ms) -> str | None:
    """2026-11-01, as a filter keeps a day; 11-01 is the newest such day that has begun. "" for
    nothing, None for what is no day."""
    if not (text := typed.strip()):
        return ""
    if (found := _DAY.fullmatch(text)) is None:
        return None
    year, month, on = (int(n) if n else None for n in found.groups())
    today = day(now)
    try:
        at = date(year or today.year, month or 0, on or 0)
        return str(at if year or at <= today else at.replace(year=at.year - 1))
    except ValueError:
        return None


def waits_here(view: EventView) -> bool:
    """Whether the next step of an event is the centre's: to take it in or give it out, or to
    answer what a unit returned, fed back, or wants more time for."""
    asks = view.work is not None and view.work.asked_ms > 0 and view.state in HANDLED
    return asks or view.state in (NEW, ACCEPTED, RETURNED, FEEDBACK)


@record(WALL, meeting=Meeting(beside=("at", "by", "post")))
@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter with a name. One that was removed stays, so that all stations know of it."""

    id: str
    name: str
    whose: str  # own, post, all
    owner: str  # the person, the post, or ""
    share: str
    words: str
    source: str
    cls: str
    area: str
    days: int
    sort: str
    removed: int  # 0, 1
    at: Ms
    by: str
    post: str
    state: str = ""
    unit: str = ""
    lamp: str = ""
    first_day: str = ""
    last_day: str = ""
    tag: str = ""

    @property
    def filter(self) -> Filter:
        return Filter(**{f.name: getattr(self, f.name) for f in fields(Filter)})

    def is_of(self, person: str, post: str) -> bool:
        """Whether it is, or was until it was removed, there for a person at a post."""
        return self.owner == _owner(self.whose, person, post)

    def seen_by(self, person: str, post: str) -> bool:
        """Whether it is there for a person at a post."""
        return not self.removed and self.is_of(person, post)


def visible(views: Iterable[SavedView], person: str, post: str) -> list[SavedView]:
    """Those that are there for a person at a post: his own, the post's, everybody's; by name."""
    mine = (view for view in views if view.seen_by(person, post))
    return sorted(mine, key=lambda view: (WHOSE.index(view.whose), view.name, view.id))


def removed(views: Iterable[SavedView], person: str, post: str) -> list[SavedView]:
    """Those that were there for a person at a post, the last removed first."""
    mine = (view for view in views if view.removed and view.is_of(person, post))
    return sorted(mine, key=lambda view: (-view.at, view.id))


def save_view(tx: Tx, name: str, whose: str, filter: Filter) -> None:
    """存为视图. Refused("view_named") where one of this name is there already, Refused("view_own")
    for one of a person where nobody has signed in, Refused("view_many") where there are too many,
    Refused("view_personal") for words that belong to a person, Refused("view_rows") for rows that
    no filter finds, Refused("view_days") for an end before the beginning or a day that is none.
    """
    if filter.share == ROWS:
        raise Refused("view_rows")
    if not in_order(filter, tx.now):
        raise Refused("view_days")
    words = written("words", filter.words, TITLE_LIMIT, needed=False)
    unit = written("unit", filter.unit, TITLE_LIMIT, needed=False)
    if plain.mask(words) != words:
        raise Refused("view_personal")
    if whose == OWN and not tx.by:
        raise Refused("view_own")
    held = _with_room(tx)
    tx.put(
        SavedView(
            str(uuid.uuid4()), _name(name, held), whose, _owner(whose, tx.by, tx.post),
            **asdict(findable(replace(filter, words=words, unit=unit))), removed=0, at=tx.now,
            by=tx.by, post=tx.post,
        )
    )  # fmt: skip


def in_order(filter: Filter, now: Ms) -> bool:
    """Whether its days are days, and its end is not before its beginning."""
    days = [day_of(told, now) for told in (filter.first_day, filter.last_day)]
    return None not in days and not (all(days) and filter.last_day < filter.first_day)


def rename_view(tx: Tx, view: str, name: str) -> None:
    """视图改名. Refused as `save_view` and `remove_view`."""
    now = _of(tx, view)
    held = visible(tx.find(SavedView, removed=0), tx.by, tx.post)
    name = _name(name, [one for one in held if one.id != view])
    tx.put(replace(now, name=name, at=tx.now, by=tx.by, post=tx.post))


def remove_view(tx: Tx, view: str) -> None:
    """删除视图. Refused("unknown") for one that is not there for who asks."""
    tx.put(replace(_of(tx, view), removed=1, at=tx.now, by=tx.by, post=tx.post))


def restore_view(tx: Tx, view: str) -> None:
    """恢复视图: take a deletion back. Refused("view_named", "view_many") as `save_view` is, and
    Refused("unknown") for one that was not removed, or was not there for who asks."""
    found = tx.get(SavedView, view)
    if found is None or not found.removed or not found.is_of(tx.by, tx.post):
        raise Refused("unknown", kind="view", id=view)
    name = _name(found.name, _with_room(tx))
    tx.put(replace(found, name=name, removed=0, at=tx.now, by=tx.by, post=tx.post))


def _with_room(tx: Tx) -> list[SavedView]:
    """Those that are there for who asks; refused where one more is too many."""
    held = visible(tx.find(SavedView, removed=0), tx.by, tx.post)
    if len(held) >= (most := int(codes.limit("saved_views", day(tx.now)))):
        raise Refused("view_many", most=most)
    return held


def _of(tx: Tx, view: str) -> SavedView:
    found = tx.get(SavedView, view)
    if found is None or not found.seen_by(tx.by, tx.post):
        raise Refused("unknown", kind="view", id=view)
    return found


def _name(name: str, held: Iterable[SavedView]) -> str:
    """A name that no other has; blanks around it are none of it."""
    kept = written("name", name.strip(), int(codes.limit("view_name")))
    if any(one.name.casefold() == kept.casefold() for one in held):
        raise Refused("view_named", name=kept)
    return kept


def _says(event: Event, words: str) -> bool:
    """As the search over the pool finds it: each word in one of the texts, small as capital."""
    texts = [text.lower() for text in (event.title, event.body, event.address)]
    wanted = terms(words.lower())
    return bool(wanted) and all(any(word in text for text in texts) for word in wanted)


def _midnight(told: str, now: Ms) -> Ms | None:
    """The beginning of a day of the city; None for "", and for what is none."""
    if not told:  # as mostly: this is asked for each row of a list
        return None
    try:
        at = datetime.fromisoformat(told).replace(tzinfo=to_datetime(now).tzinfo)
    except ValueError:
        return None
    return from_datetime(at)


def _owner(whose: str, person: str, post: str) -> str:
    return {OWN: person, POST: post}.get(whose, "")
