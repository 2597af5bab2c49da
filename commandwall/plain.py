"""Plain text: what may be shown of a text from outside, cleaned, masked and of bounded length.

Pure; every room that draws, prints or keeps foreign text uses it.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any

from commandwall.masking import SCAR as SCAR
from commandwall.masking import mask as mask
from commandwall.surnames import family_of

LINE_LIMIT = 200
"""Characters of one line that is shown."""
_WINDOW = 8
"""Times the limit that is looked at: what is taken out makes room for what follows it."""
_STYLE = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]+")  # how one sign is drawn: harmless
_SPACE = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]\s*")
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]+"
)
_BROKEN = re.compile("[\x00\ud800-\udfff]+")
_ABOVE = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0e34-\u0e3a\u0e47-\u0e4e"
    "\u0f71-\u0f84\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ufe20-\ufe2f"
)
_PILE = re.compile(f"([{_ABOVE}]{{2}})[{_ABOVE}]+")
_ALIKE = "\u0400-\u052f\u0530-\u058f\u13a0-\u13ff\uab70-\uabbf"  # Cyrillic, Armenian, Cherokee
_GUISE = re.compile(f"(?<=[A-Za-z])[{_ALIKE}]+|[{_ALIKE}]+(?=[A-Za-z])")
_RINGS = "电话"
_ROOM = re.compile(r"^(.*\d+\s*(?:幢|栋|号楼|号|弄|building)).*$", re.DOTALL | re.IGNORECASE)


def clean(text: object, limit: int = LINE_LIMIT) -> str:
    """One line without control, bidi, zero-width and broken characters, at most `limit` long.

    What was taken out leaves a mark, so that a trick is seen.
    """
    raw = "" if text is None else str(text)
    seen = _SPACE.sub(" ", _STYLE.sub("", raw[: _WINDOW * limit]))
    seen = _PILE.sub(r"\1" + SCAR, _GUISE.sub(SCAR, _printed(_UNSEEN.sub(SCAR, seen))))
    if len(seen) <= limit and len(raw) <= _WINDOW * limit:
        return seen
    return seen[: limit - 1] + "…"


def plain(text: object, limit: int = LINE_LIMIT) -> str:
    """What may be drawn of a text from outside."""
    raw = "" if text is None else str(text)
    return _known(raw, limit) if len(raw) <= LINE_LIMIT else _plain(raw, limit)


def _plain(raw: str, limit: int) -> str:
    # More than is shown is looked at, so that a number at the cut is still known for what it is.
    return clean(mask(clean(raw, 2 * limit + 64)), limit)


_known = lru_cache(maxsize=8192)(_plain)
"""The same texts are drawn again at each paint; long ones are not kept."""


def sound(value: Any) -> Any:
    """The same value with texts that any file, database and wire can carry.

    They may still hold what is not shown: a key of the city stays as the city gave it.
    """
    if isinstance(value, str):
        return _BROKEN.sub(SCAR, value)
    if isinstance(value, list | tuple):
        return type(value)(map(sound, value))
    if isinstance(value, dict):
        return {key: sound(one) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: sound(getattr(value, f.name)) for f in fields(value)})
    return value


def kept(text: str) -> str:
    """What a person wrote, as it is kept: lines stay lines, what nobody sees leaves a mark."""
    lines = _LINE_END.sub("\n", text).replace("\t", " ").split("\n")
    return "\n".join(_UNSEEN.sub(SCAR, line) for line in lines)


def person(name: str) -> str:
    """张* for 张三, 欧阳* for 欧阳明."""
    seen = clean(name, 40).strip()
    return f"{seen[: family_of(seen)]}*" if seen else ""


def phone(number: str) -> str:
    """A number in a field of its own: one within the town is known for what it is too."""
    return plain(f"{_RINGS}{number}", 40 + len(_RINGS))[len(_RINGS) :]


def address(text: str) -> str:
    """An address to the building, without the door."""
    seen = plain(text)
    found = _ROOM.match(seen)
    return found.group(1) if found else seen


def _printed(text: str) -> str:
    """Whatever else has no shape: private, unassigned, not a character."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c.isspace() else SCAR for c in text)
