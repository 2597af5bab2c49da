"""The facts of an event on its card: who has it, who reported it, what was said and counts now; and
all of them in words."""

from __future__ import annotations

from collections.abc import Sequence

from commandwall.areas import CITY, chain
from commandwall.events import EventView
from widgets import age, event_said, text
from widgets.base import Panel
from widgets.event_lines import LABEL, ROW
from widgets.event_reading import Reading
from widgets.i18n import named, tr
from widgets.number_acts import hint_of
from widgets.paper import Ink, Paper

Facts = list[tuple[str, object]]
"""What a fact is called, and what it is."""
PEOPLE = 3
"""Of those who look after its area that are named."""


def of(
    panel: Panel, view: EventView, reading: Reading, merged: Sequence[EventView], whole: bool = True
) -> Facts:
    """All that are known, what is decided on first. `whole`: with the caller's number while it may
    be read."""
    picture, e = panel.picture, view.event
    unsent = f"eventwork:{e.id}" in picture.unsent
    found: Facts = [
        (tr("承办"), view.unit),  # those that help have a line of their own
        (tr("来电人"), _caller(panel, view, reading, whole)),
        (tr("送达"), tr("已存本机，未送达中心池") if unsent else ""),
        *event_said.facts(view, picture, reading.hides(view)),
        (tr("并入本单"), event_said.others(merged)),
        (tr("来源"), f"{named('event_source', e.source)}　{view.number}"),
        (tr("分类"), named("event_class", view.cls)),
        (tr("上报"), age.stamp(picture.now, e.reported_at)),
        *_people(panel, view),
        (tr("坐标"), _position(view)),
    ]
    return [(label, fact) for label, fact in found if fact]


def draw(paper: Paper, y: float, end: float, facts: Facts) -> tuple[float, int]:
    """In two columns, as many as there is room for; a fact too long for one stands across both. The
    height below, and how many found no room."""
    lead = max(LABEL, *(paper.length(label, Ink("label")) + 12 for label, _ in facts))
    half, x = paper.width / 2, 0.0
    for n, (label, fact) in enumerate(facts):
        wide = paper.length(fact, Ink("label", "t1")) > half - lead - 16
        if x and wide:
            x, y = 0.0, y + ROW
        if y > end:
            return y, len(facts) - n
        paper.write(x, y, label, Ink("label", "t3"))
        room = (paper.width if wide else half - 16) - lead
        y = paper.paragraph(x + lead, y, fact, Ink("label", "t1"), room, 2 if wide else 1)
        x, y = (half, y) if not x and not wide else (0.0, y + ROW)
    return y + ROW if x else y, 0


def told(facts: Facts) -> str:
    """All of them, a line for each."""
    return "\n".join(f"{label}：{text.shown(fact)}" for label, fact in facts)


def _caller(panel: Panel, view: EventView, reading: Reading, whole: bool) -> object:
    """Who reported it, and his number: whole while it may be read."""
    e, numbers = reading.of(view), panel.context.numbers
    who = text.person(e.person)
    if whole and (read := numbers.whole(e.phone, "event", e.id, f"{who}　")):
        return read
    hint = hint_of(e) if whole and panel.context.past is None else ""
    return "　".join(filter(None, (who, text.phone(e.phone), hint)))


def _people(panel: Panel, view: EventView) -> Facts:
    """Who looks after its area and those above it, below the city."""
    areas, known = panel.picture.areas, panel.picture.people
    codes = [a.id for a in chain(areas, view.event.area) if a.level > CITY]
    people = [p for code in codes for p in known.get(code, [])]
    return [(named("person_role", p.role), f"{text.person(p.name)}　{text.phone(p.phone)}")
            for p in people[:PEOPLE]]  # fmt: skip


def _position(view: EventView) -> str:
    e = view.event
    if e.lon is None or e.lat is None:
        return ""
    sure = tr("±{m} m", m=age.number(e.acc_m)) if e.acc_m is not None else ""
    return f"WGS-84　{e.lon:.5f}, {e.lat:.5f}　{sure}"
