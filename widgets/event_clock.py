"""The clocks of one event on its card: the one that runs out first, who presses, and the others."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from commandwall import catalogue, deadlines, swift
from commandwall.deadlines import GREEN, RED, Deadline
from commandwall.events import EventView
from commandwall.picture import Picture
from widgets import event_lines, words
from widgets.i18n import language, named, tr
from widgets.paper import RIGHT, Ink, Paper


def draw(paper: Paper, y: float, view: EventView, picture: Picture, roomy: bool) -> float:
    """State and clocks from a line on; the line below them. Where it is not `roomy` the clocks that
    run out later stand at the end of the first line: what was done needs the room below."""
    now, running = picture.now, deadlines.clocks(view, picture.areas)
    state = named("event_state", view.state)
    line = tr("{state}　急 {n}", state=state, n=view.event.urgency)
    flags = [tr("接诉即办")] if swift.belongs(view) else []
    flags += [tr("清单外")] if catalogue.outside(view) else []
    end = paper.write(0, y + 16, "　".join([line, *flags]), Ink("label", "t1", True))
    if not running:
        return y + 24
    first, *others = sorted(running, key=deadlines.order)
    lamp = first.lamp(now)
    x = event_lines.mark(paper, max(180, end + 16), y + 16, lamp)
    left = paper.row(x, y + 16, (_name(view, first), Ink("label", "t3")),
                     (words.left(first, now), Ink("item", "t1", lamp != GREEN)))  # fmt: skip
    paper.bar(QRectF(0, y + 28, paper.width, 4), 1 - first.left(now) / max(1, first.whole))
    pressed = first.supervised(now)
    told = [tr("督办：{step}", step=pressed.name(language()))] if pressed is not None else []
    rest = [f"{_name(view, clock)} {words.left(clock, now)}" for clock in others]
    if told or (rest and roomy):
        ink = Ink("label", "t1" if lamp == RED else "t3")
        paper.write(0, y + 52, "　".join([*told, *rest]), ink, room=paper.width)
        return y + 62
    room = paper.width - left - 24
    paper.write(paper.width, y + 16, "　".join(rest), Ink("age"), RIGHT, room=room)
    return y + 36


def _name(view: EventView, clock: Deadline) -> str:
    return words.clock(view.event.urgency, clock.step, first=True)
