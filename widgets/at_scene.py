"""How bad it is and who is there: what is known of the scene of an incident, in a few words."""

from __future__ import annotations

from dataclasses import dataclass

from commandwall.clock import Ms
from commandwall.incidents import Incident
from commandwall.picture import Picture
from commandwall.posts import FRONT
from commandwall.sitreps import newest
from widgets import age, text
from widgets.i18n import named, tr
from widgets.on_task import counts, out_for


@dataclass(frozen=True, slots=True)
class Fact:
    """One of them; what is not known says so."""

    name: str
    words: str
    known: bool
    at: Ms | None = None  # when it was told, of what does not stay so


def facts(picture: Picture, incident: Incident) -> list[Fact]:
    """Casualties, who leads the front, the units, how it stands there: the longest comes last."""
    last = newest(picture.sitreps.values(), incident.id)
    post = picture.command_posts.get(f"{incident.id}:{FRONT}")
    there = post is not None and bool(post.lead or post.people)
    who = "" if post is None else tr("{lead} {n} 人", lead=text.person(post.lead),
                                     n=age.number(post.people))  # fmt: skip
    out = counts(out_for(picture, incident))
    now, at = (last.now, last.at) if last is not None and last.now else ("", None)
    return [
        _fact(named("sitrep_field", "casualties"), casualties(picture, incident), tr("未报")),
        _fact(tr("前指"), who.strip() if there else "", tr("未报到")),
        _fact(tr("力量"), out, tr("未派")),
        _fact(named("sitrep_field", "now"), now, tr("未报"), at),
    ]


def casualties(picture: Picture, incident: Incident) -> str:
    """As they were last told: by the front, as numbers, or with the grading; "" where never."""
    last = newest(picture.sitreps.values(), incident.id)
    told: list[tuple[Ms, str]] = []
    if last is not None and last.casualties:
        told.append((last.at, last.casualties))
    if (known := picture.losses.get(incident.id)) is not None:
        told.append((known.at, _numbers(known.dead, known.missing, known.severe, known.hurt)))
    graded = picture.proposals.get(incident.id)
    if graded is not None and graded.dead + graded.hurt > 0:
        told.append((graded.at, _numbers(graded.dead, 0, graded.hurt, 0)))
    return max(told, default=(Ms(0), ""))[1]


def _numbers(dead: int, missing: int, severe: int, hurt: int) -> str:
    """死亡 1 人　轻伤 2 人"""
    words = (
        (dead, "死亡 {n} 人"), (missing, "失联 {n} 人"), (severe, "重伤 {n} 人"),
        (hurt, "轻伤 {n} 人"),
    )  # fmt: skip
    counted = [tr(told, n=age.number(n)) for n, told in words if n]
    return "　".join(counted) or tr("无伤亡")


def _fact(name: str, words: str, unknown: str, at: Ms | None = None) -> Fact:
    return Fact(name, words or unknown, bool(words), at)
