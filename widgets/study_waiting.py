"""Studies that drafted themselves by their date 定时报告: they wait until a person looks at one and
gives it out, or says why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from commandwall.reports.speech import moment
from commandwall.studies import MISSED, ScheduledStudy
from widgets import age
from widgets.base import Panel
from widgets.fields import Field, choice
from widgets.fields import words as line
from widgets.i18n import named, tr
from widgets.sheet import Answers, Sheet
from widgets.text import plain

LOOK, LEAVE = "look", "leave"
Done = Callable[[ScheduledStudy, str | None], Any]


def sheet(panel: Panel, found: Sequence[ScheduledStudy], done: Done) -> Sheet:
    """`done(which, reason)`: with a reason, which may be missing, it is not given out."""
    of = {one.id: one for one in found}
    fields: dict[str, tuple[str, Field]] = {
        "which": (tr("定时报告"), choice({key: told(one) for key, one in of.items()})),
        "deed": (tr("怎么办"), choice({LOOK: tr("看稿，改后出"), LEAVE: tr("不出，写明原因")})),
        "reason": (named("field", "reason"), line()),
    }
    title = count(found)

    def take(answers: Answers) -> Any:
        reason = answers["reason"] if answers["deed"] == LEAVE else None
        return done(of[answers["which"]], reason)

    made = Sheet(panel.look, title, "办理", fields, panel.window())
    return made.telling(lambda answers: about(of[answers["which"]], panel)).then(take)


def count(found: Sequence[ScheduledStudy]) -> str:
    """待审报告 1　到期未起草 2; "" for none."""
    missed = sum(one.state == MISSED for one in found)
    waits = len(found) - missed
    told = (tr("待审报告 {n}", n=waits) if waits else "",
            tr("到期未起草 {n}", n=missed) if missed else "")  # fmt: skip
    return "　".join(filter(None, told))


def told(one: ScheduledStudy) -> str:
    """每日日报　2026-11-27 08:00."""
    state = named("scheduledstudy_state", one.state) if one.state == MISSED else ""
    name = named("study_schedule", one.schedule)
    return "　".join(filter(None, (name, moment(one.due), state)))


def about(one: ScheduledStudy, panel: Panel) -> str:
    """Its period and rows, and since when it waits."""
    picture = panel.picture
    area = picture.areas.get(one.area)
    where = plain(area.name, 40) if area is not None else tr("全市")
    if one.state == MISSED:
        return tr("{where}　{a} 至 {b}　到期后没有一台起草。看稿时按到期时刻起草",
                  where=where, a=moment(one.since), b=moment(one.until))  # fmt: skip
    return tr("{where}　{a} 至 {b}　共 {n} 件　已等 {age}。没有人看过不会外送",
              where=where, a=moment(one.since), b=moment(one.until), n=age.number(one.rows),
              age=age.lasting(max(0, picture.now - one.due)))  # fmt: skip
