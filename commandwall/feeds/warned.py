"""What a CAP message warns of, as records: the level by the list of levels, one outline in degrees.

The infos of one language are taken, Chinese first, then English; each is a warning of its own. The
same bytes make the same records at every station, but for when they came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely

from commandwall import codes
from commandwall.clock import HOUR, Ms, day
from commandwall.codes import Code
from commandwall.feeds.cap import CORNERS, Area, Info, Message, Pair, Place, spoken
from commandwall.geo import POLYGON, Plane
from commandwall.plain import clean
from commandwall.public_warnings import PublicWarning, message_of
from commandwall.store.written import TEXT_LIMIT

LANGUAGES = ("zh", "en")
WORLD = (-180.0, -90.0, 180.0, 90.0)
GRAIN, DIGITS = 1e-5, 5
"""Degrees to which an outline is kept, about a metre, and its digits."""
ROUND = 16
"""Corners of a quarter of a circle."""
_LEVELLED = re.compile(r"level|colou?r|等级|级别|颜色", re.IGNORECASE)
_CODE = re.compile(r"\d{6,12}")


def records(message: Message, now: Ms) -> list[PublicWarning]:
    """All that a message warns of; one record without words for a Cancel that has none."""
    infos: Sequence[Info | None] = spoken(message.infos, LANGUAGES) if message.infos else [None]
    return [_record(message, info, part, now) for part, info in enumerate(infos)]


def _record(message: Message, info: Info | None, part: int, now: Ms) -> PublicWarning:
    m, key = message, message_of(message.sender, message.identifier)
    i = info or Info("", "", "", "", "", None, None, None, "", "", "", "", (), (), ())
    since = i.onset or i.effective or m.sent
    hours = codes.limit("warning_hours", day(m.sent))
    return PublicWarning(
        f"{key}:{part}", key, m.kind, m.status, m.scope, m.sender, m.identifier, m.sent,
        " ".join(sorted(message_of(*one) for one in m.references if one[0] == m.sender)),
        i.event, level(i, m.sent), i.severity, i.urgency, i.certainty, i.issuer, i.headline,
        i.description, i.instruction, since, i.expires or Ms(since + int(hours * HOUR)),
        clean("、".join(dict.fromkeys(a.words for a in i.areas)), TEXT_LIMIT),
        " ".join(_geocodes(i.areas)), outline(i.areas), now,
    )  # fmt: skip


def _geocodes(areas: Iterable[Area]) -> list[str]:
    """Codes of places, as those of divisions are: 6 to 12 digits."""
    values = (value for area in areas for _, value in area.geocodes)
    return list(dict.fromkeys(v for v in values if _CODE.fullmatch(v) and v.isascii()))


# The level.


def level(info: Info, at: Ms) -> int | None:
    """1 (red) to 4 (blue): the colour that the issuer names, else what the severity means; None
    where neither says any."""
    rows = list(codes.load("warning_level", day(at)).values())
    pairs = (*info.parameters, *info.codes)
    named = "　".join(value for _, value in pairs)
    found = _tint(pairs, rows) or next(
        filter(None, (_last(text, rows) for text in (named, info.event, info.headline))), None
    )
    by_severity = (r.id for r in rows if info.severity in r.facts["severities"])
    told = found or next(by_severity, None)
    return int(told) if told else None


def _tint(pairs: Iterable[Pair], rows: Iterable[Code]) -> str | None:
    """The colour as a word of a value that speaks of one."""
    told = " ".join(value.lower() for name, value in pairs if _LEVELLED.search(name))
    words = set(re.findall(r"[a-z]+", told))
    return next((row.id for row in rows if words & set(row.facts["tints"])), None)


def _last(text: str, rows: Iterable[Code]) -> str | None:
    """The colour that a text names last: 由黄色升级为橙色 is orange."""
    places = [(text.rfind(word), row.id) for row in rows for word in row.facts["words"]]
    at, found = max(places, default=(-1, ""))
    return found if at >= 0 else None


# The outline.


def outline(areas: Iterable[Area]) -> str:
    """All areas as one (multi)polygon, WKT in degrees; points where they have circles without a
    radius alone; "" where they have no outline."""
    held = list(areas)
    circles = [c for a in held for c in a.circles]
    shapes = [shapely.Polygon(p) for a in held for p in a.polygons]
    shapes += [_circle(*c) for c in circles if c[1] > 0]
    whole = _solid(shapes) if shapes else None
    if whole is None or whole.is_empty:
        points = list(dict.fromkeys(place for place, _ in circles))
        whole = shapely.MultiPoint(points) if points else None
    return str(shapely.to_wkt(whole, rounding_precision=DIGITS)) if whole is not None else ""


def _circle(middle: Place, radius: float) -> Any:
    """Its corners on the ground; without those beyond a pole, where degrees end."""
    flat = shapely.get_coordinates(shapely.Point(0, 0).buffer(radius, quad_segs=ROUND))
    with np.errstate(invalid="ignore"):
        xy = np.column_stack(Plane(*middle).inverse(flat[:, 0], flat[:, 1]))
    xy = xy[np.isfinite(xy).all(axis=1)]
    return shapely.Polygon(xy) if len(xy) >= CORNERS else shapely.Polygon()


def _solid(shapes: Sequence[Any]) -> Any:
    """Their union: rings that cross themselves are mended, what is no area falls away."""
    sound = shapely.make_valid(np.array(shapes, object))
    parts = shapely.get_parts(shapely.get_parts(sound))
    parts = parts[shapely.get_type_id(parts) == POLYGON]
    if not len(parts):
        return None
    whole = shapely.union_all(shapely.intersection(parts, shapely.box(*WORLD)))
    with np.errstate(divide="ignore", invalid="ignore"):  # of a sliver as thin as 1e-252
        kept = shapely.get_parts(shapely.set_precision(whole, GRAIN))
    kept = kept[shapely.get_type_id(kept) == POLYGON]
    return shapely.union_all(kept) if len(kept) else None
