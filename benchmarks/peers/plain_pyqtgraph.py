"""pyqtgraph as its manual has it: one ScatterPlotItem, PlotCurveItems, TextItems; no OpenGL.

`--page smooth` draws lines and marks antialiased, as all others do; without it, as it comes.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyqtgraph as pg
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from benchmarks.peers.stopwatch import arguments, measured, told

Data = dict[str, Any]
COLOURS = ("sensor", "s1", "s2", "s3", "s4")
SYMBOLS = {"square": "s", "disc": "o", "diamond": "d", "triangle": "t1"}


class Map:
    """A PlotWidget without axes that shows the data."""

    def __init__(self, data: Data, smooth: bool) -> None:
        self._data, self._look = data, data["look"]
        pg.setConfigOptions(antialias=smooth, background=self._look["outside"])
        self.widget = pg.PlotWidget()
        self.widget.resize(*data["size"])
        self.widget.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self._plot = self.widget.getPlotItem()
        self._plot.hideAxis("left")
        self._plot.hideAxis("bottom")
        self._plot.hideButtons()
        self._plot.layout.setContentsMargins(0, 0, 0, 0)
        self._plot.getViewBox().setDefaultPadding(0)
        self._brushes = [pg.mkBrush(self._look[name]) for name in COLOURS]
        self._fill(data)

    def _fill(self, data: Data) -> None:
        self._grids = self._polygons(data["grids"])
        self._shade("shade")
        self._roads(data["roads"])
        colour = QtGui.QColor(self._look["t2"])
        colour.setAlphaF(0.5)
        self._tracks = pg.PlotCurveItem(pen=pg.mkPen(colour, width=self._look["track"]))
        self._plot.addItem(self._tracks)
        self._events = self._discs(data["events"], "event", "t2")
        self._sensors = pg.ScatterPlotItem(size=self._look["sensor_size"], pen=None)
        self._plot.addItem(self._sensors)
        self._units = self._discs(data["units"], "unit", "t1")
        self._names = [self._name(i) for i in range(len(data["grids"]["name"]))]
        self.update(0)

    def _polygons(self, grids: Data) -> list[QtWidgets.QGraphicsPolygonItem]:
        pen, found = pg.mkPen(self._look["grid"], width=self._look["border"]), []
        for ring in grids["ring"]:
            shape = QtGui.QPolygonF([QtCore.QPointF(x, y) for x, y in ring["xy"]])
            item = QtWidgets.QGraphicsPolygonItem(shape)
            item.setPen(pen)
            self._plot.addItem(item)
            found.append(item)
        return found

    def _shade(self, state: str) -> None:
        brushes = [pg.mkBrush(colour) for colour in self._look["shades"]]
        for item, shade in zip(self._grids, self._data["grids"][state], strict=True):
            item.setBrush(brushes[shade])

    def _roads(self, roads: Data) -> None:
        for i, (name, width) in enumerate(
            zip(("street", "main", "expressway"), self._look["road"], strict=True)
        ):
            lines = [p for p, cls in zip(roads["line"], roads["cls"], strict=True) if cls == i]
            curve = pg.PlotCurveItem(pen=pg.mkPen(self._look[name], width=width))
            curve.setData(**joined(lines, 0.0))
            self._plot.addItem(curve)

    def _discs(self, points: Data, name: str, colour: str) -> pg.ScatterPlotItem:
        item = pg.ScatterPlotItem(
            points["x"], points["y"], symbol="o", brush=self._look[colour],
            size=self._look[f"{name}_size"], pen=pg.mkPen(self._look["halo"], width=2),
        )  # fmt: skip
        self._plot.addItem(item)
        return item

    def _name(self, i: int) -> pg.TextItem:
        grids = self._data["grids"]
        item = pg.TextItem(grids["name"][i], color=self._look["t3"], anchor=(0.5, 0.5))
        font = QtGui.QFont(self._look["family"])
        font.setPixelSize(self._look["font"])
        item.setFont(font)
        item.setPos(grids["x"][i], grids["y"][i])
        item.setVisible(False)
        self._plot.addItem(item)
        return item

    def update(self, i: int) -> None:
        """All values of moment i: colours of sensors and grids, units and tracks."""
        sensors, units = self._data["sensors"], self._data["units"]
        severity = sensors[("severity", "next")[i % 2]]
        self._sensors.setData(
            x=sensors["x"], y=sensors["y"], brush=[self._brushes[s] for s in severity],
            symbol=[SYMBOLS[self._look["forms"][form]] for form in sensors["form"]],
        )  # fmt: skip
        self._shade(("shade", "next")[i % 2])
        shift = 60.0 * (i % 2)
        self._tracks.setData(**joined(units["track"], shift))
        self._units.setData(x=np.add(units["x"], shift), y=np.add(units["y"], shift))

    def paint(self, view: str, pixels: float = 0.0, closer: float = 1.0) -> None:
        at, (width, height) = self._data["views"][view], self._data["size"]
        mpp = at["mpp"] / closer
        x, y = at["x"] + pixels * mpp, at["y"]
        half_w, half_h = width / 2 * mpp, height / 2 * mpp
        self._plot.setRange(
            xRange=(x - half_w, x + half_w), yRange=(y - half_h, y + half_h), padding=0
        )
        self.widget.viewport().repaint()

    def names(self, view: str) -> None:
        """Only the names that stand clear of each other."""
        shown = set(self._data["views"][view]["labels"])
        for i, item in enumerate(self._names):
            item.setVisible(i in shown)


def joined(paths: list[Data], shift: float) -> Data:
    """Many lines as the arguments of one curve."""
    parts = [np.array(path["xy"]) + shift for path in paths]
    connect = np.ones(sum(map(len, parts)), np.int32)
    connect[np.cumsum([len(part) for part in parts]) - 1] = 0
    xy = np.concatenate(parts)
    return {"x": xy[:, 0], "y": xy[:, 1], "connect": connect}


def main() -> None:
    options, app = arguments(__doc__), pg.mkQApp()
    chart, rows = Map(json.loads(options.data.read_text()), options.page == "smooth"), {}
    chart.widget.show()
    for view in options.views:
        chart.paint(view)
        chart.names(view)
        app.processEvents()
        rows[view] = measured(chart, view, options)
        chart.update(0)
        chart.paint(view)
        app.processEvents()
        chart.widget.grab().save(str(options.pictures / f"pyqtgraph{options.page}-{view}.png"))
    told(rows, pg.__version__)


if __name__ == "__main__":
    main()
