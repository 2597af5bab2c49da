"""Verifying an alarm: the sheet that asks what was found, and how the card says it."""

from __future__ import annotations

from commandwall import verifying
from commandwall.alarms import Alarm
from commandwall.clock import Ms
from commandwall.verifying import Verification
from widgets import age, text, words
from widgets.base import Panel
from widgets.fields import Field, choice
from widgets.fields import words as line
from widgets.i18n import named, rows, tr
from widgets.sheet import Sheet


def ask(panel: Panel, alarm: Alarm) -> None:
    """What was found, by which way, and in whose words."""
    fields: dict[str, tuple[str, Field]] = {
        "finding": (tr("结果"), choice(_named("alarm_finding"))),
        "way": (tr("方式"), choice(_named("channel"))),
        "words": (tr("说明"), line()),
    }
    title = tr("核实：{alarm}", alarm=words.alarm_title(alarm))
    sheet = Sheet(panel.look, title, "记录", fields, panel.window())
    act = lambda told: panel.do(verifying.verify_alarm, alarm=alarm.id, **told)  # noqa: E731
    panel.context.over(sheet.then(act))


def told(alarm: Alarm | None, found: Verification | None, now: Ms) -> str:
    """What was found, how, by whom and how long ago; else until when somebody has to have looked.
    Nothing where there is no alarm."""
    if alarm is None:
        return ""
    if found is None:
        return "　".join((_owed(verifying.due(alarm), now), tr("V 记录")))
    who = filter(None, (named("post", found.post), text.person(found.by)))
    finding = named("alarm_finding", found.finding)
    parts = finding, named("channel", found.way), " ".join(who), age.age(now, found.at)
    return "　".join(filter(None, (*parts, text.plain(found.words))))


def _owed(due: Ms | None, now: Ms) -> str:
    if due is None:
        return tr("未核实")
    if now > due:
        return tr("未核实，已超 {span}", span=age.span(now - due))
    return tr("未核实，限 {time} 前", time=age.clock(due))


def _named(kind: str) -> dict[str, str]:
    return {code: named(kind, code) for code in rows(kind)}
