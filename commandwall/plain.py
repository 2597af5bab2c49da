"""Plain text: what may be shown of a text from outside, cleaned, masked and of bounded length.

Pure; every room that draws or prints foreign text uses it.
"""

from __future__ import annotations

import re

LINE_LIMIT = 200
"""Characters of one line that is shown."""
SCAR = "\ufffd"
"""Stands where something unprintable was taken out."""
_STYLE = re.compile("[\ufe00-\ufe0f]+")  # how an emoji is drawn: harmless, and not ours
_SPACE = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]+"
)
_ABOVE = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
_PILE = re.compile(f"([{_ABOVE}]{{2}})[{_ABOVE}]+")
_PHONE = re.compile(
    f"(?<!\\d)([1１]{SCAR}?[3-9３-９]{SCAR}?\\d)[ {SCAR}-]?(?:{SCAR}?\\d){{4}}[ {SCAR}-]?"
    f"((?:{SCAR}?\\d){{4}})(?!\\d)"
)
_IDENTITY = re.compile(
    r"(?<!\d)(\d{6})(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(\d{3}[\dXx])(?!\d)"
)
_ROOM = re.compile(r"^(.*\d+\s*(?:幢|栋|号楼|号|弄|building)).*$", re.DOTALL | re.IGNORECASE)


def clean(text: object, limit: int = LINE_LIMIT) -> str:
    """One line without control, bidi, zero-width and broken characters, at most `limit` long.

    What was taken out leaves a mark, so that a trick is seen.
    """
    raw = "" if text is None else str(text)
    cut = _SPACE.sub(" ", _STYLE.sub("", raw[: limit + 1]))
    cut = _PILE.sub(r"\1" + SCAR, _UNSEEN.sub(SCAR, cut))
    return cut if len(cut) <= limit else cut[: limit - 1] + "…"


def mask(text: str) -> str:
    """Phones as 138****7719, identity numbers as 320281********1234."""
    return _IDENTITY.sub(r"\1********\2", _PHONE.sub(r"\1****\2", text))


def plain(text: object, limit: int = LINE_LIMIT) -> str:
    """What may be drawn of a text from outside."""
    # More than is shown is looked at, so that a number at the cut is still known for what it is.
    return clean(mask(clean(text, limit + 64)), limit)


def person(name: str) -> str:
    """张* for 张三."""
    seen = clean(name, 40).strip()
    return f"{seen[0]}*" if seen else ""


def address(text: str) -> str:
    """An address to the building, without the door."""
    seen = plain(text)
    found = _ROOM.match(seen)
    return found.group(1) if found else seen
