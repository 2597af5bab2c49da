"""What a resolution of a consultation becomes, by the acts that there are, and its minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from commandwall import consulting, directives, instructions, ladder_acts
from commandwall.consulting import Consultation, Held, Resolution
from commandwall.directives import DIRECTIVE_LIMIT, Order
from commandwall.picture import Picture
from commandwall.reports import minutes, study_paper
from commandwall.reports.press import BOTH, Paper
from commandwall.reports.speech import Speech, moment
from widgets import consultation_words as words
from widgets import text
from widgets.base import Panel
from widgets.consultation_words import ORDER, POINT
from widgets.i18n import language, named, tr
from widgets.papers import Wanted


def follow_up(
    picture: Picture, one: Consultation, settled: Resolution
) -> tuple[Callable[..., None], dict[str, Any]]:
    """The act that makes of a resolution what it is to become, and its arguments."""
    of, way = consulting.source(settled.id), words.way(picture, one)
    if way == ORDER and settled.seat:
        said = settled.task[:DIRECTIVE_LIMIT]
        order = Order(one.subject, settled.seat, said, due_at=settled.due, source=of)
        return directives.issue, {"order": order}
    if way == POINT and settled.unit:
        return ladder_acts.add_point, {
            "event": one.subject, "task": settled.task, "lead": settled.unit, "co": "",
            "days": settled.days, "of": of,
        }  # fmt: skip
    told = tr("{what}（会商决定，{who}，{at} 前）", what=settled.task, who=words.by(settled),
              at=moment(settled.due))  # fmt: skip
    return instructions.instruct, {"seat": settled.seat, "text": told, "of": of}


def hand_out(panel: Panel, held: Held) -> Wanted:
    """The minutes, to be asked what for."""
    picture = panel.picture

    def make(take: Callable[[Paper], object]) -> None:
        became = {r.id: words.standing(words.became(picture, r.id)) for r in held.resolutions}
        unit = f"{named('post', panel.desk.post, 'full')} {panel.desk.person}".strip()
        data = minutes.data(held, became, unit, Speech.of(language()))
        take(Paper(study_paper.TEMPLATE, data))

    title = text.plain(held.one.title, 40)
    return Wanted(minutes.KIND, title, "", BOTH, make, shift=True)
