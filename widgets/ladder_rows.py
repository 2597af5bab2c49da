"""The rows of the watch list: a matter on its rung, a point of its plan, a suggestion."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from commandwall import ladders
from commandwall.deadlines import GREEN
from commandwall.events import EventView
from commandwall.ladders import DROPPED, VERIFIED, Case, PlanPoint
from commandwall.picture import Picture
from commandwall.triggers import Proposal
from widgets import age, ladder_sheets, ladder_words, text, words
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper

HEAD, ROW, LAMP, INDENT, LINE = 66.0, 36.0, 14.0, 40.0, 26.0
RUNG, LEAD, STATE, NARROW = 140.0, 260.0, 90.0, 800.0
"""Width of the columns of a rung, of who leads and helps, and of a point's state; a list that is
narrower begins its points at the left."""
STEP_WIDE, STEP_TALL, APART, BETWEEN = 13.0, 5.0, 2.0, 7.0
"""One rung of the drawn ladders, what lies between two, and between the ladders."""


def case(
    paper: Paper, box: QRectF, picture: Picture, it: Case, view: EventView | None, matter: str
) -> None:
    """On which rung; what it is; what is due. Below: both ladders, how far the plan is, where."""
    now, base = picture.now, box.top() + 28
    start = ladder_sheets.start_of(picture, _area(it, view))
    dues, over = it.dues, view is None or not view.open
    open_ = ladders.is_open(it, over)
    due = dues[0] if dues and open_ else None
    told, ink = _told(it, over), Ink("label", "t2")
    if due is not None:
        lamp = due.clock.lamp(now)
        paper.lamp(LAMP, base - 6, 20, lamp)
        told, ink = ladder_words.due(due, now), Ink("label", "t1", lamp != GREEN)
    edge = paper.width - 8 - paper.length(told, ink) - 20
    paper.write(paper.width - 8, base, told, ink, RIGHT)
    stands = ladder_words.where(it, start) if open_ else named("supervision_state", "RELEASED")
    paper.write(INDENT, base, stands, Ink("body", "t1", True), room=RUNG - 12)
    x = INDENT + RUNG
    paper.write(x, base, matter, Ink("body", "t1", True), room=edge - x)
    _ladders(paper, INDENT, base + LINE - 9, it, start)
    count = ladder_words.count(it)
    edge = paper.width - 8 - paper.length(count, Ink("label", "t1")) - (20 if count else 0)
    paper.write(paper.width - 8, base + LINE, count, Ink("label", "t1"), RIGHT)
    paper.write(x, base + LINE, _below(it, view, picture), Ink("label", "t2"), room=edge - x)


def point(paper: Paper, box: QRectF, picture: Picture, it: PlanPoint) -> None:
    """Who leads ● and helps ○; what is to be done; how far it is and what is due."""
    now, base, edge = picture.now, box.center().y() + 6, paper.width - 8
    left = INDENT + (RUNG if paper.width >= NARROW else 0)
    due = next((d for d in Case(it.event, points=[it]).dues), None)
    over = it.state in (VERIFIED, DROPPED)
    told = _end(it, picture) if over or due is None else words.left(due.clock, now)
    ink = Ink("label", "t2")
    if due is not None and not over:
        lamp = due.clock.lamp(now)
        paper.lamp(left + 8, base - 6, 16, lamp)
        ink = Ink("label", "t1", lamp != GREEN)
    paper.write(edge, base, told, ink, RIGHT)
    edge -= paper.length(told, ink) + 16
    state = named("point_state", it.state)
    paper.write(edge, base, state, Ink("label", "t2" if over else "t1"), RIGHT)
    edge -= max(STATE if paper.width >= NARROW else 0, paper.length(state, Ink("label"))) + 12
    x = left + 26
    dim = Ink("label", "t2" if over else "t1")
    wide = min(LEAD, (edge - x) * 0.45)
    paper.write(x, base, _units(it), dim, room=wide - 12)
    task = "　".join(filter(None, (text.plain(it.task, 80), text.plain(it.reason, 40))))
    paper.write(x + wide, base, task, dim, room=max(0, edge - x - wide))


def suggestion(
    paper: Paper, box: QRectF, picture: Picture, view: EventView, it: Proposal, matter: str
) -> None:
    """建议上提到: marked as what it is, nothing was done."""
    now, base, x = picture.now, box.top() + 28, INDENT + RUNG
    told = ladder_words.why(it, now)
    ink = Ink("label", "t1" if it.met(now) else "t2")
    edge = paper.width - 8 - paper.length(told, ink) - 20
    paper.write(paper.width - 8, base, told, ink, RIGHT)
    paper.frame(QRectF(INDENT - 6, base - 19, RUNG - 14, 26), "t3", 1)
    to = tr("建议 → {rung}", rung=named("rung", it.to, "short"))
    paper.write(INDENT + 4, base, to, Ink("label", "t1" if it.met(now) else "t2"), room=RUNG - 30)
    paper.write(x, base, matter, Ink("body", "t1"), room=edge - x)
    where = "　".join(filter(None, (
        named("event_state", view.state), words.handled_by(view),
        words.event_place(view, picture), tr("事件 {number}", number=view.number),
    )))  # fmt: skip
    paper.write(x, base + LINE, where, Ink("label", "t2"), room=paper.width - 8 - x)


def _ladders(paper: Paper, x: float, y: float, it: Case, start: str) -> None:
    """The rungs of both ladders: those that have it are filled, where it stands is white."""
    here, ladder = ladders.standing(it, start), ""
    for key, row in ladders.rungs().items():
        if ladder and row.facts["ladder"] != ladder:
            x += BETWEEN
        ladder = row.facts["ladder"]
        token = "t1" if key == here else "t3" if ladder_words.has(it, key, start) else "ln"
        paper.fill(QRectF(x, y, STEP_WIDE, STEP_TALL), token, 1)
        x += STEP_WIDE + APART


def _below(it: Case, view: EventView | None, picture: Picture) -> str:
    """待接办　市级退回：…　督办 3 天前　谁牵头　在哪　事件 1125-00665."""
    now, watched, top = picture.now, it.supervision, it.top
    number = tr("事件 {number}", number=view.number) if view is not None else ""
    since = tr("列入 {age}", age=age.since(now, watched.since)) if watched is not None else ""
    place = words.place(picture, _area(it, view))
    told = (
        named("rise_state", top.state) if top is not None else "", ladder_words.back(it), since,
        tr("牵头 {unit}", unit=ladder_words.lead(it)) if it.unsettled else "", place, number,
    )  # fmt: skip
    return "　".join(filter(None, told))


def _area(it: Case, view: EventView | None) -> str:
    if view is not None:
        return view.event.area
    return it.supervision.area if it.supervision is not None else ""


def _told(it: Case, over: bool) -> str:
    """What is to be done where nothing is due."""
    if it.supervision is not None and not it.watched:
        return text.plain(it.supervision.result, 60)
    if it.asked is not None:
        return tr("承办请求上提")
    if ladders.release(it, over) is None:
        return tr("可销号")
    return ""


def _units(it: PlanPoint) -> str:
    """● 城管局　○ 住建局、公安局."""
    helping = ladder_words.co(it)
    return f"● {text.plain(it.lead, ladder_words.SHORT)}" + (f"　○ {helping}" if helping else "")


def _end(it: PlanPoint, picture: Picture) -> str:
    at = it.verified_at if it.state == VERIFIED else it.changed_at
    return age.stamp(picture.now, at)
