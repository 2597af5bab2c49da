"""OASIS CAP 1.2, read into plain records.

Pure: bytes in, a `Message` out, or `CapTrouble`, which names the field and why. A document type,
an entity, more than a bounded number of bytes, elements or levels is refused while it is read, so
that no file costs more than a small one. A `resource` is never fetched, nor kept.
Source: Common Alerting Protocol Version 1.2, OASIS Standard, 1 July 2010.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from commandwall import codes
from commandwall.clock import Ms, from_datetime
from commandwall.plain import clean, kept
from commandwall.store.written import TEXT_LIMIT, TITLE_LIMIT

NAMESPACE = "{urn:oasis:names:tc:emergency:cap:1.2}"
STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
ACTUAL = STATUSES[0]
KINDS = ALERT, UPDATE, CANCEL, ACK, ERROR = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown", "Very Likely")
"""The last is of CAP 1.0, to be taken as Likely."""
CORNERS = 3
"""Different corners that a polygon has at least."""
Place = tuple[float, float]
"""Longitude and latitude in degrees WGS-84: the other way round than CAP writes them."""
Pair = tuple[str, str]
"""A value's name and the value."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
_NAME = re.compile(r"[^\s,<&]+")
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["'][^>]*\?>""")
_CHINESE = frozenset({"gb2312", "gbk", "gb18030", "gb_2312-80", "x-gbk", "cp936"})


class CapTrouble(ValueError):
    """A file that is not taken: where, a row of the list `cap_fault`, and what stands there."""

    def __init__(self, where: str, why: str, value: object = "") -> None:
        self.where, self.why, self.value = where, why, clean(value, TOLD)
        super().__init__(f"{where}: {why} {self.value}".strip())


TOLD = 80
"""Characters of a wrong value that are told."""


@dataclass(frozen=True, slots=True)
class Area:
    """One area of an info: in words, as outlines, as codes of places."""

    words: str
    polygons: tuple[tuple[Place, ...], ...]  # closed: the last corner is the first
    circles: tuple[tuple[Place, float], ...]  # middle and radius in metres
    geocodes: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Info:
    """What is warned of. Moments are None where none is given."""

    language: str
    event: str
    urgency: str
    severity: str
    certainty: str
    effective: Ms | None
    onset: Ms | None
    expires: Ms | None
    issuer: str
    headline: str
    description: str
    instruction: str
    codes: tuple[Pair, ...]  # eventCode
    parameters: tuple[Pair, ...]
    areas: tuple[Area, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One CAP message; `references` are (sender, identifier) of those that it replaces."""

    sender: str
    identifier: str
    sent: Ms
    status: str
    kind: str
    scope: str
    references: tuple[Pair, ...]
    infos: tuple[Info, ...]


def read(data: bytes) -> Message:
    """The message of a file; CapTrouble where it is none, or is too large."""
    if len(data) > codes.limit("cap_bytes"):
        raise CapTrouble("file", "size", len(data))
    return _message(_Node(_tree(data), "alert"))


def spoken(infos: Sequence[Info], languages: Iterable[str]) -> list[Info]:
    """The infos in the first of these languages that there is, else in that of the first info."""
    for language in languages:
        if found := [i for i in infos if _speaks(i.language, language)]:
            return found
    return [i for i in infos if i.language.lower() == infos[0].language.lower()]


def _speaks(tag: str, language: str) -> bool:
    return tag.lower().replace("_", "-").partition("-")[0] == language


# The document.


class _Bounded(TreeBuilder):
    """Builds no deeper and no larger a tree than a warning needs."""

    def __init__(self) -> None:
        super().__init__()
        self._deep = self._many = 0
        self._deepest, self._most = codes.limit("cap_depth"), codes.limit("cap_elements")

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._deep, self._many = self._deep + 1, self._many + 1
        if self._deep > self._deepest:
            raise CapTrouble("file", "deep", int(self._deepest))
        if self._many > self._most:
            raise CapTrouble("file", "elements", int(self._most))
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._deep -= 1
        return super().end(tag)


def _tree(data: bytes) -> Element:
    # Loaded with the first file: to few stations any ever comes.
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    parser = DefusedXMLParser(target=_Bounded(), forbid_dtd=True)
    try:
        parser.feed(_decoded(data))
        found = parser.close()
    except DefusedXmlException as why:
        raise CapTrouble("file", "doctype", type(why).__name__) from why
    except (ParseError, LookupError, UnicodeError) as why:
        raise CapTrouble("file", "xml", why) from why
    except CapTrouble:
        raise
    except ValueError as why:  # an encoding that expat does not know
        raise CapTrouble("file", "xml", why) from why
    if not isinstance(found, Element) or found.tag != NAMESPACE + "alert":
        raise CapTrouble("alert", "root", getattr(found, "tag", ""))
    return found


def _decoded(data: bytes) -> str | bytes:
    """Chinese encodings as text: expat knows none that takes several bytes a character."""
    found = _DECLARED.match(data)
    if found is None or found[1].decode("ascii").lower() not in _CHINESE:
        return data
    return data[found.end() :].decode("gb18030")


@dataclass(frozen=True, slots=True)
class _Node:
    """An element and where it stands, as a refusal names it."""

    element: Element
    where: str

    def all(self, name: str) -> list[_Node]:
        found = self.element.findall(NAMESPACE + name)
        many = len(found) > 1
        return [_Node(e, f"{self.where}/{name}{f' {n}' if many else ''}")
                for n, e in enumerate(found, 1)]  # fmt: skip

    def raw(self, name: str) -> str:
        return (self.element.findtext(NAMESPACE + name) or "").strip()

    def line(self, name: str, limit: int = TITLE_LIMIT) -> str:
        return clean(self.raw(name), limit).strip()

    def text(self, name: str) -> str:
        seen = kept(self.raw(name))
        return seen if len(seen) <= TEXT_LIMIT else f"{seen[: TEXT_LIMIT - 1]}…"

    def needed(self, name: str) -> str:
        if not (found := self.raw(name)):
            raise CapTrouble(f"{self.where}/{name}", "missing")
        return found

    def name(self, name: str) -> str:
        """Of a sender or a message: no blank and no comma, which part references."""
        found = self.needed(name)
        if len(found) > TITLE_LIMIT or not _NAME.fullmatch(found) or clean(found) != found:
            raise CapTrouble(f"{self.where}/{name}", "name", found)
        return found

    def one_of(self, name: str, known: Iterable[str]) -> str:
        found = self.needed(name)
        for one in known:
            if one.lower() == found.lower():
                return one
        raise CapTrouble(f"{self.where}/{name}", "word", found)

    def moment(self, name: str) -> Ms | None:
        found = self.raw(name)
        if not found:
            return None
        try:
            if _TIME.fullmatch(found):
                return from_datetime(datetime.fromisoformat(found))
        except (ValueError, OverflowError):
            pass  # a day that no calendar has
        raise CapTrouble(f"{self.where}/{name}", "time", found)

    def pairs(self, name: str) -> tuple[Pair, ...]:
        found = ((n.line("valueName"), n.line("value")) for n in self.all(name))
        return tuple(pair for pair in found if any(pair))


# What stands in it.


def _message(alert: _Node) -> Message:
    kind = alert.one_of("msgType", KINDS)
    sent = alert.moment("sent")
    if sent is None:
        raise CapTrouble("alert/sent", "missing")
    infos = tuple(map(_info, alert.all("info")))
    if not infos and kind in (ALERT, UPDATE):
        raise CapTrouble("alert/info", "missing")
    references = _references(alert)
    if not references and kind in (UPDATE, CANCEL):
        raise CapTrouble("alert/references", "missing")
    return Message(
        alert.name("sender"), alert.name("identifier"), sent, alert.one_of("status", STATUSES),
        kind, alert.one_of("scope", SCOPES), references, infos,
    )  # fmt: skip


def _references(alert: _Node) -> tuple[Pair, ...]:
    """`sender,identifier,sent` of earlier messages, with blanks between."""
    found = []
    for one in alert.raw("references").split():
        parts = one.split(",")
        if len(parts) != 3 or not all(parts):
            raise CapTrouble("alert/references", "reference", one)
        found.append((parts[0], parts[1]))
    return tuple(dict.fromkeys(found))


def _info(info: _Node) -> Info:
    effective, onset, expires = map(info.moment, ("effective", "onset", "expires"))
    info.needed("event")
    return Info(
        info.line("language") or "en-US", info.line("event"), info.one_of("urgency", URGENCIES),
        info.one_of("severity", severities()), info.one_of("certainty", CERTAINTIES),
        effective, onset, expires, info.line("senderName"), info.line("headline"),
        info.text("description"), info.text("instruction"), info.pairs("eventCode"),
        info.pairs("parameter"), tuple(map(_area, info.all("area"))),
    )  # fmt: skip


def severities() -> list[str]:
    """The words that a severity may be: those that mean a colour, and the one for none."""
    rows = codes.load("warning_level").values()
    return [word for row in rows for word in row.facts["severities"]] + ["Unknown"]


def _area(area: _Node) -> Area:
    area.needed("areaDesc")
    polygons = tuple(p for n in area.all("polygon") if (p := _polygon(n)))
    circles = tuple(c for n in area.all("circle") if (c := _circle(n)))
    corners = sum(map(len, polygons)) + len(circles)
    if corners > codes.limit("cap_corners"):
        raise CapTrouble(area.where, "corners", corners)
    return Area(area.line("areaDesc", TEXT_LIMIT), polygons, circles, area.pairs("geocode"))


def _polygon(node: _Node) -> tuple[Place, ...]:
    """Its corners; one that does not end where it began is closed."""
    told = _told(node)
    places = [_place(node, pair) for pair in told.split()]
    if not places:
        return ()
    if places[-1] != places[0]:
        places.append(places[0])
    if len(set(places)) < CORNERS:
        raise CapTrouble(node.where, "few", told)
    return tuple(places)


def _circle(node: _Node) -> tuple[Place, float] | None:
    """Middle, and radius in metres from kilometres; None for an empty element."""
    parts = _told(node).split()
    if not parts:
        return None
    if len(parts) != 2:
        raise CapTrouble(node.where, "circle", " ".join(parts))
    radius = _number(node, parts[1])
    if not 0 <= radius <= codes.limit("cap_radius_km"):
        raise CapTrouble(node.where, "radius", parts[1])
    return _place(node, parts[0]), radius * 1000


def _told(node: _Node) -> str:
    return "".join(node.element.itertext())


def _place(node: _Node, pair: str) -> Place:
    """`lat,lon` turned round."""
    parts = pair.split(",")
    if len(parts) != 2:
        raise CapTrouble(node.where, "pair", pair)
    lat, lon = (_number(node, part) for part in parts)
    if abs(lat) > 90 or abs(lon) > 180:
        raise CapTrouble(node.where, "order", pair)
    return lon, lat


def _number(node: _Node, told: str) -> float:
    try:
        value = float(told)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise CapTrouble(node.where, "number", told)
    return value
