"""Attachments: a sketch plan of each place where many people or dangerous goods are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from xml.sax.saxutils import escape

from commandwall.areas import Place
from commandwall.attachments import Attachment
from commandwall.clock import DAY, Ms

PLANNED = ("school", "hospital", "nursing", "hazard")


def attachments(places: Sequence[Place], now: Ms) -> list[Attachment]:
    """One plan for each such place, older and newer ones; `id` is the hash of its bytes."""
    planned = [place for place in places if place.kind in PLANNED]
    return [_attachment(place, Ms(now - (1 + n % 300) * DAY)) for n, place in enumerate(planned)]


def plan(place: Place) -> bytes:
    """The drawing itself: the yard, a house for every hundred of its capacity, and its name."""
    houses = "".join(
        f'<rect x="{20 + 60 * (n % 5)}" y="{40 + 50 * (n // 5)}" width="44" height="32"/>'
        for n in range(1 + place.capacity // 100)
    )
    words = f'<text x="20" y="26">{escape(place.name)} 平面示意 {place.id}</text>'
    yard = '<rect x="4" y="4" width="320" height="480" fill="none" stroke="black"/>'
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 328 488">'
    return f"{head}{yard}{words}{houses}</svg>".encode()


def _attachment(place: Place, at: Ms) -> Attachment:
    body = plan(place)
    name = f"{place.name}平面示意.svg"
    key = hashlib.sha256(body).hexdigest()
    return Attachment(key, place.id, name, "image/svg+xml", len(body), at)
