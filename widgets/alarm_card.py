"""The alarm card: the chosen alarm, the course of its device, who is near, and what to do first."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QHideEvent

from commandwall import alarms, codes, courses, geo, modes, verifying
from commandwall.alarms import Alarm
from commandwall.areas import Camera, Person, chain, foremost
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.courses import Course
from commandwall.modes import Mode
from commandwall.picture import Changes, Picture, Readings, Tick
from commandwall.resources import Resource
from commandwall.rights import about_alarm
from commandwall.rule_rows import RuleRow, in_force
from commandwall.rulebook import counting
from commandwall.sensors import Sensor
from commandwall.store.store import Reader
from commandwall.verifying import Verification
from widgets import age, alarm_check, rule_list, rule_sheet, rule_words, text, words
from widgets.base import EMPTY, NORMAL, Command, Panel, Piece, Subject
from widgets.chart import Day, Limit, reach_of
from widgets.i18n import language, named, rows, tr
from widgets.number_acts import show, unreadable, with_reason
from widgets.paper import RIGHT, Ink, Paper
from widgets.trend import Trend

EVERY = MINUTE
"""So often the course is read anew while it is shown."""
LEAD, LINE, FOOT = 76.0, 27.0, 26.0
SHARE, PARTS = 0.56, 6
"""Of the width, for the words; the rest is the course, in so many parts."""
Found = tuple[Course | None, Verification | None]


class AlarmCard(Panel):
    """Follows what is chosen in the list or on the map; the course is read beside the screen."""

    id, title = "alarm_card", "告警卡"
    entry = "T"
    recalls = False  # the readings are those that are kept now
    shows = frozenset(
        {Alarm, Person, Camera, Resource, Verification, RuleRow, Mode, Readings, Tick}
    )

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._key, self._span = "", 0
        self._device: Sensor | None = None
        self._course: Course | None = None
        self._asked = Ms(0)
        self._camera, self._said = "", ""
        self._found: Verification | None = None
        self._trend = Trend(self.look, self.context.settled, self)
        self._trend.hide()

    # What others call.

    def open(self, subject: Subject) -> None:
        alarm = self.picture.alarms.get(subject.id) if subject.kind is Alarm else None
        key = alarm.sensor if alarm is not None else subject.id
        if (alarm is not None or subject.kind is Sensor) and key != self._key:
            self._key, self._device, self._said = key, None, ""
            self.context.numbers.forget()
            self._begin()

    def refresh(self, picture: Picture, changes: Changes) -> None:
        if Camera in changes.kinds:
            self._look_around()
        if changes.kinds & {Verification, Mode}:
            self._asked = Ms(0)
        self._read()
        self._tell()

    def commands(self) -> list[Command]:
        return [
            Command("V", tr("核实"), self.verify),
            Command("C", tr("打电话"), self.show_number),
            Command("T", tr("换时段"), self.next_span),
            Command("D", tr("改报警规则"), self.change_rule),
            Command("Shift+D", tr("待批准的规则"), lambda: rule_list.open_list(self)),
        ]

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    def verify(self) -> None:
        """Ask what was found of the alarm that is shown."""
        if (alarm := self._alarm()) is None:
            self.refused(tr("先选一条告警"))
        elif why := self.barred(verifying.verify_alarm, about_alarm(alarm)):
            self.refused(why)
        else:
            self._said = ""
            alarm_check.ask(self, alarm)

    def change_rule(self) -> None:
        """Propose another threshold, delay or level for alarms like the one that is shown."""
        if (alarm := self._alarm()) is None:
            self.refused(tr("先选一条告警"))
        else:
            self._said = ""
            rule_sheet.ask(self, alarm)

    def show_number(self) -> None:
        """The whole number of who answers for the place, to ring him."""
        alarm = self._alarm()
        if alarm is None:
            self.refused(tr("先选一条告警"))
            return
        it, title = about_alarm(alarm), words.alarm_title(alarm)
        if why := unreadable(self, it):
            self.refused(why)
        else:
            here = lambda: self._shown_id() == alarm.id  # noqa: E731
            shown = lambda said: show(self, ("alarm", alarm.id), said, here)  # noqa: E731
            with_reason(self, (alarm.id, title), it, shown)

    def hideEvent(self, event: QHideEvent) -> None:
        self.context.numbers.forget()
        super().hideEvent(event)

    def next_span(self) -> None:
        """Show another stretch of the past."""
        self._span += 1
        self._begin()

    def aside(self) -> list[Piece]:
        told = f"T　{self._stretch.name(language())}"
        return [(told, Ink("age", "t2"))] if self._key else []

    # Drawing.

    def place(self) -> None:
        px = self.look.px
        left, top = px(self._edge), px(self.top)
        tall = max(0, self.height() - top - px(FOOT))
        self._trend.setGeometry(left, top, max(0, self.width() - left), tall)
        self._trend.wear(self.look)

    def draw(self, paper: Paper) -> None:
        sensor, alarm = self._device, self._alarm()
        if sensor is None:
            return
        room, y = self._edge - 32, self.top + 26
        y = self._draw_title(paper, y, sensor, alarm, room)
        for label, fact in self._facts(sensor, alarm):
            if fact and y < paper.height:
                paper.write(0, y, label, Ink("label", "t3"))
                y = _draw_fact(paper, y, fact, room) + LINE
        if self._said and y < paper.height:
            paper.paragraph(0, y, self._said, Ink("label", "t1", True), room, 2)
        self._draw_foot(paper)

    def _draw_title(
        self, paper: Paper, y: float, sensor: Sensor, alarm: Alarm | None, room: float
    ) -> float:
        title, state = named("sensor_class", sensor.cls), tr("没有告警")
        if alarm is not None:
            paper.mark(22, y - 8, 22, (alarm.severity, alarm.state), True)
            title, state = words.alarm_now(alarm, self.picture), named("alarm_state", alarm.state)
        left = 54.0 if alarm is not None else 0.0
        paper.write(room, y, state, Ink("body", "t2"), RIGHT)
        paper.write(left, y, title, Ink("item", "t1", True), room=room - left - 140)
        where = words.place(self.picture, sensor.area) or tr("没有地点")
        paper.write(0, y + 30, where, Ink("body", "t1"), room=room)
        return y + 62

    def _facts(self, sensor: Sensor, alarm: Alarm | None) -> list[tuple[str, object]]:
        return [
            (tr("先做"), self._procedure(sensor, alarm)),
            (tr("读数"), self._newest(sensor)),
            (tr("起于"), self._since(alarm)),
            (tr("限值"), rule_words.changed(self.picture, sensor)),
            (tr("核实"), alarm_check.told(alarm, self._found, self.picture.now)),
            (tr("设备"), f"{text.plain(sensor.name)}　{text.plain(sensor.id)}"),
            (tr("负责"), self._responsible(sensor, alarm)),
            (tr("视频"), self._camera),
            (tr("力量"), self._nearest_unit(sensor)),
        ]

    def _draw_foot(self, paper: Paper) -> None:
        """The moments under the course, or why there is none."""
        left, wide, base = self._edge, paper.width - self._edge, paper.height - 6
        if self._trend.isHidden():
            paper.write(left, self.top + 26, self._without(), Ink("label", "t3"), room=wide)
            return
        span, now = self._hours, self.picture.now
        for share, side in ((0.0, 0.0), (0.5, 0.5), (1.0, RIGHT)):
            at = Ms(int(now - span * (1 - share) * HOUR))
            paper.write(left + wide * share, base, age.clock(at), Ink("age"), side)

    def _without(self) -> str:
        if self._course is None:
            return tr("正在读过程…")
        return tr("这段时间本站没有存读数")

    # What it says.

    @property
    def _edge(self) -> float:
        """Where the words end and the course begins, in design pixels."""
        return self.width() / self.look.unit * SHARE

    def _alarm(self) -> Alarm | None:
        """The worst alarm of the device."""
        found = self.picture.alarms_of.get(self._key, ())
        return min(found, key=lambda a: (a.severity, a.raised_at), default=None)

    def _shown_id(self) -> str:
        alarm = self._alarm()
        return alarm.id if alarm is not None else ""

    def _procedure(self, sensor: Sensor, alarm: Alarm | None) -> str:
        other = alarm is not None and not alarms.of_value(alarm)
        return named("alarm_procedure", alarm.cls if other and alarm else sensor.cls)

    def _newest(self, sensor: Sensor) -> str:
        held = self.picture.sensors
        row = held.row_of.get(sensor.id)
        if row is None:
            return tr("设备已不在册")
        at, value = int(held.at[row]), float(held.value[row])
        if not at or not math.isfinite(value):
            return tr("还没有读数")
        told = words.reading(sensor.cls, value, sensor.unit)
        return f"{told}　{age.age(self.picture.now, Ms(at))}"

    def _since(self, alarm: Alarm | None) -> str:
        if alarm is None:
            return ""
        rule = rule_words.name(self.picture, alarm.rule, alarm.changed_at)
        told = f"{age.stamp(self.picture.now, alarm.raised_at)}　{rule}"
        if alarm.acked_at is None:
            return told
        who = filter(None, (named("post", alarm.acked_post), text.person(alarm.acked_by)))
        return f"{told}　{tr('{who} 已确认', who=' '.join(who) or tr('本机'))}"

    def _responsible(self, sensor: Sensor, alarm: Alarm | None) -> object:
        """Who answers for the grid; the next area above it where nobody is named. His number is
        whole while it may be read."""
        near = chain(self.picture.areas, sensor.area)
        people = (foremost(self.picture.people.get(area.id, ())) for area in near)
        person = next(filter(None, people), None)
        if person is None:
            return tr("没有登记")
        who = f"{named('person_role', person.role)} {text.person(person.name)}　"
        numbers = self.context.numbers
        if alarm and (whole := numbers.whole(person.phone, "alarm", alarm.id, who)):
            return whole
        hint = tr("C 看号码") if alarm and self.context.past is None else ""
        return f"{who}{text.phone(person.phone)}　{hint}"

    def _look_around(self) -> None:
        """Cameras stand still: the nearest one is looked for once."""
        if self._device is not None:
            self._camera = self._nearest_camera(self._device)

    def _nearest_camera(self, sensor: Sensor) -> str:
        cameras = list(self.picture.cameras.values())
        found = _nearest(sensor, [c.lon for c in cameras], [c.lat for c in cameras])
        if found is None:
            return tr("没有登记")
        metres, camera = found[0], cameras[found[1]]
        told = f"{text.plain(camera.name)}　{age.number(metres)} m"
        return told if camera.url else f"{told}　{tr('未接画面，电话问现场')}"

    def _nearest_unit(self, sensor: Sensor) -> str:
        fixes = self.picture.fixes
        found = _nearest(sensor, fixes.lon, fixes.lat)
        if found is None:
            return tr("没有位置")
        metres, at = found[0], Ms(int(fixes.at[found[1]]))
        unit = self.picture.resources.get(fixes.ids[found[1]])
        name = text.plain(unit.name) if unit is not None else ""
        away = tr("直线 {km} km", km=age.number(metres / 1000, 1))
        return f"{name}　{away}　{age.age(self.picture.now, at)}"

    # The course.

    @property
    def _stretch(self) -> codes.Code:
        found = list(rows("course_span").values())
        return found[self._span % len(found)]

    @property
    def _hours(self) -> float:
        return float(self._stretch.facts["hours"])

    def _begin(self) -> None:
        """Another device, or another stretch of the past."""
        self._course, self._asked = None, Ms(0)
        self._read()
        self._show()

    def _read(self) -> None:
        now = self.picture.now
        if not self._key or self.away or 0 <= now - self._asked < EVERY:
            return
        self._asked = now
        key, span = self._key, (Ms(int(now - self._hours * HOUR)), now)
        then = partial(self._take, (key, self._span))
        self.ask(partial(_look, key, span, self._shown_id()), then)

    def _take(self, asked: tuple[str, int], found: Found) -> None:
        course, verification = found
        if asked != (self._key, self._span) or course is None:
            return
        self._found = verification
        fresh = self._device is None
        self._course, self._device = course, course.device
        if fresh:
            self._look_around()
        self._show()

    def _show(self) -> None:
        course = self._course
        self._trend.setVisible(course is not None and len(course.at) > 0)
        if course is not None and len(course.at):
            self._trend.show_day(self._day(course))
        self._tell()

    def _tell(self) -> None:
        if self._key:
            self.say(NORMAL)
        else:
            self.say(EMPTY, tr("选一条告警，看它的过程"))
        self.update()

    def _day(self, course: Course) -> Day:
        hours = (course.at - course.since) / HOUR
        line = list(zip(hours.tolist(), course.value.tolist(), strict=True))
        limits = self._limits(course.device)
        reach = reach_of(limits, course.value[np.isfinite(course.value)].tolist())
        ticks = [self._hours * part / PARTS for part in range(1, PARTS)]
        return Day(
            self._hours, line, (), limits, from_zero=False, hours=self._hours, ticks=ticks,
            reach=reach,
        )  # fmt: skip

    def _limits(self, sensor: Sensor) -> list[Limit]:
        """Those that count there now, by light and mode."""
        now = self.picture.now
        held = modes.in_force(self.picture.modes.values(), [sensor.area], now)
        rules = in_force(self.picture.rule_rows.values(), now).values()
        found = counting(rules, sensor, held.mode if held is not None else "", now)
        return [
            Limit(rule.threshold, rule.severity, not rule.low_bad, rule_words.titled(rule))
            for rule in reversed(found)
            if rule is not None and math.isfinite(rule.threshold)
        ]


def _look(key: str, span: tuple[Ms, Ms], alarm: str, reader: Reader) -> Found:
    """The course of a device, and what was found last of its alarm."""
    return courses.read(reader, key, span), verifying.newest(reader, alarm)


def _draw_fact(paper: Paper, y: float, fact: object, room: float) -> float:
    """A fact in two lines at most, a number that may be read in one; the baseline of the last."""
    ink = Ink("label", "t1")
    if isinstance(fact, text.Whole):
        paper.write(LEAD, y, fact, ink, room=room - LEAD)
        return y
    return paper.paragraph(LEAD, y, fact, ink, room - LEAD, 2)


def _nearest(sensor: Sensor, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[float, int] | None:
    """Metres to the nearest of some places, and which one it is; None where none is known."""
    away = geo.distance(lon, lat, sensor.lon, sensor.lat)
    if not np.isfinite(away).any():
        return None
    at = int(np.nanargmin(away))
    return float(away[at]), at
