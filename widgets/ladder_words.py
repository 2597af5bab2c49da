"""What the two ladders and the plan of an event are called on the screen."""

from __future__ import annotations

from commandwall import ladders
from commandwall.clock import Ms
from commandwall.ladders import DO, VERIFY, Case, Due, PlanPoint, Rise
from commandwall.triggers import Proposal
from widgets import age, text, words
from widgets.i18n import named, tr

SHORT, LONG = 20, 60
"""Letters of the name of a unit, and of what was said."""


def rung(key: str) -> str:
    return named("rung", key)


def stands(rise: Rise, now: Ms) -> str:
    """政府办 待接办 自 14:22."""
    since = age.stamp(now, rise.taken_at or rise.raised_at)
    state = named("rise_state", rise.state)
    name = named("rung", rise.rung, "short")
    return tr("{rung} {state} 自 {time}", rung=name, state=state, time=since)


def due(one: Due, now: Ms) -> str:
    """欠接办　超 1.2 工日; of a point 任务到期, 欠核验."""
    return f"{owed(one)}　{words.left(one.clock, now)}"


def owed(one: Due) -> str:
    if one.step == DO:
        return tr("任务")
    if one.step == VERIFY:
        return tr("欠{what}", what=named("rung_limit", f"point-{VERIFY}"))
    row = f"{one.rise.rung}-{one.step}" if one.rise is not None else one.step
    return tr("欠{what}", what=named("rung_limit", row))


def count(case: Case) -> str:
    """任务 1 / 3: verified, of those that stand."""
    return tr("任务 {n} / {all}", n=case.settled, all=len(case.plan)) if case.plan else ""


def lead(case: Case) -> str:
    """Who leads what is not verified yet, each once."""
    names = dict.fromkeys(text.plain(p.lead, SHORT) for p in case.unsettled)
    return tr("、").join(names)


def co(point: PlanPoint) -> str:
    """Who helps."""
    return tr("、").join(text.plain(one, SHORT) for one in point.co.split(",") if one)


def where(case: Case, start: str) -> str:
    """政府办: the rung on which it stands."""
    return named("rung", ladders.standing(case, start), "short")


def has(case: Case, key: str, start: str) -> bool:
    """Whether a rung has it: what goes up is not taken from those below."""
    rise = case.rises.get(key)
    return key == start or (rise is not None and rise.state in ladders.ACTIVE)


def back(case: Case) -> str:
    """政府办退回：重新核实: what the rung above gave back last, while nothing was raised since."""
    over = [r for r in case.rises.values() if r.state == ladders.BACK and r.ended_at]
    last = max(over, key=lambda r: r.ended_at or 0, default=None)
    raised = max((r.raised_at or 0 for r in case.rises.values()), default=0)
    if last is None or raised > (last.ended_at or 0):
        return ""
    return tr("{rung}退回：{task}", rung=rung(last.rung), task=text.plain(last.task, LONG))


def why(proposal: Proposal, now: Ms) -> str:
    """3 工作日未办结　自 11-20 14:00, or how long until then; 退单 2 次　现 2."""
    told = named("rung_trigger", proposal.trigger)
    if proposal.n is not None:
        return tr("{why}　现 {n}", why=told, n=proposal.n)
    if proposal.at is None:
        return told
    if not proposal.met(now):
        return f"{told}　{age.left(now, proposal.at)}"
    return tr("{why}　自 {time}", why=told, time=age.stamp(now, proposal.at))


def handed(case: Case, number: str) -> str:
    """督办　1128-00572　小区停水　政府办　任务 1 / 3: a line of the hand-over."""
    matter = text.plain(case.supervision.matter, LONG) if case.supervision is not None else ""
    where = rung(case.top.rung) if case.top is not None else ""
    owes = owed(case.dues[0]) if case.dues else ""
    return "　".join(filter(None, (tr("督办"), number, matter, where, count(case), owes)))
