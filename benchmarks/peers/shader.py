"""datashader: everything it can aggregate, stacked into one picture."""

from __future__ import annotations

import json
from typing import Any

import datashader as ds
import datashader.transfer_functions as tf
import geopandas
import numpy as np
import pandas as pd
import shapely

from benchmarks.peers.stopwatch import arguments, measured, told

Data = dict[str, Any]
COLOURS = ("sensor", "s4", "s3", "s2", "s1")
"""By rank: the calm first, so that the greatest rank of a pixel is the worst."""


class Map:
    """The data as frames; a picture is aggregated from them anew each time."""

    def __init__(self, data: Data) -> None:
        self._data, self._look = data, data["look"]
        shapes = [shapely.Polygon(ring["xy"]) for ring in data["grids"]["ring"]]
        self._grids = geopandas.GeoDataFrame({"shade": np.zeros(len(shapes))}, geometry=shapes)
        self._roads = [self._lines(i) for i in range(3)]
        self._events, self._units = frame(data["events"]), frame(data["units"])
        self._sensors = frame(data["sensors"])
        self._pixels = ds.Canvas(1, 1)
        self.update(0)

    def _lines(self, cls: int) -> pd.DataFrame:
        roads = self._data["roads"]
        chosen = [p for p, c in zip(roads["line"], roads["cls"], strict=True) if c == cls]
        return broken(chosen, 0.0)

    def update(self, i: int) -> None:
        """All values of moment i."""
        state, shift = ("severity", "next")[i % 2], 60.0 * (i % 2)
        severity = np.array(self._data["sensors"][state])
        self._sensors["rank"] = np.where(severity == 0, 0, 5 - severity).astype(np.float64)
        self._grids["shade"] = np.array(self._data["grids"][("shade", "next")[i % 2]], np.float64)
        self._tracks = broken(self._data["units"]["track"], shift)
        self._moved = self._units + shift

    def _look_at(self, name: str, pixels: float, closer: float) -> None:
        view, (width, height) = self._data["views"][name], self._data["size"]
        mpp = view["mpp"] / closer
        x, y, w, h = view["x"] + pixels * mpp, view["y"], width / 2 * mpp, height / 2 * mpp
        self._pixels = ds.Canvas(width, height, (x - w, x + w), (y - h, y + h))

    def paint(self, view: str, pixels: float = 0.0, closer: float = 1.0) -> Any:
        look = self._look
        self._look_at(view, pixels, closer)
        land = self._pixels.polygons(self._grids, "geometry", agg=ds.mean("shade"))
        steps = [
            tf.shade(land, cmap=look["shades"], how="linear", span=(0, len(look["shades"]) - 1))
        ]
        for line, name in zip(self._roads, ("street", "main", "expressway"), strict=True):
            steps.append(self._drawn_line(line, look[name]))
        steps.append(self._drawn_line(self._tracks, look["t2"]))
        steps.append(self._discs(self._events, "event", "t2"))
        rank = self._pixels.points(self._sensors, "x", "y", agg=ds.max("rank"))
        worst = tf.spread(rank, px=3, shape="square", how="max")
        cmap = [look[name] for name in COLOURS]
        steps.append(tf.shade(worst, cmap=cmap, how="linear", span=(0, 4)))
        steps.append(self._discs(self._moved, "unit", "t1"))
        return tf.set_background(tf.stack(*steps), look["outside"])

    def _drawn_line(self, line: pd.DataFrame, colour: str) -> Any:
        return tf.shade(self._pixels.line(line, "x", "y", agg=ds.any()), cmap=[colour])

    def _discs(self, points: pd.DataFrame, name: str, colour: str) -> Any:
        found = tf.shade(
            self._pixels.points(points, "x", "y", agg=ds.any()), cmap=[self._look[colour]]
        )
        return tf.spread(found, px=round(self._look[f"{name}_size"] / 2), shape="circle")


def frame(points: Data) -> pd.DataFrame:
    return pd.DataFrame({"x": points["x"], "y": points["y"]})


def broken(paths: list[Data], shift: float) -> pd.DataFrame:
    """Lines one after another, with a gap behind each."""
    gap = np.full((1, 2), np.nan)
    xy = np.concatenate([part for p in paths for part in (np.array(p["xy"]) + shift, gap)])
    return pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1]})


def main() -> None:
    options = arguments(__doc__)
    chart, rows = Map(json.loads(options.data.read_text())), {}
    for view in options.views:
        rows[view] = measured(chart, view, options)
        chart.update(0)
        chart.paint(view).to_pil().convert("RGB").save(options.pictures / f"datashader-{view}.png")
    told(rows, ds.__version__)


if __name__ == "__main__":
    main()
