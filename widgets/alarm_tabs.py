"""The lists of the alarm desk beside that of what calls: their columns, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF

from commandwall.alarm_life import DSUPR, STALE
from commandwall.alarm_lists import BadActor, Lists
from commandwall.alarms import Alarm, is_forgotten, of_device
from commandwall.clock import Ms
from commandwall.picture import Picture
from widgets import age, words
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.text import person, plain

ACTIVE, STANDING, SILENT, PUT_ASIDE, SUPPRESSED, BAD = range(6)
NAMES = ("在报", "长期", "设备失联", "搁置停用", "被抑制", "坏点")
EMPTY = (
    "没有告警", "没有长期在报的告警", "没有失联的设备", "没有搁置或停用的告警",
    "没有被上级设备压住的告警", "近几日没有反复告警的设备",
)  # fmt: skip
LEFT, GAP = 56.0, 16.0
"""Where the first words begin, and the room between two columns."""
MAIN = ("已持续", "末次听到", "还有", "报警次数")
"""What each list is looked at for, beside what it is of."""
Columns = tuple[tuple[str, float, float], ...]
"""Name, place as a share of the width behind the mark, side."""
COLUMNS: Mapping[int, Columns] = {
    STANDING: (("告警", 0, 0), ("设备", 0.20, 0), ("地点", 0.42, 0), ("状态", 0.64, 0),
               ("起于", 0.88, RIGHT), ("已持续", 1, RIGHT)),
    SILENT: (("设备", 0, 0), ("地点", 0.40, 0), ("末次读数", 0.84, RIGHT), ("末次听到", 1, RIGHT)),
    PUT_ASIDE: (("告警", 0, 0), ("地点", 0.20, 0), ("状态", 0.42, 0), ("缘由", 0.51, 0),
                ("何人", 0.72, 0), ("至", 0.90, RIGHT), ("还有", 1, RIGHT)),
    SUPPRESSED: (("告警", 0, 0), ("设备", 0.16, 0), ("地点", 0.40, 0), ("被谁压住", 0.62, 0),
                 ("起于", 1, RIGHT)),
    BAD: (("设备", 0, 0), ("地点", 0.30, 0), ("末次告警", 0.48, 0), ("状态", 0.62, 0),
          ("报警次数", 0.80, RIGHT), ("未了又来", 0.90, RIGHT), ("末次", 1, RIGHT)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """What a row stands for, and where the rest of it is looked up."""

    alarm: Alarm
    picture: Picture
    actor: BadActor | None = None
    chatters: bool = False

    @property
    def now(self) -> Ms:
        return self.picture.now


def listed(lists: Lists, tab: int) -> Sequence[Alarm]:
    """The alarms of one of the lists that come from the picture."""
    by_tab = {
        STANDING: lists.standing,
        SILENT: lists.silent,
        PUT_ASIDE: lists.aside,
        SUPPRESSED: lists.suppressed,
    }
    return by_tab.get(tab, ())


def titles(lists: Lists, bad: int | None) -> list[str]:
    """在报 12, 长期 3...; — where nobody knows yet."""
    counts = [len(lists.active), *(len(listed(lists, tab)) for tab in range(1, BAD)), bad]
    return [f"{tr(name)} {age.number(n)}" for name, n in zip(NAMES, counts, strict=True)]


def columns(tab: int, width: float) -> list[tuple[str, float, float]]:
    """Name, place in design pixels, side."""
    wide = width - LEFT - 8
    return [("级", 14, 0.0), *((name, LEFT + wide * at, side) for name, at, side in COLUMNS[tab])]


def draw_row(paper: Paper, tab: int, line: Line, box: QRectF) -> None:
    """The mark, then what the columns of this list say."""
    alarm, base = line.alarm, box.center().y() + 6
    state = STALE if alarm.state == DSUPR else alarm.state
    paper.mark(24, box.center().y(), 26, (alarm.severity, state), False)
    places = columns(tab, paper.width)[1:]
    end = paper.width
    for name, at, side in reversed(places):
        told = _CELLS[name](line)
        ink = Ink("body", "t1") if at == LEFT or name in MAIN else Ink("label", "t2")
        if side == RIGHT:
            end = at - max(paper.length(told, ink), paper.length(tr(name), Ink("head")))
            paper.write(at, base, told, ink, RIGHT)
        else:
            paper.write(at, base, told, ink, room=max(0.0, end - at - GAP))
            end = at


def device(picture: Picture, sensor: str) -> str:
    """石塘镇三号泵站水位: the name of a device, and its id where it has none."""
    row = picture.sensors.row_of.get(sensor)
    return plain(picture.sensors.device(row).name if row is not None else "") or plain(sensor)


def _device(line: Line) -> str:
    name = device(line.picture, line.alarm.sensor)
    row = line.picture.sensors.row_of.get(line.alarm.sensor)
    if row is None or not of_device(line.alarm):
        return name
    cls = named("sensor_class", line.picture.sensors.device(row).cls)
    return f"{cls}　{name}"


def _state(line: Line) -> str:
    told = named("alarm_state", line.alarm.state)
    told = tr("{state}，再看一次", state=told) if is_forgotten(line.alarm, line.now) else told
    return tr("{a}，{b}", a=told, b=tr("抖动")) if line.chatters else told


def _newest(line: Line) -> str:
    sensors = line.picture.sensors
    row = sensors.row_of.get(line.alarm.sensor)
    if row is None:
        return age.UNKNOWN
    return age.measure(float(sensors.value[row]), sensors.device(row).unit, 1)


def _heard(line: Line) -> str:
    sensors = line.picture.sensors
    row = sensors.row_of.get(line.alarm.sensor)
    at = int(sensors.at[row]) if row is not None else 0
    return age.since(line.now, Ms(at or line.alarm.raised_at))


def _why(line: Line) -> str:
    order, reason = plain(line.alarm.work_order), plain(line.alarm.reason)
    return tr("{a}，{b}", a=order, b=reason) if order and reason else order or reason


_CELLS: Mapping[str, Callable[[Line], str]] = {
    "告警": lambda line: words.alarm_title(line.alarm),
    "末次告警": lambda line: words.alarm_title(line.alarm),
    "设备": _device,
    "地点": lambda line: words.place(line.picture, line.alarm.area),
    "状态": _state,
    "起于": lambda line: age.stamp(line.now, line.alarm.raised_at),
    "已持续": lambda line: age.span(max(0, line.now - line.alarm.raised_at)),
    "末次读数": _newest,
    "末次听到": _heard,
    "缘由": _why,
    "何人": lambda line: person(line.alarm.put_by),
    "至": lambda line: age.stamp(line.now, line.alarm.until),
    "还有": lambda line: age.span(max(0, (line.alarm.until or line.now) - line.now)),
    "被谁压住": lambda line: device(line.picture, line.alarm.put_by),
    "报警次数": lambda line: age.number(line.actor.raised if line.actor else 0),
    "未了又来": lambda line: age.number(line.actor.again if line.actor else 0),
    "末次": lambda line: age.since(line.now, line.alarm.raised_at),
}
