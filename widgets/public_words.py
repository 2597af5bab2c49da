"""What a caller who asks may be told of how far his matter is 对外进度: on the card, in the sheets
that decide, and beside what he reports again."""

from __future__ import annotations

from commandwall import public_progress
from commandwall.events import EventView
from commandwall.picture import Picture
from commandwall.public_progress import LIST
from widgets import age
from widgets.i18n import named, tr


def told(view: EventView, picture: Picture) -> str:
    """承办单位正在办理，11-26 17:30 前答复; "" where nothing may be told."""
    found = public_progress.of(view, picture.areas, picture.now)
    if found is None:
        return ""
    words = named(LIST, found.state)
    if found.until is None:
        return words
    return tr("{words}，{day} 前答复", words=words, day=age.stamp(picture.now, found.until))
