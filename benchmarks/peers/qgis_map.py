"""QGIS: memory layers, its own renderer in parallel, its own labels; run by the system's Python."""

from __future__ import annotations

import json
from typing import Any

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsFeature,
    QgsFillSymbol,
    QgsGeometry,
    QgsLineSymbol,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsPoint,
    QgsPointXY,
    QgsRectangle,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsUnitTypes,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor, QFont

from benchmarks.peers.stopwatch import arguments, measured, told

Data = dict[str, Any]
COLOURS = ("sensor", "s1", "s2", "s3", "s4")
SYMBOLS = {"square": "square", "disc": "circle", "diamond": "diamond", "triangle": "triangle"}
PIXELS = {"size_unit": "Pixel", "outline_width_unit": "Pixel"}


class Map:
    """Layers over each other as in a project; lowest last, as QGIS wants them."""

    def __init__(self, data: Data) -> None:
        self._data, self._look = data, data["look"]
        look = self._look
        self._grids = self._polygons(data["grids"])
        roads = self._lines(data["roads"]["line"], data["roads"]["cls"])
        roads.setRenderer(self._by_kind(
            (line_symbol(look[name], width)
             for name, width in zip(("street", "main", "expressway"), look["road"], strict=True))
        ))  # fmt: skip
        self._tracks = self._lines([*data["units"]["track"]], [0] * len(data["units"]["track"]))
        colour = QColor(look["t2"])
        colour.setAlphaF(0.5)
        soft = line_symbol(colour.name(QColor.HexArgb), look["track"])
        self._tracks.setRenderer(QgsSingleSymbolRenderer(soft))
        self._sensors = self._points(data["sensors"], self._kinds("severity"))
        self._sensors.setRenderer(self._by_kind(
            marker(SYMBOLS[form], look[name], look["sensor_size"])
            for form in look["forms"] for name in COLOURS
        ))  # fmt: skip
        events, self._units = (self._disc(name, tone) for name, tone in
                               (("event", "t2"), ("unit", "t1")))  # fmt: skip
        self.layers = [self._units, self._sensors, events, self._tracks, roads, self._grids]
        self.view = ""

    def _kinds(self, state: str) -> list[int]:
        sensors = self._data["sensors"]
        return [form * 5 + s for form, s in zip(sensors["form"], sensors[state], strict=True)]

    def _disc(self, name: str, tone: str) -> QgsVectorLayer:
        points, look = self._data[f"{name}s"], self._look
        layer = self._points(points, [0] * len(points["x"]))
        symbol = marker("circle", look[tone], look[f"{name}_size"] + look["ring"],
                        look["halo"], look["ring"])  # fmt: skip
        layer.setRenderer(QgsSingleSymbolRenderer(symbol))
        return layer

    def _points(self, points: Data, kinds: list[int]) -> QgsVectorLayer:
        shapes = (
            QgsGeometry(QgsPoint(x, y)) for x, y in zip(points["x"], points["y"], strict=True)
        )
        return layer("Point", shapes, kinds)

    def _lines(self, paths: list[Data], kinds: list[int]) -> QgsVectorLayer:
        shapes = (QgsGeometry.fromPolylineXY(corners(p)) for p in paths)
        return layer("LineString", shapes, kinds)

    def _polygons(self, grids: Data) -> QgsVectorLayer:
        shapes = (QgsGeometry.fromPolygonXY([corners(ring)]) for ring in grids["ring"])
        found, look = layer("Polygon", shapes, grids["shade"], grids["name"]), self._look
        found.setRenderer(self._by_kind(
            QgsFillSymbol.createSimple({
                "color": shade, "outline_color": look["grid"], "outline_width_unit": "Pixel",
                "outline_width": str(look["border"]),
            }) for shade in look["shades"]
        ))  # fmt: skip
        found.setLabeling(QgsVectorLayerSimpleLabeling(self._lettering()))
        found.setLabelsEnabled(True)
        return found

    def _lettering(self) -> QgsPalLayerSettings:
        look, form, halo = self._look, QgsTextFormat(), QgsTextBufferSettings()
        form.setFont(QFont(look["family"]))
        form.setSize(look["font"])
        form.setSizeUnit(QgsUnitTypes.RenderPixels)
        form.setColor(QColor(look["t3"]))
        halo.setEnabled(True)
        halo.setSize(look["font_halo"])
        halo.setSizeUnit(QgsUnitTypes.RenderPixels)
        halo.setColor(QColor(look["halo"]))
        form.setBuffer(halo)
        settings = QgsPalLayerSettings()
        settings.fieldName = "name"
        settings.setFormat(form)
        return settings

    def _by_kind(self, symbols: Any) -> QgsCategorizedSymbolRenderer:
        return QgsCategorizedSymbolRenderer(
            "kind", [QgsRendererCategory(i, symbol, "") for i, symbol in enumerate(symbols)]
        )

    def update(self, i: int) -> None:
        """All values of moment i, written to the layers."""
        state = i % 2
        rewritten(self._sensors, self._kinds(("severity", "next")[state]))
        rewritten(self._grids, self._data["grids"][("shade", "next")[state]])
        shift, units = 60.0 * state, self._data["units"]
        moved = zip(units["x"], units["y"], strict=True)
        self._units.dataProvider().changeGeometryValues(
            {n: QgsGeometry(QgsPoint(x + shift, y + shift)) for n, (x, y) in enumerate(moved, 1)}
        )
        self._tracks.dataProvider().changeGeometryValues({
            n: QgsGeometry.fromPolylineXY(corners(path, shift))
            for n, path in enumerate(units["track"], 1)
        })  # fmt: skip

    def paint(self, view: str, pixels: float = 0.0, closer: float = 1.0) -> Any:
        at, (width, height) = self._data["views"][view], self._data["size"]
        mpp = at["mpp"] / closer
        x, y, w, h = at["x"] + pixels * mpp, at["y"], width / 2 * mpp, height / 2 * mpp
        settings = QgsMapSettings()
        settings.setLayers(self.layers)
        settings.setBackgroundColor(QColor(self._look["outside"]))
        settings.setOutputSize(QSize(width, height))
        settings.setExtent(QgsRectangle(x - w, y - h, x + w, y + h))
        settings.setFlag(QgsMapSettings.Antialiasing, True)
        job = QgsMapRendererParallelJob(settings)
        job.start()
        job.waitForFinished()
        return job.renderedImage()


def layer(kind: str, shapes: Any, kinds: list[int], names: Any = None) -> QgsVectorLayer:
    """A memory layer; features are numbered from 1, and drawn in that order without an index."""
    index = "&index=yes" if kind == "Polygon" else ""
    found = QgsVectorLayer(f"{kind}?field=kind:integer&field=name:string{index}", kind, "memory")
    features = []
    for i, shape in enumerate(shapes):
        feature = QgsFeature()
        feature.setGeometry(shape)
        feature.setAttributes([kinds[i], names[i] if names else ""])
        features.append(feature)
    found.dataProvider().addFeatures(features)
    return found


def rewritten(of: QgsVectorLayer, kinds: list[int]) -> None:
    of.dataProvider().changeAttributeValues({n: {0: kind} for n, kind in enumerate(kinds, 1)})


def corners(path: Data, shift: float = 0.0) -> list[QgsPointXY]:
    return [QgsPointXY(x + shift, y + shift) for x, y in path["xy"]]


def line_symbol(colour: str, width: float) -> QgsLineSymbol:
    tone = QColor(colour)
    return QgsLineSymbol.createSimple({
        "color": f"{tone.red()},{tone.green()},{tone.blue()},{tone.alpha()}",
        "width": str(width), "width_unit": "Pixel", "capstyle": "flat",
    })  # fmt: skip


def marker(name: str, colour: str, size: float, edge: str = "", ring: float = 0) -> QgsMarkerSymbol:
    outline = {"outline_color": edge, "outline_width": str(ring)} if edge else {}
    return QgsMarkerSymbol.createSimple({
        "name": name, "color": colour, "size": str(size), "outline_style": "solid" if edge else
        "no", **PIXELS, **outline,
    })  # fmt: skip


def main() -> None:
    options = arguments(__doc__)
    app = QgsApplication([], False)
    app.initQgis()
    chart, rows = Map(json.loads(options.data.read_text())), {}
    for view in options.views:
        rows[view] = measured(chart, view, options)
        chart.update(0)
        chart.paint(view).save(str(options.pictures / f"qgis-{view}.png"))
    told(rows, Qgis.version())
    del chart
    app.exitQgis()


if __name__ == "__main__":
    main()
