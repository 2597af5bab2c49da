"""Drawing the area of effect of an incident: its measures in a sheet, its corners on the map."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from PySide6.QtWidgets import QComboBox, QSpinBox

from commandwall import codes, extents
from commandwall.clock import Ms
from commandwall.extents import CIRCLE, PLUME, POLYGON, ROAD, SHORE, Drawn, Extent
from commandwall.incidents import Incident
from widgets import age, winds
from widgets.base import Panel
from widgets.fields import Field, choice, number
from widgets.i18n import language, named, rows, tr
from widgets.sheet import Answers, Sheet
from widgets.text import plain
from widgets.winds import Reading

AROUND = (CIRCLE, PLUME)
"""Shapes around a middle; the others are drawn by clicks."""
WINDS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
"""Where the wind comes from, each 45 degrees further clockwise."""
FARTHEST_M, STEP_M, STRONGEST = 50_000, 50, 60
UNKNOWN = -1
"""What the field of the wind's speed holds while nobody has told it."""


class Drawing:
    """`said` is what to tell beside the map; what was set in this sitting can be undone."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._incident: Incident | None = None
        self._told: Answers = {}
        self._points: list[tuple[float, float]] = []
        self._before: list[tuple[str, Drawn | None]] = []
        self.failed = ""
        if panel.context.map is not None:
            panel.context.map.pointed.connect(self._follow)

    @property
    def said(self) -> str:
        view = self._panel.context.map
        if view is not None and view.aims(self._move_to):
            return tr("点地图取新的中心，Esc 放弃")
        if not self.drawing:
            return self.failed
        if self._told["shape"] == POLYGON:
            return tr("点地图画多边形，再按 A 完成，Ctrl Z 退一点，Esc 放弃")
        return tr("点地图取起点和终点，Esc 放弃")

    @property
    def drawing(self) -> bool:
        view = self._panel.context.map
        return view is not None and view.aims(self._corner)

    def begin(self, incident: Incident) -> None:
        """Ask for the shape and its measures; finish the polygon that is being drawn."""
        if self.drawing:
            self._finish()
            return
        self._incident, self.failed = incident, ""
        now = self._panel.picture.extents.get(incident.id)
        picture = self._panel.picture
        wind = winds.near(picture.sensors, incident.lon, incident.lat)
        sheet = Sheet(self._panel.look, tr("划定影响范围"), "划定", _fields(now, wind),
                      self._panel.window())  # fmt: skip
        heard = _heard(wind, picture.now)
        sheet.telling(lambda told: _told(told, heard))
        self._panel.context.over(sheet.then(self._start))

    def move(self, incident: Incident) -> None:
        """Bring the area of effect to the next click."""
        view, now = self._panel.context.map, self._panel.picture.extents.get(incident.id)
        drawn = extents.drawn_as(now) if now is not None else None
        if view is None or drawn is None or drawn.shape not in AROUND:
            self.failed = tr("只有圆和扇区可以移动，按 A 重划")
        else:
            self._incident, self.failed = incident, ""
            view.aim(self._move_to)
            view.setFocus()
        self._panel.update()

    def undo(self) -> None:
        """Take the last corner back; where nothing is being drawn, the last area that was set."""
        if self.drawing:
            del self._points[-1:]
            self._show()
        elif self._before:
            incident, drawn = self._before.pop()
            self._panel.do(extents.set_extent, incident=incident, drawn=drawn)

    def _start(self, told: Answers) -> Future[Any] | None:
        view, incident = self._panel.context.map, self._incident
        if view is None or incident is None:
            return None
        self._told, self._points = told, []
        self._panel.update()
        if told["shape"] == "":
            return self._set(None)
        if told["shape"] in AROUND:
            return self._set(self._drawn(((incident.lon, incident.lat),)))
        view.aim(self._corner, once=False)
        view.setFocus()  # so that Esc reaches it
        return None

    def _drawn(self, points: tuple[tuple[float, float], ...]) -> Drawn:
        told = self._told
        if told["shape"] == PLUME:
            toward = None if told["from"] is None else extents.downwind(float(told["from"]))
            speed = None if told["wind"] == UNKNOWN else float(told["wind"])
            return Drawn(PLUME, points, float(told["size"]), toward, speed)
        size = 0.0 if told["shape"] == POLYGON else float(told["size"])
        return Drawn(str(told["shape"]), points, size)

    def _corner(self, lon: float, lat: float) -> None:
        self._points.append((lon, lat))
        self._show()
        if self._told["shape"] != POLYGON and len(self._points) == 2:
            self._finish()

    def _finish(self) -> None:
        view, points = self._panel.context.map, tuple(self._points)
        if view is not None:
            view.aim(None)
        shape, picture = self._told["shape"], self._panel.picture
        if shape == ROAD:
            roads = list(picture.roads.values())
            self._panel.ask(lambda reader: extents.along_road(roads, *points), self._along)
        elif shape == SHORE:
            waters = [f.geom for f in picture.features.values() if f.kind == "water"]
            self._panel.ask(lambda reader: extents.along_shore(waters, *points), self._along)
        else:
            self._set(self._drawn(points))

    def _along(self, line: tuple[tuple[float, float], ...]) -> None:
        self._set(self._drawn(line))

    def _set(self, drawn: Drawn | None) -> Future[Any] | None:
        if self._incident is None:
            return None
        now = self._panel.picture.extents.get(self._incident.id)
        before = self._incident.id, extents.drawn_as(now) if now is not None else None
        return self._panel.do(extents.set_extent, partial(self._done, before),
                              incident=self._incident.id, drawn=drawn)  # fmt: skip

    def _done(self, before: tuple[str, Drawn | None], done: Any) -> None:
        self._before.append(before)

    def _move_to(self, lon: float, lat: float) -> None:
        now = self._panel.picture.extents.get(self._incident.id) if self._incident else None
        drawn = extents.drawn_as(now) if now is not None else None
        if drawn is not None:
            self._set(Drawn(drawn.shape, ((lon, lat),), drawn.size_m, drawn.toward, drawn.wind))

    def _follow(self, lon: float, lat: float) -> None:
        """The line goes on to the pointer."""
        if self.drawing and self._points:
            self._show((lon, lat))

    def _show(self, *more: tuple[float, float]) -> None:
        view = self._panel.context.map
        if view is not None:
            view.sketch([*self._points, *more])
        self._panel.update()


def measured(extent: Extent | None, incident: Incident) -> str:
    """圆 300 m: how the area was drawn; 警戒 300 m where it is the cordon's."""
    if extent is None or not extent.shape:
        radius = f"{incident.radius_m:,.0f} m"
        return tr("警戒 {length}", length=radius) if incident.radius_m else ""
    size = f"{extent.size_m:,.0f} m" if extent.size_m else ""
    return " ".join(filter(None, (named("extent_shape", extent.shape), size)))


def _fields(now: Extent | None, heard: Mapping[str, Reading]) -> dict[str, tuple[str, Field]]:
    """They begin with what was drawn before; the wind else with what is read nearest."""
    known = rows("extent_shape").items()
    shapes = {k: c.name(language()) for k, c in known if k in extents.BY_HAND}
    if now is not None and now.shape:
        shapes[""] = tr("取消范围")
    shape, size = choice(shapes), number(FARTHEST_M, STEP_M, "m")
    wind, come = _wind_fields(heard)
    before = extents.drawn_as(now) if now is not None else None
    reach = before.size_m if before is not None else 0.0
    size.setValue(round(reach) if 0 < reach <= FARTHEST_M else round(codes.limit("extent_m")))
    if before is not None and before.shape in shapes:
        shape.setCurrentIndex(list(shapes).index(before.shape))
    if before is not None and extents.blows(before):
        come.setCurrentIndex(come.findData(_nearest(extents.downwind(before.toward or 0.0))))
        wind.setValue(round(before.wind or 0.0))
    return {
        "shape": (tr("形状"), shape), "size": (tr("半径、下风距离或两侧宽"), size),
        "from": (tr("风从何方来"), come), "wind": (tr("风速"), wind),
    }  # fmt: skip


def _wind_fields(heard: Mapping[str, Reading]) -> tuple[QSpinBox, QComboBox]:
    """Speed and direction as they are read nearest, else untold. Of a speed the whole metres: a
    slower wind makes a wider sector."""
    wind = number(STRONGEST, 1, "m/s")
    wind.setMinimum(UNKNOWN)
    wind.setSpecialValueText(tr("未填"))
    come = choice({None: tr("未填"), **{45 * n: tr(name) for n, name in enumerate(WINDS)}})
    speed, direction = heard.get(winds.SPEED), heard.get(winds.FROM)
    wind.setValue(UNKNOWN if speed is None else int(speed.value))
    if direction is not None:
        come.setCurrentIndex(come.findData(_nearest(direction.value)))
    return wind, come


def _nearest(degrees: float) -> int:
    """The direction of `WINDS` that is nearest to one, as degrees."""
    return round(degrees / 45) % len(WINDS) * 45


def _heard(wind: Mapping[str, Reading], now: Ms) -> str:
    """Which stations tell the wind: what each says, how old, how far away; that none does."""
    told = [
        tr("{station} {value}，{age}，距 {metres} m", station=plain(r.station.name, 40),
           value=age.measure(r.value, r.station.unit, 1), age=age.age(now, r.at),
           metres=f"{r.metres:,.0f}")
        for r in wind.values()
    ]  # fmt: skip
    if not wind:
        told.append(tr("没有风的读数，风向风速须自己填"))
    elif winds.FROM not in wind:
        told.append(tr("没有风向的读数，须自己填"))
    elif winds.SPEED not in wind:
        told.append(tr("没有风速的读数，须自己填"))
    return tr("；").join(told)


def _told(told: Answers, heard: str) -> str:
    if told["shape"] == PLUME:
        return tr(
            "{heard}。扇区为估算，不是扩散模型：源点圆加下风扇形，风越小角越大，静风为圆",
            heard=heard,
        )
    if told["shape"] in (ROAD, SHORE):
        return tr("随后在图上点起点和终点")
    return tr("随后在图上逐点画") if told["shape"] == POLYGON else ""
