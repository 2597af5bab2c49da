"""Public warnings 预警: what a bureau warns of, as its messages say it, and an incident opened from
one.

Each message is kept as it came and is never changed; what holds now follows from all of them, in
whatever order they came. So an Update or a Cancel counts also before what it replaces. Only its
own sender replaces a message, and an exercise replaces nothing real.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from commandwall.areas import CITY, Area
from commandwall.clock import Ms
from commandwall.extents import WARNED, Extent, Place
from commandwall.incidents import Opening, opened
from commandwall.planbook import Plan
from commandwall.plans import start_plan
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import present

ACTUAL, CANCEL = "Actual", "Cancel"
LIVE, COMING, EXPIRED, CANCELLED, UPDATED, UNREAL = (
    "LIVE", "COMING", "EXPIRED", "CANCELLED", "UPDATED", "UNREAL",
)  # fmt: skip
"""In force, before its time, run out, taken back, replaced by a newer one, not for real."""
STANDING = (LIVE, COMING)
MILDEST = 5
"""Stands for no level while levels are compared: a smaller number is worse."""
NAMESPACE = uuid.UUID("0c9a1d52-3d0e-4a52-9d4b-7f1f0f6c2b90")


@record(WALL, index=("sender",), meeting=Meeting(("received_at",)))
@dataclass(frozen=True, slots=True)
class PublicWarning:
    """One thing that a message warns of; `id` is the message and the number of the thing in it."""

    id: str
    message: str  # uuid5 of sender and identifier: the same at every station
    kind: str  # Alert, Update, Cancel
    status: str  # Actual; Exercise, System, Test and Draft are not for real
    scope: str
    sender: str
    identifier: str
    sent: Ms
    replaces: str  # messages, with blanks between
    what: str
    level: int | None  # 1 (red, worst) .. 4 (blue); None where nobody says
    severity: str  # as CAP says it
    urgency: str
    certainty: str
    issuer: str
    headline: str
    text: str
    advice: str
    since: Ms
    until: Ms
    places: str  # in words
    geocodes: str  # codes of places, with blanks between
    wkt: str  # outline, or points where there is none, degrees WGS-84; "" for nowhere
    received_at: Ms


def message_of(sender: str, identifier: str) -> str:
    """The message of a sender and its identifier, alike at every station."""
    return str(uuid.uuid5(NAMESPACE, f"{sender}|{identifier}"))


# What holds.


Later = Mapping[tuple[str, str], Sequence[PublicWarning]]
"""(message, status) -> what the newest message says that replaces it, the worst first."""


def later(warnings: Iterable[PublicWarning]) -> Later:
    """What replaces what. One that is not for real replaces nothing real, nor the other way."""
    found: dict[tuple[str, str], list[PublicWarning]] = {}
    replacing = (w for w in warnings if w.replaces)
    for warning in sorted(replacing, key=lambda w: (-w.sent, w.message, *_worst(w))):
        for before in warning.replaces.split():
            some = found.setdefault((before, warning.status), [])
            if not some or some[0].message == warning.message:
                some.append(warning)
    return found


def state(warning: PublicWarning, after: Later, now: Ms) -> str:
    """How it stands: a row of the list `warning_state`."""
    if warning.status != ACTUAL:
        return UNREAL
    newer = after.get((warning.message, warning.status))
    if warning.kind == CANCEL or (newer and newer[0].kind == CANCEL):
        return CANCELLED
    if newer:
        return UPDATED
    if warning.until <= now:
        return EXPIRED
    return COMING if now < warning.since else LIVE


def standing(warnings: Sequence[PublicWarning], now: Ms) -> list[PublicWarning]:
    """Those that hold or are about to, the worst first, then the newest."""
    after = later(warnings)
    found = (w for w in warnings if now < w.until and state(w, after, now) in STANDING)
    return sorted(found, key=lambda w: (w.level or MILDEST, -w.sent, w.id))


def rehearsed(warnings: Sequence[PublicWarning], now: Ms) -> list[PublicWarning]:
    """Those that are not for real, while they would hold; the newest first."""
    after = later(warnings)
    found = (
        w for w in warnings
        if w.status != ACTUAL and now < w.until and w.kind != CANCEL
        and (w.message, w.status) not in after
    )  # fmt: skip
    return sorted(found, key=lambda w: (-w.sent, w.id))


def newest(warning: PublicWarning, after: Later) -> PublicWarning:
    """What stands in its place now, itself where nothing does: of a message that warns of several
    things the same one, else the worst."""
    seen = {warning.message}
    while found := after.get((warning.message, warning.status)):
        if found[0].message in seen:
            break
        seen.add(found[0].message)
        same = (w for w in found if w.what == warning.what)
        warning = next(same, found[0])
    return warning


def _worst(warning: PublicWarning) -> tuple[int, str]:
    return warning.level or MILDEST, warning.id


def outline(warning: PublicWarning) -> Any:
    """What it is for, as a polygon of degrees WGS-84; None where it names none on this earth."""
    found = _shape(warning)
    return found if found is not None and found.geom_type in ("Polygon", "MultiPolygon") else None


def middle(warning: PublicWarning, areas: Iterable[Area] = ()) -> Place | None:
    """A place inside what it names, and inside the city of these areas where they meet; None
    where it names no place."""
    found, city = _shape(warning), city_of(areas)
    if found is None:
        return None
    ground = shapely.from_wkb(city.geom, on_invalid="ignore") if city is not None else None
    if ground is not None and ground.is_valid and ground.intersects(found):
        found = ground.intersection(found)
    point = found.representative_point()
    return float(point.x), float(point.y)


def city_of(areas: Iterable[Area]) -> Area | None:
    """The city among its areas."""
    return next((area for area in areas if area.level == CITY), None)


def _shape(warning: PublicWarning) -> Any:
    with np.errstate(invalid="ignore"):
        found = shapely.from_wkt(warning.wkt.replace("\0", ""), on_invalid="ignore")
    if found is None or found.is_empty or not found.is_valid:
        return None
    inside = (np.abs(shapely.get_coordinates(found)) <= (180.0, 90.0)).all()
    return found if inside else None


# Acts.


def take_warnings(tx: Tx, warnings: Sequence[PublicWarning]) -> None:
    """What a message says is kept, once in the city, however many stations read it.

    Refused("warning_differs") where it came before with other words.
    """
    known = {w.id: w for w in tx.many(PublicWarning, [w.id for w in warnings])}
    for warning in warnings:
        before = known.get(warning.id, warning)
        if replace(before, received_at=warning.received_at) != warning:
            raise Refused("warning_differs", id=warning.identifier)
    tx.put(*(w for w in warnings if w.id not in known))


def open_from_warning(tx: Tx, warning: str, opening: Opening, plan: Plan | None = None) -> None:
    """开设：an incident that a warning foretells; its level and its area come with it.

    Refused("warning_over") where it does not hold, or was never for real.
    """
    found = present(tx, PublicWarning, warning)
    stands = state(found, later(tx.find(PublicWarning, sender=found.sender)), tx.now)
    if stands not in STANDING:
        raise Refused("warning_over", stands=stands)
    level = opening.warning or found.level
    incident = replace(opened(tx, replace(opening, warning=level)), warned=found.id)
    tx.put(incident)
    if outline(found) is not None:
        tx.put(Extent(incident.id, WARNED, "", 0.0, None, None, found.wkt, tx.now, tx.by, tx.post))
    if plan is not None:
        start_plan(tx, incident.id, plan)
