"""The alarm list: what devices say is wrong, the worst first; one key acknowledges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF

from commandwall import alarms
from commandwall.alarms import RTNUN, UNACK, Alarm, of_device
from commandwall.picture import Changes, Picture, Readings, Tick
from widgets import age, marks, words
from widgets.base import Command
from widgets.i18n import measured_in, named, tr
from widgets.opening import ask_opening, from_alarm
from widgets.paper import RIGHT, Ink, Paper
from widgets.rows import RowList
from widgets.top_row import TopRow
from widgets.trust import is_silent


class AlarmList(RowList):
    """Unacknowledged before acknowledged, worst first, then newest."""

    id = "alarm_list"
    title = "告警"
    kind = Alarm
    shows = frozenset({Alarm, Readings, Tick})
    row = 56.0
    head = 28.0

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._said, self._top = "", TopRow(self.context.seconds)

    def order(self) -> Sequence[str]:
        found = self.picture.alarms.values()
        return [a.id for a in sorted(found, key=lambda a: (a.state not in (UNACK, RTNUN),
                                                           a.severity, -a.raised_at))]  # fmt: skip

    def refresh(self, picture: Picture, changes: Changes) -> None:
        before = self.current
        super().refresh(picture, changes)
        self._top.see(before or next(iter(self.keys), ""))
        self._top.see(self.current or next(iter(self.keys), ""))
        self.at = picture.ages.get("readings")

    def commands(self) -> list[Command]:
        return [
            *super().commands(),
            Command("Space", tr("确认"), self.acknowledge),
            Command("E", tr("转突发"), self.open_incident),
            Command("L", tr("定位"), self.locate),
        ]

    def acknowledge(self) -> None:
        """Acknowledge the chosen alarm; the worst one where none is chosen, unless it took
        another's place just now."""
        key = self.current or next(iter(self.keys), "")
        if key and not self.current and self._top.new:
            self.refused(tr("最上一条刚换，看过再按"))
        elif key:
            self._said = ""
            self.do(alarms.acknowledge, alarm=key)

    def open_incident(self) -> None:
        """Make an incident of the chosen alarm; of the worst one where none is chosen."""
        alarm = self.picture.alarms.get(self.current or next(iter(self.keys), ""))
        if alarm is not None:
            ask_opening(self, from_alarm(alarm, self.picture))

    def locate(self) -> None:
        """Bring the chosen alarm to the middle of the map."""
        alarm = self.picture.alarms.get(self.current)
        if alarm is not None and self.context.map is not None:
            self.context.map.look_at(alarm.lon, alarm.lat)

    def choose(self, key: str) -> None:
        self._said = ""
        super().choose(key)

    def refused(self, why: str) -> None:
        self._said = why
        self.update()

    def empty_line(self) -> str:
        return tr("没有告警")

    def aside(self) -> list[tuple[object, Ink]]:
        waiting = sum(a.state in (UNACK, RTNUN) for a in self.picture.alarms.values())
        line = tr("未确认 {n}　在警 {all}", n=waiting, all=len(self.picture.alarms))
        return [(self._said or line, Ink("age", "t1" if self._said else "t2"))]

    def draw_head(self, paper: Paper, base: float) -> None:
        for word, at, side in self._columns(paper.width):
            paper.write(at, base, tr(word), Ink("head"), side)

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        alarm = self.picture.alarms.get(key)
        if alarm is None:
            return
        now, waits = self.picture.now, alarm.state in (UNACK, RTNUN)
        ink = Ink("item" if alarm.severity == 1 else "body", "t1" if waits else "t2", waits)
        base, columns = box.center().y() + 6, {w: x for w, x, _ in self._columns(paper.width)}
        silent = is_silent(alarm, self.picture, self.context.trust)
        state = marks.STALE if silent else alarm.state
        lit = self.context.blinker.lit(alarm.severity, self.context.seconds())
        paper.mark(24, box.center().y(), 26, (alarm.severity, state), lit)
        room = columns["地点"] - columns["告警"] - 16
        paper.write(columns["告警"], base, self.title_of(alarm), ink, room=room)
        place = columns["状态"] - columns["地点"] - 16
        paper.write(
            columns["地点"], base, words.place(self.picture, alarm.area), Ink("label"), room=place
        )
        told = named("alarm_state", alarm.state)
        told = tr("失联，原{state}", state=told) if silent else told
        paper.write(columns["状态"], base, told, Ink("label"), room=150)
        paper.write(paper.width - 120, base, age.clock(alarm.raised_at), Ink("label", "t3"), RIGHT)
        paper.write(paper.width - 8, base, age.age(now, self._read_at(alarm)), Ink("age"), RIGHT)

    def title_of(self, alarm: Alarm) -> str:
        """燃气 27 %LEL: the class and the newest value; of a fault its name alone."""
        if of_device(alarm):
            return named("device_fault", alarm.cls)
        row = self.picture.sensors.row_of.get(alarm.sensor)
        value = alarm.value if row is None else float(self.picture.sensors.value[row])
        return (
            f"{named('sensor_class', alarm.cls)} {age.measure(value, measured_in(alarm.unit), 1)}"
        )

    def _read_at(self, alarm: Alarm) -> int:
        row = self.picture.sensors.row_of.get(alarm.sensor)
        return alarm.changed_at if row is None else int(self.picture.sensors.at[row])

    def _columns(self, width: float) -> list[tuple[str, float, float]]:
        title = 56.0
        return [
            ("级", 14, 0.0), ("告警", title, 0.0), ("地点", title + (width - title) * 0.30, 0.0),
            ("状态", title + (width - title) * 0.62, 0.0), ("起于", width - 120, RIGHT),
            ("最新", width - 8, RIGHT),
        ]  # fmt: skip
