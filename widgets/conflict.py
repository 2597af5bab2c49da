"""Two stations wrote one thing without seeing each other: both are shown, a person decides."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtWidgets import QWidget

from commandwall.clock import Ms
from commandwall.conflicts import KEPT, OTHER
from commandwall.picture import Picture
from commandwall.store.tables import Conflict
from widgets import age
from widgets.fields import choice
from widgets.i18n import named, tr
from widgets.look import Look
from widgets.sheet import Sheet
from widgets.text import person, plain

STATES = {
    "eventwork": "event_state",
    "directive": "directive_state",
    "request": "request_state",
    "alarm": "alarm_state",
    "buildingcolour": "building_colour",
    "whistle": "whistle_state",
    "summons": "summons_state",
    "rise": "rise_state",
    "planpoint": "point_state",
    "supervision": "supervision_state",
    "payment": "payment_state",
    "clue": "clue_state",
    "monthlytopic": "monthlytopic_state",
    "measure": "measure_state",
    "consultation": "consultation_state",
    "resolution": "resolution_state",
    "scheduledstudy": "scheduledstudy_state",
}
"""Kind of record -> the code list that its state, or its colour, is from."""
OF_EVENT = frozenset({"eventwork", "filedevent", "supervision"})
"""Kinds of which the id is that of an event."""
SAID = ("unit", "lead", "task", "result", "need", "evidence", "reason", "decision")
"""Fields that hold words of a person."""


def subject(conflict: Conflict, picture: Picture) -> str:
    """What it is about: the title of the event, the words of the directive."""
    record = given(conflict.kept)
    view = picture.events.get(event_of(conflict))
    if view is not None:
        return plain(view.event.headline)
    told = (
        record.get("title")
        or record.get("matter")
        or record.get("text")
        or record.get("what")
        or record.get("words")
        or record.get("name")
        or record.get("sensor")
        or conflict.record
    )
    return plain(told)


def event_of(conflict: Conflict) -> str:
    """Id of the event that it is about; "" for none."""
    own = conflict.record if conflict.kind in OF_EVENT else ""
    return own or str(given(conflict.kept).get("event") or "")


def given(text: str) -> dict[str, Any]:
    """The fields of a version; the text itself where somebody wrote none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {"text": text}


def version(kind: str, text: str, hidden: bool = False) -> str:
    """已派单　城管局　调度 张*　14:32:07: one of the two, in words; `hidden`: without what a
    person said."""
    record = given(text)
    state = str(record.get("state") or record.get("colour") or "")
    said = [] if hidden else [str(record.get(field) or "") for field in SAID]
    who = " ".join(filter(None, (_post(record), person(str(record.get("by") or "")))))
    at = record.get("at") or record.get("changed_at")
    when = age.seconds(Ms(int(at))) if at else ""
    parts = (named(STATES.get(kind, ""), state), *said, who, when)
    return "　".join(plain(part, 60) for part in parts if part)


def sheet(
    conflict: Conflict, picture: Picture, look: Look, parent: QWidget, hidden: bool = False
) -> Sheet:
    """Asks which of the two counts; `hidden`: as in `version`."""
    told = (version(conflict.kind, text, hidden) for text in (conflict.kept, conflict.other))
    names = (tr("现示　{version}", version=next(told)), tr("另一　{version}", version=next(told)))
    both = dict(zip((KEPT, OTHER), names, strict=True))
    title = tr("两处改动不一致：{what}", what=subject(conflict, picture))
    return Sheet(look, title, "定夺", {"keep": (tr("以哪一处为准"), choice(both))}, parent)


def _post(record: dict[str, Any]) -> str:
    post = str(record.get("post") or "")
    return named("post", post) if post else ""
