"""Who has an event, the town or the county 分办, with its three timers: on its card and in the
list."""

from __future__ import annotations

from collections.abc import Callable

from commandwall import tiers
from commandwall.deadlines import ORANGE, RED
from commandwall.event_flow import allows
from commandwall.events import EventView
from commandwall.picture import Picture
from commandwall.tiers import Standing, Timer
from widgets import age, event_lines, event_steps, words
from widgets.base import Command, Panel
from widgets.event_steps import Then
from widgets.i18n import named, tr
from widgets.paper import Ink, Paper

KEY = "Shift+J"
LAMP = 14.0


def draw(paper: Paper, y: float, view: EventView, picture: Picture) -> float:
    """One line of an open event: who has it and why, then the three timers. The height below."""
    if not view.open:
        return y
    it = tiers.standing(view, picture.areas)
    base, x = event_lines.begin(paper, y, tr("分办"))
    x = paper.write(x, base, named("tier", it.tier), Ink("label", "t1", True)) + 8
    x = paper.write(x, base, _why(it), Ink("age"), room=max(0, paper.width - x - 330)) + 16
    for timer in it.timers:
        x = _draw_timer(paper, x, base, timer, picture) + 16
    return base


def draw_cell(paper: Paper, x: float, base: float, view: EventView, picture: Picture) -> None:
    """In a row of the list: the lamp of the timer that runs, and who has it."""
    it, now = tiers.standing(view, picture.areas), picture.now
    if not view.open:
        return
    running = it.running
    if running is not None and running.clock is not None:
        paper.lamp(x + 7, base - 6, LAMP, running.clock.lamp(now))
    told = [named("tier", it.tier, "short")]
    told += [named("tier_timer", running.name)] if running is not None else []
    paper.write(x + 20, base, " ".join(told), Ink("label", "t3"), room=88)


def commands(
    panel: Panel, view: Callable[[], EventView | None], done: Callable[[], Then]
) -> list[Command]:
    """`done` gives what hears that the event of the card was routed or handed back."""
    return [Command(KEY, tr("分办、退回分办"), lambda: begin(panel, view(), done))]


def begin(panel: Panel, view: EventView | None, done: Callable[[], Then]) -> None:
    """Route it; what somebody has is handed back first."""
    if view is None:
        return
    held = view.work is not None and view.work.tier
    action = "route_back" if held else "route"
    it = event_steps.about(panel, view)
    if why := event_steps.hindrance(panel, view, action, it):
        panel.refused(why if allows(action, view.state) else tr("受理后、反馈前才能分办"))
        return
    event_steps.begin(panel, view, action, done())


def _why(it: Standing) -> str:
    """按规则：日常事项, or that a person chose; how often it came back."""
    rule = named("tier_rule", it.rule) if it.rule else ""
    told = [tr("人定") if it.chosen else tr("按规则：{why}", why=rule)]
    if it.backs:
        told.append(tr("退回 {n} 次", n=it.backs))
    return "　".join(told)


def _draw_timer(paper: Paper, x: float, base: float, timer: Timer, picture: Picture) -> float:
    """流转 ✓ 4:10, 处置 余 1.2 工日 with its lamp, 处置 — before it begins."""
    name = named("tier_timer", timer.name)
    if timer.clock is not None:
        lamp = timer.clock.lamp(picture.now)
        paper.lamp(x + 8, base - 6, LAMP, lamp)
        urgent = lamp in (RED, ORANGE)
        told, ink = words.left(timer.clock, picture.now), Ink("label", "t1", urgent)
        return paper.row(x + 20, base, (name, Ink("label", "t3")), (told, ink))
    over = timer.took is not None
    told = f"{'▼' if timer.late else '✓'} {age.span(timer.took or 0)}" if over else age.UNKNOWN
    return paper.row(x, base, (name, Ink("label", "t3")), (told, Ink("label", "t2")))
