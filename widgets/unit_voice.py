"""What a unit says by phone or radio, written down for it 代录: the sheet, and the act."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from commandwall import behalf, codes
from commandwall.answers import Voice
from commandwall.dispatch import ACKED, ARRIVED, MOVING, Trip
from commandwall.picture import Picture
from widgets.base import Panel
from widgets.fields import Field, choice, words
from widgets.i18n import language, named, tr
from widgets.sheet import Sheet
from widgets.text import plain

STEPS = {ACKED: "acknowledge_sending", MOVING: "report_moving", ARRIVED: "report_arrival"}
"""Step -> the act by which it is told."""


def ask(panel: Panel, trip: Trip, then: Callable[[Any], None]) -> None:
    """Who of the unit said what, by which channel; nothing where it has told all."""
    steps = {step: named("assignment_state", step) for step in STEPS if step not in trip.steps}
    if not steps:
        panel.refused(tr("已到场，没有可代录的进展"))
        return
    channels = {code.id: code.name(language()) for code in codes.load("channel").values()}
    asked: dict[str, tuple[str, Field]] = {
        "step": (tr("进展"), choice(steps)),
        "person": (tr("谁说的"), words()),
        "channel": (tr("方式"), choice(channels)),
    }

    def tell(told: dict[str, Any]) -> Future[Any]:
        # Who drives a car holds no post.
        voice = Voice(told["person"], "", told["channel"])
        act, record = STEPS[told["step"]], trip.assignment.id
        return panel.do(behalf.record_for, then, voice=voice, step=act, record=record)

    title = tr("代录　{unit}", unit=name_of(trip, panel.picture))
    panel.context.over(Sheet(panel.look, title, "代录", asked, panel.window()).then(tell))


def name_of(trip: Trip, picture: Picture) -> str:
    """What the unit of a trip is called."""
    unit = picture.resources.get(trip.assignment.resource)
    return plain(unit.name if unit is not None else trip.assignment.resource, 24)
