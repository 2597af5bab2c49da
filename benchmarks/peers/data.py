"""One data set for all maps: the demo city of full size, written once.

`city.json` is what every peer reads; `records.pickle` has the same records for our own layers.
Degrees are WGS-84; x and y are metres east and north of the city's own point.
"""

from __future__ import annotations

import json
import math
import pickle
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from benchmarks.demo_picture import NOW
from commandwall.areas import GRID, Area, Building, Camera, Feature, Place, Road
from commandwall.clock import DAY, Ms
from commandwall.geo import Plane
from commandwall.pool.demo.city import City, generate
from commandwall.pool.demo.rhythm import days_between
from commandwall.resources import Resource
from commandwall.sensors import Sensor
from layers import geometry
from layers.roads import CLASSES
from layers.style import CITY, Style
from layers.tint import mix
from layers.viewport import Viewport

SIZE = (1920, 1080)
EVENTS, SEGMENTS, TRACK = 20_000, 50_000, 60
ROW, FEWER = 200.0, 8
SHADES = 8
SEVERITIES = (0.9, 0.01, 0.02, 0.03, 0.04)
"""Share of the sensors that is calm (0) and of severity 1 (worst) .. 4."""
CLOSER = 6.0
"""How much closer the view of a district is."""
FORMS = ("square", "disc", "diamond", "triangle")
"""The shape of a sensor, by its class."""
COLOURS = (
    "outside", "land", "grid", "street", "main", "expressway", "sensor", "s1", "s2", "s3", "s4",
    "t1", "t2", "t3", "halo",
)  # fmt: skip
Array = NDArray[Any]


def prepare(folder: Path, seed: int = 1) -> Path:
    """city.json in the folder; made in half a minute where it is not there yet."""
    path = folder / "city.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        city = generate(seed, "city", now=NOW)
        events = _events(city)
        kinds = (Area, Building, Camera, Feature, Place, Road, Resource, Sensor)
        records = {kind: city.of(kind) for kind in kinds} | {"events": events}
        with (folder / "records.pickle").open("wb") as file:
            pickle.dump((city.name, records), file, pickle.HIGHEST_PROTOCOL)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(_city(city, events, seed), ensure_ascii=False))
        part.replace(path)
    return path


def thinned(path: Path) -> Path:
    """Every FEWER-th of everything, for a run that only shows that all peers still draw."""
    small = path.with_name("city-small.json")
    if not small.exists() or small.stat().st_mtime < path.stat().st_mtime:
        data = json.loads(path.read_text())
        for kind in ("grids", "roads", "sensors", "events", "units"):
            data[kind] = {name: column[::FEWER] for name, column in data[kind].items()}
        for view in data["views"].values():
            view["labels"] = [i // FEWER for i in view["labels"] if i % FEWER == 0]
        small.write_text(json.dumps(data, ensure_ascii=False))
    return small


def _events(city: City) -> list[Any]:
    """The newest events that have a place."""
    days = reversed(days_between(Ms(NOW - 60 * DAY), NOW))
    placed = (e for day in days for e in city.book.day(day, NOW) if e.lon is not None)
    found = list(islice((e for e in placed if e.placed == "point"), EVENTS))
    return sorted(found, key=lambda e: (-e.lat // 0.002, e.lon))


def _city(city: City, events: list[Any], seed: int) -> dict[str, Any]:
    top = next(a for a in city.of(Area) if a.level == 0)
    plane, rng = Plane(top.lon, top.lat), np.random.default_rng(seed)
    grids = _grids([a for a in city.of(Area) if a.level == GRID], plane, rng)
    views = _views(grids, city.of(Area), plane)
    for view in views.values():
        view["labels"] = _free(grids, view)
    return {
        "size": SIZE, "look": _look(), "views": views, "grids": grids,
        "roads": _roads(city.of(Road), plane), "sensors": _sensors(city.of(Sensor), plane, rng),
        "events": _points([(e.lon, e.lat) for e in events], plane),
        "units": _units(city.of(Resource), plane, rng),
    }  # fmt: skip


def _look() -> dict[str, Any]:
    style = Style()
    shades = [f"#{mix(style, 'land', 'high', i / (SHADES - 1)) & 0xFFFFFF:06x}" for i in
              range(SHADES)]  # fmt: skip
    return {
        **{name: style.colours[name] for name in COLOURS}, "shades": shades, "forms": FORMS,
        "road": [style.map["line"][name]["width"][CITY] for name in CLASSES], "border": 1.0,
        "track": 1.5, "sensor_size": 7.0, "event_size": 8.0, "unit_size": 14.0, "ring": 1.5,
        "font": 16, "font_halo": 2, "family": "Noto Sans CJK SC",
    }  # fmt: skip


def _round(values: Array, digits: int) -> list[Any]:
    return np.round(np.asarray(values, np.float64), digits).tolist()


def _points(degrees: list[tuple[float, float]], plane: Plane) -> dict[str, Any]:
    lon, lat = np.array(degrees, np.float64).T
    x, y = plane.forward(lon, lat)
    return {"lon": _round(lon, 6), "lat": _round(lat, 6), "x": _round(x, 1), "y": _round(y, 1)}


def _path(degrees: Array, plane: Plane) -> dict[str, Any]:
    """One line or ring, in degrees and in metres."""
    metres = np.column_stack(plane.forward(degrees[:, 0], degrees[:, 1]))
    return {"lonlat": _round(degrees, 6), "xy": _round(metres, 1)}


def _grids(areas: list[Area], plane: Plane, rng: np.random.Generator) -> dict[str, Any]:
    rings = [shapely.get_coordinates(g.exterior) for g in geometry.decode([a.geom for a in areas])]
    shade = rng.integers(0, SHADES, (2, len(areas)))
    return {
        **_points([(a.lon, a.lat) for a in areas], plane), "name": [a.name for a in areas],
        "ring": [_path(ring, plane) for ring in rings],
        "shade": shade[0].tolist(), "next": shade[1].tolist(),
    }  # fmt: skip


def _roads(roads: list[Road], plane: Plane) -> dict[str, Any]:
    """Roads with further corners on their longest pieces, up to SEGMENTS pieces in all."""
    lines = [shapely.get_coordinates(g) for g in geometry.decode([r.geom for r in roads])]
    metres = [np.column_stack(plane.forward(line[:, 0], line[:, 1])) for line in lines]
    length = np.concatenate([np.hypot(*np.diff(m, axis=0).T) for m in metres])
    low, high = 1.0, 5_000.0  # the longest piece: halve until there are as many as wanted
    for _ in range(40):
        middle = (low + high) / 2
        few = np.ceil(length / middle).clip(1).sum() < SEGMENTS
        low, high = (low, middle) if few else (middle, high)
    known = [CLASSES.index(r.cls) if r.cls in CLASSES else 0 for r in roads]
    finer = [_finer(line, m, high) for line, m in zip(lines, metres, strict=True)]
    order = np.argsort(known, kind="stable").tolist()
    return {"cls": [known[i] for i in order], "line": [_path(finer[i], plane) for i in order]}


def _finer(degrees: Array, metres: Array, longest: float) -> Array:
    """The same line with a corner at least each `longest` metres."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(metres, axis=0).T))])
    parts = np.ceil(np.diff(along) / longest).clip(1).astype(int)
    at = [np.linspace(a, b, n, endpoint=False) for a, b, n in
          zip(along[:-1], along[1:], parts, strict=True)]  # fmt: skip
    want = np.concatenate([*at, along[-1:]])
    return np.column_stack([np.interp(want, along, degrees[:, i]) for i in (0, 1)])


def _sensors(sensors: list[Sensor], plane: Plane, rng: np.random.Generator) -> dict[str, Any]:
    """In drawing order: the calm first, the worst last; alike ones as they lie, row by row."""
    classes = sorted({s.cls for s in sensors})
    form = np.array([classes.index(s.cls) % len(FORMS) for s in sensors])
    severity = rng.choice(5, (2, len(sensors)), p=SEVERITIES)
    degrees = [(s.lon, s.lat) for s in sensors]
    rank = np.where(severity[0] == 0, 5, severity[0])
    order = np.lexsort((*_place(degrees, plane), -rank))
    points = [degrees[i] for i in order]
    return {
        **_points(points, plane), "form": form[order].tolist(),
        "severity": severity[0][order].tolist(), "next": severity[1][order].tolist(),
    }  # fmt: skip


def _place(degrees: list[tuple[float, float]], plane: Plane) -> tuple[Array, Array]:
    """(x, row of ROW metres from the north) of points, to sort by: neighbours come together."""
    x, y = plane.forward(*np.array(degrees, np.float64).T)
    return x, -y // ROW


def _units(resources: list[Resource], plane: Plane, rng: np.random.Generator) -> dict[str, Any]:
    """Each unit with the way it came: pieces of 60 m, seldom straight on."""
    n = len(resources)
    turn = rng.normal(0, 0.35, (n, TRACK)).cumsum(axis=1) + rng.uniform(0, 2 * math.pi, (n, 1))
    x, y = plane.forward([r.lon for r in resources], [r.lat for r in resources])
    x = x[:, None] + 60 * (np.cos(turn).cumsum(axis=1) - np.cos(turn).sum(axis=1, keepdims=True))
    y = y[:, None] + 60 * (np.sin(turn).cumsum(axis=1) - np.sin(turn).sum(axis=1, keepdims=True))
    lon, lat = plane.inverse(x, y)
    tracks = [_path(np.column_stack(pair), plane) for pair in zip(lon, lat, strict=True)]
    return {**_points([(r.lon, r.lat) for r in resources], plane), "track": tracks}


def _views(grids: dict[str, Any], areas: list[Area], plane: Plane) -> dict[str, dict[str, Any]]:
    """The whole city, and one of its middle; on whole pixels, so that nothing is drawn between."""
    xy = np.concatenate([ring["xy"] for ring in grids["ring"]])
    bounds = (*xy.min(axis=0).tolist(), *xy.max(axis=0).tolist())
    whole = Viewport(0.0, 0.0, 1.0, *SIZE).fitted(bounds, 0.03)
    top = next(a for a in areas if a.level == 0)
    x, y = plane.forward(top.lon, top.lat)
    near = Viewport(float(x), float(y), whole.mpp / CLOSER, *SIZE)
    return {"city": _view(whole, plane), "district": _view(near, plane)}


def _view(view: Viewport, plane: Plane) -> dict[str, Any]:
    x, y = (round(v / view.mpp) * view.mpp for v in (view.cx, view.cy))
    lon, lat = plane.inverse(x, y)
    return {"x": x, "y": y, "mpp": view.mpp, "lon": float(lon), "lat": float(lat)}


def _free(grids: dict[str, Any], view: dict[str, Any]) -> list[int]:
    """Names that stand clear of each other, for maps that don't see to that themselves."""
    mpp, taken, kept = view["mpp"], np.empty((0, 4)), []
    for i, (x, y, name) in enumerate(zip(grids["x"], grids["y"], grids["name"], strict=True)):
        px, py = (x - view["x"]) / mpp, (y - view["y"]) / mpp
        half = sum(16 if ord(c) > 255 else 9 for c in name) / 2 + 2
        box = np.array([px - half, py - 11, px + half, py + 11])
        apart = (taken[:, :2] > box[2:]).any(axis=1) | (taken[:, 2:] < box[:2]).any(axis=1)
        if abs(px) < SIZE[0] / 2 and abs(py) < SIZE[1] / 2 and apart.all():
            taken = np.vstack([taken, box])
            kept.append(i)
    return kept
