"""独居开门: which elder's door was opened when, told at once without a sound, and whom to call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from commandwall.alarms import OPENED, Alarm
from commandwall.areas import Person, chain, foremost
from commandwall.arrays import SensorArrays
from commandwall.clock import Ms
from commandwall.openings import is_door, lately, opened
from commandwall.picture import Changes, Picture, Readings, Tick
from commandwall.sensors import Sensor
from widgets import age, text, words
from widgets.base import Command
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.rows import RowList

WHO, PLACE = 0.58, 0.30
"""Of the width, where whom to call and the place begin."""
Rows = NDArray[np.intp]


class Doors(RowList):
    """The newest first. One of which an alarm stands has its mark; a row opens its card."""

    id, title = "doors", "独居开门"
    kind = Sensor
    shows = frozenset({Sensor, Readings, Alarm, Person, Tick})
    row = 40.0
    tells_rest = True
    _of: SensorArrays | None = None
    _doors: Rows

    def order(self) -> Sequence[str]:
        sensors, rows = self.picture.sensors, self._rows()
        columns = sensors.value[rows], sensors.at[rows], sensors.quality[rows]
        return [sensors.ids[row] for row in rows[lately(*columns, self.picture.now)]]

    def refresh(self, picture: Picture, changes: Changes) -> None:
        super().refresh(picture, changes)
        if self.keys != list(self.order()):
            self.renew()  # nobody acts on a row by its place: the newest stands on top at once
        self.at = picture.ages.get("readings")

    def commands(self) -> list[Command]:
        return [Command("B", tr("下一扇门"), self.next)]

    def next(self) -> None:
        """Choose the next one, after the last the first."""
        if self.keys:
            at = self.keys.index(self.current) + 1 if self.current in self.keys else 0
            self.choose(self.keys[at % len(self.keys)])

    def empty_line(self) -> str:
        return tr("近来没有开门") if len(self._rows()) else tr("没有独居门磁")

    def heading(self) -> str:
        """With how many, also where the list stands in a drawer."""
        return tr("独居开门 {n}", n=age.number(len(self.order())))

    def draw_row(self, paper: Paper, key: str, box: QRectF, chosen: bool) -> None:
        sensors, row = self.picture.sensors, self.picture.sensors.row_of.get(key)
        if row is None:
            return
        device, base, wide = sensors.device(row), box.center().y() + 6, paper.width - 8
        of = self.picture.alarms_of.get(key, ())
        alarm = next((a for a in of if a.cls == OPENED), None)
        if alarm is not None:
            paper.mark(16, box.center().y(), 22, (alarm.severity, alarm.state), False)
        loud = alarm is not None
        paper.write(
            36, base, text.plain(device.name), Ink("body", "t1", loud), room=wide * PLACE - 48
        )
        where = words.place(self.picture, device.area)
        paper.write(wide * PLACE, base, where, Ink("label"), room=wide * (WHO - PLACE) - 12)
        when = opened(sensors.value[row : row + 1], sensors.at[row : row + 1])
        told = age.since(self.picture.now, Ms(int(when[0])))
        room = wide * (1 - WHO) - paper.length(told, Ink("age")) - 16
        paper.write(wide * WHO, base, self._who(device.area), Ink("label", "t1"), room=room)
        paper.write(wide, base, told, Ink("age"), RIGHT)

    def _who(self, area: str) -> str:
        """Who answers for the grid, or for the next area above it where nobody is named."""
        near = chain(self.picture.areas, area)
        people = (foremost(self.picture.people.get(one.id, ())) for one in near)
        person = next(filter(None, people), None)
        if person is None:
            return tr("没有登记")
        role, name = named("person_role", person.role), text.person(person.name)
        return f"{role} {name}　{text.phone(person.phone)}"

    def _rows(self) -> Rows:
        """Rows of the doors; looked for anew where there are other devices."""
        sensors = self.picture.sensors
        if self._of is None or self._of.ids is not sensors.ids:
            numbers = [i for i, cls in enumerate(sensors.classes) if is_door(cls, "h")]
            some = np.flatnonzero(np.isin(sensors.cls_index, numbers)).tolist()
            found = [row for row in some if is_door(*_kind(sensors, row))]
            self._of, self._doors = sensors, np.array(found, np.intp)
        return self._doors


def _kind(sensors: SensorArrays, row: int) -> tuple[str, str]:
    device = sensors.device(row)
    return device.cls, device.unit
