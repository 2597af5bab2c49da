"""What puts an alarm aside, brings it back or resets it, and the sheets that ask for the reason."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from commandwall import alarms, codes, shelving
from commandwall.alarm_life import OOSRV, SHLVD
from commandwall.alarms import Alarm
from commandwall.clock import MINUTE, Ms, day
from commandwall.countersign import Second
from widgets import age, words
from widgets.base import Command, Panel
from widgets.fields import Field, choice, number
from widgets.fields import words as line
from widgets.i18n import named, rows, tr
from widgets.needs import Needs
from widgets.sheet import Answers, Sheet
from widgets.text import person

Chosen = Callable[[], Alarm | None]
HALF_HOUR, STEP = 30, 10
"""Minutes that are proposed, and of one step."""


def commands(panel: Panel, chosen: Chosen) -> list[Command]:
    """Of a panel in which somebody chooses an alarm."""
    return [
        Command(
            "S", tr("搁置或取消搁置"), lambda: _with(panel, chosen, lambda a: shelve(panel, a))
        ),
        Command(
            "X", tr("停用或恢复使用"), lambda: _with(panel, chosen, lambda a: take_out(panel, a))
        ),
        Command("R", tr("复位"), lambda: _with(panel, chosen, lambda a: reset(panel, a))),
    ]


def _with(panel: Panel, chosen: Chosen, then: Callable[[Alarm], object]) -> None:
    alarm = chosen()
    if alarm is None:
        panel.refused(tr("先选一条告警"))
    else:
        then(alarm)


def shelve(panel: Panel, alarm: Alarm) -> None:
    """Asks why and for how long; one that is shelved comes back without a question."""
    if alarm.state == SHLVD:
        panel.do(shelving.unshelve, alarm=alarm.id)
        return
    now = panel.picture.now
    most = shelving.most_minutes(alarm.cls, now)
    minutes = number(most, STEP, tr("分"))
    minutes.setValue(min(HALF_HOUR, most))
    fields: dict[str, tuple[str, Field]] = {
        "reason": (tr("理由"), line()),
        "minutes": (tr("时长"), minutes),
    }
    if shelving.needs_second(alarm.cls, now):
        channels = choice({code.id: named("channel", code.id) for code in rows("channel").values()})
        fields |= {"second": (tr("第二人"), line()), "channel": (tr("征得方式"), channels)}
    sheet = _sheet(panel, tr("搁置：{alarm}", alarm=words.alarm_title(alarm)), "搁置", fields)
    sheet.telling(lambda told: _shelved_until(panel, told, most))
    panel.context.over(sheet.then(lambda told: _shelve(panel, alarm, told)))


def take_out(panel: Panel, alarm: Alarm) -> None:
    """Asks for the work order and for how many days; one that is out of service is put back."""
    if alarm.state == OOSRV:
        panel.do(shelving.put_back, alarm=alarm.id)
        return
    most = int(codes.limit("service_days", day(panel.picture.now)))
    days = number(most, 1, tr("日"))
    days.setValue(1)
    fields: dict[str, tuple[str, Field]] = {
        "work_order": (tr("工单号"), line()),
        "days": (tr("至多"), days),
        "reason": (tr("理由"), line()),
    }
    sheet = _sheet(panel, tr("停用：{alarm}", alarm=words.alarm_title(alarm)), "停用", fields)
    act = lambda told: panel.do(shelving.take_out, alarm=alarm.id, **told)  # noqa: E731
    panel.context.over(sheet.then(act))


def reset(panel: Panel, alarm: Alarm) -> None:
    """Asks why what latched is over."""
    fields: dict[str, tuple[str, Field]] = {"reason": (tr("理由"), line())}
    sheet = _sheet(panel, tr("复位：{alarm}", alarm=words.alarm_title(alarm)), "复位", fields)
    act = lambda told: panel.do(alarms.reset, alarm=alarm.id, **told)  # noqa: E731
    panel.context.over(sheet.then(act))


def routed_line(alarm: Alarm, needs: Needs, now: Ms) -> str:
    """That its town has it first; else its state in words, and why its town has it not."""
    told, route = state_line(alarm, now), needs.called.elsewhere.get(alarm.id)
    if route is not None and route.at is not None:
        return tr("镇先处置至 {time}", time=age.stamp(now, route.at))
    why = needs.routing.of(alarm).why if alarms.wants_person(alarm, now) else ""
    return tr("{a}，{b}", a=told, b=named("alarm_route", why)) if why else told


def state_line(alarm: Alarm, now: Ms) -> str:
    """The state in words, with what belongs to it: until when, how often, that it waits."""
    told = named("alarm_state", alarm.state)
    if alarm.until is not None and alarm.state in (SHLVD, OOSRV):
        told = tr("{state}至 {time}", state=told, time=age.stamp(now, alarm.until))
        return tr("{a}，{b}", a=told, b=person(alarm.put_by)) if alarm.put_by else told
    if alarms.withdrawn(alarm):
        return tr("{state}，迟到的读数表明未越限", state=told)
    if alarms.is_forgotten(alarm, now):
        return tr("{state}，再看一次", state=told)
    return tr("{state}，第 {n} 次", state=told, n=alarm.count) if alarm.count > 1 else told


def _sheet(panel: Panel, title: str, act: str, fields: dict[str, tuple[str, Field]]) -> Sheet:
    return Sheet(panel.look, title, act, fields, panel.window())


def _shelve(panel: Panel, alarm: Alarm, told: Answers) -> Future[Any]:
    name, channel = told.pop("second", ""), told.pop("channel", "")
    second = Second(name, channel) if name else None
    return panel.do(shelving.shelve, alarm=alarm.id, second=second, **told)


def _shelved_until(panel: Panel, told: Answers, most: int) -> str:
    until = Ms(panel.picture.now + int(told["minutes"]) * MINUTE)
    return tr("至多 {most} 分；{time} 自行恢复，更重时立即恢复", most=most, time=age.clock(until))
