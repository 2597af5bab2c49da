"""The sheets of the two ladders: what each act needs, asked over the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from commandwall import codes, ladder_acts, ladders
from commandwall.clock import day
from commandwall.events import EventView
from commandwall.ladders import Case, Council, PlanPoint, Rise
from commandwall.picture import Picture
from commandwall.rights import About
from commandwall.triggers import Proposal
from widgets import ladder_words, text
from widgets.base import Panel
from widgets.event_steps import names_of
from widgets.fields import Field, choice, number
from widgets.fields import words as line
from widgets.i18n import named, tr
from widgets.sheet import Sheet

Then = Callable[[Any], None]
LONGEST = 1000
"""Letters of what a meeting decided."""
Fields = dict[str, tuple[str, Field]]
ACTS: Mapping[str, Callable[..., None]] = {
    "raise_up": ladder_acts.raise_up, "decline_up": ladder_acts.decline_up,
    "take_up": ladder_acts.take_up, "hand_down": ladder_acts.hand_down,
    "withdraw_up": ladder_acts.withdraw_up, "finish_point": ladder_acts.finish_point,
    "verify_point": ladder_acts.verify_point, "redo_point": ladder_acts.redo_point,
    "drop_point": ladder_acts.drop_point, "hold_council": ladder_acts.hold_council,
    "correct_council": ladder_acts.correct_council,
    "add_point": ladder_acts.add_point, "release_supervision": ladder_acts.release_supervision,
    "restore_supervision": ladder_acts.restore_supervision, "ask_up": ladder_acts.ask_up,
}  # fmt: skip
NAMES = {
    "raise_up": "上提", "decline_up": "不上提", "take_up": "接办", "hand_down": "退回下级",
    "withdraw_up": "撤回上提", "finish_point": "办结任务", "verify_point": "核验",
    "redo_point": "重办", "drop_point": "撤销任务", "hold_council": "会议",
    "correct_council": "更正会议", "add_point": "立任务",
    "release_supervision": "销号", "restore_supervision": "恢复督办", "ask_up": "请求上提",
}  # fmt: skip
"""Action -> its name on a button."""


def about(event: str, picture: Picture) -> About:
    """What the rights go by: the event, or where it is closed what the watch list keeps of it."""
    view, watched = picture.events.get(event), picture.supervisions.get(event)
    if view is not None:
        return About((view.event.area,), view.event.urgency, reason=True)
    return About((watched.area,) if watched is not None else (), reason=True)


def ask_raise(panel: Panel, view: EventView, proposal: Proposal | None, then: Then) -> None:
    """To which rung, and why; a suggestion says both first."""
    case, start = (
        panel.context.needs.watched.of(view.event.id),
        start_of(panel.picture, view.event.area),
    )
    now, urgency = panel.picture.now, view.event.urgency
    to = {key: ladder_words.rung(key) for key in ladders.rungs()
          if ladders.up(case, start, key, urgency, now) is None}  # fmt: skip
    if not to:
        panel.refused(tr("已在最高一级"))
        return
    why = ladder_words.why(proposal, now) if proposal is not None else ""
    if case.asked is not None:
        why = text.plain(case.asked.reason, 200)
    fields: Fields = {
        "to": (tr("上提到"), choice(to)), "reason": (named("field", "reason"), line(why)),
    }  # fmt: skip
    title = _titled("raise_up", view.event.headline)
    trigger = proposal.trigger if proposal is not None else ""
    _show(panel, title, "raise_up", fields, lambda told: panel.do(
        ladder_acts.raise_up, then, event=view.event.id, trigger=trigger, **told
    ))  # fmt: skip


def ask(panel: Panel, action: str, matter: str, then: Then, **given: Any) -> None:
    """What one of the other acts needs, with what it is about."""
    act = ACTS[action]
    if action not in ASKED:
        panel.do(act, then, **given)
        return
    fields = ASKED[action](panel)
    _show(panel, _titled(action, matter), action, fields, lambda told: panel.do(
        act, then, **given, **_helpers(told)
    ))  # fmt: skip


def ask_correction(panel: Panel, held: Council, matter: str, then: Then) -> None:
    """What stands in the record of a meeting, to be set right."""
    fields = _minutes(held.held, held.chair, held.decision)
    title, act = _titled("correct_council", matter), ladder_acts.correct_council
    _show(panel, title, "correct_council", fields, lambda told: panel.do(
        act, then, council=held.id, **told
    ))  # fmt: skip


def ask_release(panel: Panel, case: Case, matter: str, then: Then) -> None:
    """What came of it; what keeps it on the list is told first."""
    fields: Fields = {"result": (named("field", "result"), line())}
    act, title = ladder_acts.release_supervision, _titled("release_supervision", matter)
    sheet = _show(panel, title, "release_supervision", fields, lambda told: panel.do(
        act, then, event=case.event, **told
    ))  # fmt: skip
    sheet.telling(lambda told: _kept(case))


def start_of(picture: Picture, code: str) -> str:
    """The rung on which an event of an area began."""
    area = picture.areas.get(code)
    return ladders.base(area.level if area is not None else None)


def _kept(case: Case) -> str:
    left = [text.plain(p.task, ladder_words.SHORT) for p in case.unsettled]
    if left:
        return tr("未核验 {n} 项：{tasks}", n=len(left), tasks=tr("、").join(left))
    return ladder_words.count(case) or tr("没有任务")


def _helpers(told: dict[str, Any]) -> dict[str, Any]:
    """Units that help, however they are parted."""
    return told | {"co": ",".join(names_of(told["co"]))} if "co" in told else told


def _point(panel: Panel) -> Fields:
    now = panel.picture.now
    days = number(int(codes.limit("point_days", day(now))), 1, tr("个工作日"))
    days.setValue(5)
    return {
        "task": (named("field", "task"), line()), "lead": (named("field", "lead_unit"), line()),
        "co": (tr("协办单位（用、分开）"), line()), "days": (tr("限"), days),
    }  # fmt: skip


def _council(panel: Panel) -> Fields:
    return _minutes(day(panel.picture.now).isoformat())


def _minutes(held: str, chair: str = "", decision: str = "") -> Fields:
    return {
        "held": (tr("开会日期"), line(held)), "chair": (named("field", "chair"), line(chair)),
        "decision": (named("field", "decision"), line(decision, LONGEST)),
    }  # fmt: skip


def _one(name: str) -> Callable[[Panel], Fields]:
    return lambda panel: {name: (named("field", name), line())}


def _task_below(panel: Panel) -> Fields:
    return {"task": (tr("下级须办"), line())}


ASKED: Mapping[str, Callable[[Panel], Fields]] = {
    "decline_up": _one("reason"), "ask_up": _one("reason"), "hand_down": _task_below,
    "hold_council": _council, "add_point": _point, "finish_point": _one("result"),
    "redo_point": _one("reason"), "drop_point": _one("reason"),
    "restore_supervision": _one("reason"),
}  # fmt: skip
"""Action -> what its sheet asks; the others need nothing."""


def _show(
    panel: Panel, title: str, action: str, fields: Fields, done: Callable[[dict[str, Any]], Any]
) -> Sheet:
    sheet = Sheet(panel.look, title, NAMES[action], fields, panel.window()).then(done)
    panel.context.over(sheet)
    return sheet


def _titled(action: str, matter: str) -> str:
    return tr("{act}：{title}", act=tr(NAMES[action]), title=text.plain(matter, 40))


def given(one: Rise | PlanPoint | Case) -> dict[str, str]:
    """What an act on one of these is told."""
    if isinstance(one, Case):
        return {"event": one.event}
    return {"rise" if isinstance(one, Rise) else "point": one.id}
