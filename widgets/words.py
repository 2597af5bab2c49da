"""Sentences about the city: where something is, what an alarm says, the state of the whole."""

from __future__ import annotations

import numpy as np

from commandwall import codes
from commandwall.alarms import ACKED, OPENED, Alarm, class_list, of_value
from commandwall.areas import CITY
from commandwall.clock import SECOND, Ms, day
from commandwall.deadlines import REVIEW, VISIT, Deadline
from commandwall.directives import Directive
from commandwall.events import AREA, EventView
from commandwall.incidents import OPEN
from commandwall.owed import listed
from commandwall.picture import Picture
from commandwall.sensors import STALE
from commandwall.store.pulse import NO_POOL, Sync
from layers.words import order_number
from widgets import age, conflict
from widgets.i18n import language, measured_in, named, rows, tr
from widgets.need_list import Need
from widgets.needs import Needs
from widgets.text import address, plain
from widgets.trust import Trust

BESIDE = {REVIEW: "挂账复核", VISIT: "办结回访"}
"""Clocks beside the six, which have names alone."""


def city_name(picture: Picture) -> str:
    area = picture.areas.get(picture.city)
    return plain(area.name if area is not None else picture.city)


def place(picture: Picture, code: str) -> str:
    """石塘镇 石东村 07 网格: the names of an area and those above it, without the city."""
    names: list[str] = []
    area = picture.areas.get(code)
    while area is not None and area.level != CITY and len(names) < 5:
        names.append(plain(area.name, 24))
        area = picture.areas.get(area.parent)
    return " ".join(reversed(names))


def alarm_title(alarm: Alarm, picture: Picture | None = None) -> str:
    """燃气 27 %LEL; of a fault its name alone, of an opening that of its rule. With a picture its
    newest value, else that with which it alarmed."""
    if not of_value(alarm):
        return alarm_name(alarm)
    value = picture.sensors.newest(alarm.sensor, alarm.value) if picture else alarm.value
    if value == int(value) or abs(value) >= 20:
        told = age.measure(value, measured_in(alarm.unit))
    else:
        told = reading(alarm.cls, value, alarm.unit)
    return f"{named('sensor_class', alarm.cls)} {told}"


def alarm_now(alarm: Alarm, picture: Picture) -> str:
    """燃气 27.0 %LEL: the class and the newest value to its last digit, until one is known here
    that with which it alarmed; of what is no value its name alone."""
    if not of_value(alarm):
        return alarm_name(alarm)
    told = reading(alarm.cls, picture.sensors.newest(alarm.sensor, alarm.value), alarm.unit)
    return f"{named('sensor_class', alarm.cls)} {told}"


def reading(cls: str, value: float, unit: str) -> str:
    """27.0 %LEL, -0.15 m, 3: a reading as finely as devices of its class tell it."""
    row = rows("sensor_class").get(cls)
    step = f"{row.facts['step']:g}" if row is not None and row.facts["unit"] == unit else "0.1"
    return age.measure(value, measured_in(unit), len(step.partition(".")[2]))


def alarm_name(alarm: Alarm) -> str:
    """Its name without a value: 燃气, 失联; of an opening what its rule says: 夜间开门."""
    if alarm.cls == OPENED:
        return named("alarm_rules", alarm.rule)
    return named(class_list(alarm.cls), alarm.cls)


def need_title(need: Need, picture: Picture) -> str:
    if need.conflict is not None:
        return tr("两处改动不一致")
    if need.alarm is not None:
        return alarm_title(need.alarm, picture)
    return plain(need.event.event.headline) if need.event is not None else age.UNKNOWN


def need_place(need: Need, picture: Picture) -> str:
    if need.conflict is not None:
        return conflict.subject(need.conflict, picture)
    if need.alarm is not None:
        return place(picture, need.alarm.area)
    return event_place(need.event, picture) if need.event is not None else ""


def directive_number(directive: Directive, picture: Picture) -> str:
    """1125-00665-03: the number of the event that its incident grew from, or the beginning of the
    incident's own id, and its number there."""
    incident = picture.incidents.get(directive.incident)
    view = picture.events.get(incident.event) if incident is not None else None
    of = view.number if view is not None else plain(directive.incident)[:8].upper()
    return f"{of}-{order_number(tr, directive).rjust(2, '0')}"


def event_place(view: EventView, picture: Picture) -> str:
    """高新区 青里社区 05 网格 梅园广场; said so where it is only placed on an area."""
    names, rest = place(picture, view.event.area), address(view.event.address)
    for name in names.split():
        rest = rest.removeprefix(name).lstrip()  # an address often begins with its areas
    where = f"{names} {rest}".strip()
    if view.event.placed == AREA and where:
        return tr("{place}（按辖区）", place=where)
    return where or tr("没有地点")


def owner(need: Need) -> str:
    """Who has it, and what is owed: 燃气公司 到场, 未派单 受理, 待确认."""
    if need.conflict is not None:
        return tr("定夺")
    if need.event is None:
        return tr("再看一次") if need.alarm and need.alarm.state == ACKED else tr("待确认")
    unit = named("unit", plain(need.event.unit, 24)) if need.event.unit else tr("未派单")
    doing = step(need)
    return tr("{unit} {step}", unit=unit, step=doing) if doing else unit


def handled_by(view: EventView) -> str:
    """燃气公司（协办 住建局、街道）"""
    return units(view.unit, view.work.co if view.work is not None else "")


def units(lead: str, co: str) -> str:
    """Who leads, and behind it those that help; `co`: these, by commas."""
    helping = tr("、").join(plain(unit, 24) for unit in co.split(",")) if co else ""
    return lead + tr("（协办 {units}）", units=helping) if helping else lead


def left(clock: Deadline, now: Ms) -> str:
    """余 1.8 时, 余 3.5 工时 where it does not run all the time until then; 挂起 while it stands
    still; 已到点 where it is over by no working time."""
    if clock.paused_at is not None:
        return tr("挂起")
    left = clock.left(now)
    if not left and now > clock.due:
        return tr("已到点")  # it ended with the working day, and no working time is over yet
    return age.left(now, clock.due) if left == clock.due - now else age.left_at_work(now, left)


def step(need: Need) -> str:
    """The name of the clock that runs."""
    if need.deadline is None or need.event is None:
        return ""
    return clock_name(need.event.event.urgency, need.deadline.step)


def clock_name(urgency: int, step: str) -> str:
    """处置反馈: what a clock of an event is called."""
    if step in BESIDE:
        return tr(BESIDE[step])
    row = rows("event_limit").get(f"{urgency}-{step}")
    return row.name(language()) if row is not None else step


def clock(urgency: int, step: str, first: bool = False) -> str:
    """处置反馈 C5, or with its number first; those beside the six have none."""
    name = clock_name(urgency, step)
    if step in BESIDE:
        return name
    return f"{step} {name}" if first else f"{name} {step}"


def sentence(picture: Picture, needs: Needs, trust: Trust) -> str:
    """The state of the city in one line; never 平稳 while a Ⅰ is active, the pool is gone, or so
    many devices are silent that nobody can know."""
    if picture.sync.filling is not None and not picture.areas:
        return _filling(picture.sync, int(100 * picture.sync.filling))
    if not trust.known and picture.sync.trouble == NO_POOL:
        return tr("尚无态势")
    if not trust.known:
        return tr("尚无态势，正在接通中心池")
    if trust.stopped is not None:
        return tr("态势停在 {time}，此后未知", time=age.clock(trust.stopped))
    ones, count = needs.active[1], len(needs.open)
    incidents = sum(i.state == OPEN for i in picture.incidents.values())
    if ones and count:
        return tr("Ⅰ 级告警 {ones} 条，共 {n} 件需要人", ones=ones, n=count)
    if ones:
        return tr("Ⅰ 级告警 {ones} 条，均已确认", ones=ones)
    if incidents and count:
        return tr("突发事件 {n} 起在处置，{m} 件需要人", n=incidents, m=count)
    if incidents:
        return _in_hand(picture, incidents)
    return _without_incident(count, _lost(picture), bool(needs.called.elsewhere))


def _without_incident(count: int, lost: int, towns: bool) -> str:
    if count and lost:
        return tr("{n} 件需要人，{lost} 个设备失联", n=age.number(count), lost=age.number(lost))
    if count:
        return tr("{n} 件需要人，其余平稳", n=age.number(count))
    if lost:
        calm = "市里无事，镇在处置，{n} 个设备失联" if towns else "无事需要人，但 {n} 个设备失联"
        return tr(calm, n=age.number(lost))
    return tr("市里无事，镇在处置，其余平稳" if towns else "无事需要人，全城平稳")


def _lost(picture: Picture) -> int:
    """How many devices are silent, where these are too many to call the city calm; else 0."""
    quality = picture.sensors.quality
    silent = int(np.count_nonzero(quality == STALE))
    share = codes.limit("calm_silent_share", day(picture.now))
    return silent if silent > share * len(quality) else 0


def _in_hand(picture: Picture, incidents: int) -> str:
    """Nothing is called calm while answers are late."""
    if late := _late(picture):
        return tr("突发事件 {n} 起在处置，{m} 项超时", n=incidents, m=late)
    return tr("突发事件 {n} 起在处置，其余平稳", n=incidents)


def _late(picture: Picture) -> int:
    """How many answers are late in the incidents that are open."""
    open_ = {i.id for i in picture.incidents.values() if i.state == OPEN}
    directives = (d for d in picture.directives.values() if d.incident in open_)
    requests = (r for r in picture.requests.values() if r.incident in open_)
    return sum(debt.due < picture.now for debt in listed(directives, requests))


def _filling(sync: Sync, share: int) -> str:
    """What is being made or copied before there is a city to show, how far, and how long yet."""
    if sync.making:
        what = tr("正在生成演示城市 {share} %", share=share)
    else:
        what = tr("首次装载 {share} %", share=share)
    return _with_time(what, sync)


def past(sync: Sync) -> str:
    """How much of the city's past arrived, while everything else can be used already."""
    share = int(100 * (sync.past or 0.0))
    return _with_time(tr("历史事件装载 {share} %", share=share), sync)


def _with_time(what: str, sync: Sync) -> str:
    if sync.left_s is None:
        return what
    return tr("{what}，约余 {span}", what=what, span=age.span(int(sync.left_s * SECOND)))
