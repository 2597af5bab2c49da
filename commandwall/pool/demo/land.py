"""The ground of a demo city: outline, water, hills, and where people live."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import shapely
from scipy import ndimage
from scipy.interpolate import CubicSpline

from commandwall.config import ASSETS
from commandwall.pool.demo.plane import Array, Noise, Plane, around, stream

KM = 1000.0
CELL = 100.0
"""Metres: the grain of the density field."""


@cache
def asset(name: str) -> Mapping[str, Any]:
    """A file of assets/demo."""
    with (ASSETS / "demo" / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


@dataclass(frozen=True, slots=True)
class Seat:
    """The middle of a town: its place (metres) and how its built-up part spreads."""

    code: str
    name: str
    kind: str
    at: Array
    weight: float
    urban: float  # metres
    strength: float
    turn: float  # degrees its streets are turned by


@dataclass(frozen=True, slots=True)
class Ground:
    """A piece of the map: kind water, hill or builtup; geometry in metres."""

    kind: str
    name: str
    name_en: str
    geom: Any


@dataclass(frozen=True, slots=True)
class Land:
    """Where the city lies. All geometry in metres of `plane`."""

    plane: Plane
    code: str
    name: str
    name_en: str
    outline: Any
    seats: tuple[Seat, ...]
    grounds: tuple[Ground, ...]
    expressways: tuple[tuple[str, Any], ...]
    density: Density

    def of(self, kind: str) -> list[Ground]:
        return [ground for ground in self.grounds if ground.kind == kind]

    def union(self, kind: str) -> Any:
        return shapely.union_all([ground.geom for ground in self.of(kind)])


class Density:
    """How densely built each place is, 0..1, over (n, 2) metres; read from a raster."""

    def __init__(self, bounds: Array, raster: Array) -> None:
        self._origin, self._raster = bounds[:2], raster

    def __call__(self, xy: Array) -> Array:
        at = np.moveaxis((xy - self._origin) / CELL, -1, 0)
        return np.asarray(ndimage.map_coordinates(self._raster, at, order=1, mode="constant"))

    def above(self, limit: float) -> Any:
        """The ground denser than a limit, its edge rounded."""
        inside = ndimage.binary_opening(self._raster > limit, iterations=1)
        column, row = np.nonzero(inside)
        west, south = column * CELL + self._origin[0], row * CELL + self._origin[1]
        cells = shapely.box(west, south, west + CELL, south + CELL)
        whole = shapely.coverage_union_all(cells)
        round_ = shapely.buffer(shapely.buffer(whole, 1.6 * CELL), -1.9 * CELL, quad_segs=4)
        return shapely.simplify(round_, CELL / 6)


def invented(seed: int, towns: int) -> Land:
    """The demo city of assets/demo/city.toml with the first of its towns."""
    city = asset("city")
    plane = Plane(city["lon"], city["lat"])
    corners = np.array(city["outline"]) * KM
    outline = _outline(corners, city["bank_points"], stream(seed, "outline"))
    grounds = [*_rivers(city["river"], seed), *_blobs(city, seed)]
    seats = tuple(
        _seat(f"{city['code']}{n:03d}", row) for n, row in enumerate(city["town"][:towns], 1)
    )
    ways = tuple(
        (w["name"], shapely.linestrings(_curve(w["line"], 400))) for w in city["expressway"]
    )
    return _land(plane, city, outline, seats, grounds, ways, seed)


def given(seed: int, boundary: Any, name: str, towns: Sequence[tuple[str, str]]) -> Land:
    """A city inside any (Multi)Polygon (degrees WGS-84) with towns (code, name)."""
    plane = around(boundary)
    outline = plane.to_metres(boundary)
    seats = _scattered(outline, towns, stream(seed, "seats"))
    code = towns[0][0][:6]
    city = {"code": code, "name": name, "name_en": name}
    return _land(plane, city, outline, seats, _wild(outline, seed), (), seed)


def _land(
    plane: Plane,
    city: Mapping[str, Any],
    outline: Any,
    seats: tuple[Seat, ...],
    grounds: list[Ground],
    ways: Any,
    seed: int,
) -> Land:
    bare = shapely.union_all([g.geom for g in grounds])
    density = _density(outline, seats, bare, stream(seed, "density"))
    built = [Ground("builtup", "", "", part) for part in shapely.get_parts(density.above(0.2))]
    return Land(
        plane,
        city["code"],
        city["name"],
        city["name_en"],
        outline,
        seats,
        (*grounds, *built),
        ways,
        density,
    )


def _seat(code: str, row: Mapping[str, Any]) -> Seat:
    at = np.array([row["x"], row["y"]]) * KM
    return Seat(
        code,
        row["name"],
        row["kind"],
        at,
        row["weight"],
        row["urban"] * KM,
        row["strength"],
        row["turn"],
    )


def _outline(corners: Array, bank: int, rng: np.random.Generator) -> Any:
    """A closed border through the corners, smooth between the first `bank`, ragged elsewhere."""
    line = np.vstack([corners, corners[:1]])
    river = np.arange(len(corners)) < bank - 1
    for turn in range(5):
        step = line[1:] - line[:-1]
        calm = np.repeat(river, 2**turn)
        share = rng.normal(0, 0.13 if turn < 3 else 0.09, len(step)) * np.where(calm, 0.15, 1.0)
        aside = np.stack([-step[:, 1], step[:, 0]], axis=-1) * share[:, None]
        finer = np.empty((2 * len(line) - 1, 2))
        finer[::2], finer[1::2] = line, (line[1:] + line[:-1]) / 2 + aside
        line = finer
    return shapely.make_valid(shapely.polygons(shapely.linearrings(line)))


def _curve(line: Any, step: float) -> Array:
    """A smooth curve through control points (km), one point each `step` metres."""
    points = np.asarray(line) * KM
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.linspace(0, along[-1], max(2, int(along[-1] / step)))
    return np.asarray(CubicSpline(along, points)(at))


def _rivers(rows: Sequence[Mapping[str, Any]], seed: int) -> list[Ground]:
    return [Ground("water", r["name"], r["name_en"], _band(r, seed)) for r in rows]


def _band(row: Mapping[str, Any], seed: int) -> Any:
    """A river as a polygon: its line, swaying, widened by its width at each point."""
    line = _curve(row["line"], 150)
    rng = stream(seed, row["name"])
    width = np.interp(
        np.linspace(0, 1, len(line)), np.linspace(0, 1, len(row["width"])), row["width"]
    )
    half = width * KM / 2
    tangent = np.gradient(line, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], -1) / np.hypot(*tangent.T)[:, None]
    sway = Noise(rng, 2_500, 3)(line) * np.minimum(160.0, 60 + half * 0.15)
    banks = [
        line + normal * (sway + half * (1 + 0.12 * Noise(rng, 1_800, 2)(line)))[:, None],
        line + normal * (sway - half * (1 + 0.12 * Noise(rng, 1_800, 2)(line)))[:, None],
    ]
    return shapely.buffer(shapely.polygons(np.vstack([banks[0], banks[1][::-1]])), 0)


def _blobs(city: Mapping[str, Any], seed: int) -> list[Ground]:
    return [
        Ground(kind, row["name"], row["name_en"], _blob(row, stream(seed, row["name"])))
        for key, kind in (("lake", "water"), ("hill", "hill"))
        for row in city[key]
    ]


def _blob(row: Mapping[str, Any], rng: np.random.Generator) -> Any:
    """An ellipse whose shore wanders: bays and spurs, no two alike."""
    angle = np.linspace(0, 2 * np.pi, 140, endpoint=False)
    round_ = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    radius = 1 + 0.3 * Noise(rng, 1.1, 2)(round_ + 7) + 0.12 * Noise(rng, 0.35, 2)(round_ + 7)
    middle = np.array([row["x"], row["y"]]) * KM
    return shapely.buffer(
        shapely.polygons(middle + round_ * radius[:, None] * np.array(row["size"]) * KM), 0
    )


def _wild(outline: Any, seed: int) -> list[Ground]:
    """Lakes and hills for a land that nobody described."""
    rng = stream(seed, "wild")
    size = float(np.sqrt(shapely.area(outline))) / KM
    middles = _inside(outline, 9, rng) / KM
    names = asset("names")["water"], asset("names")["hill"]
    rows = [
        {
            "name": names[n % 2][n // 2],
            "name_en": "",
            "x": x,
            "y": y,
            "size": rng.uniform(0.015, 0.05, 2) * size,
        }
        for n, (x, y) in enumerate(middles)
    ]
    return _blobs({"lake": rows[::2], "hill": rows[1::2]}, seed)


def _scattered(
    outline: Any, towns: Sequence[tuple[str, str]], rng: np.random.Generator
) -> tuple[Seat, ...]:
    """Town middles far from each other; the first towns are the city proper."""
    spots = _inside(outline, 60 * len(towns), rng)
    middle = shapely.get_coordinates(shapely.centroid(outline))[0]
    chosen = [int(np.argmin(((spots - middle) ** 2).sum(1)))]
    for _ in range(len(towns) - 1):
        chosen.append(int(np.argmax(((spots[:, None] - spots[chosen]) ** 2).sum(-1).min(1))))
    reach = float(np.sqrt(shapely.area(outline) / len(towns)))
    at = spots[chosen]
    at = at + (middle - at) * 0.12
    order = np.argsort(((at - middle) ** 2).sum(1))
    urban = np.where(np.arange(len(towns)) < 3, 0.42, 0.22) * reach
    return tuple(
        Seat(
            code,
            name,
            _kind(name),
            at[order[n]],
            1.0,
            urban[n],
            max(0.5, 1 - 0.15 * n),
            4.0 if n < 3 else float(rng.uniform(-15, 15)),
        )
        for n, (code, name) in enumerate(towns)
    )


def _kind(name: str) -> str:
    return {"道": "street", "镇": "town", "乡": "town"}.get(name[-1:], "zone")


def _inside(outline: Any, count: int, rng: np.random.Generator) -> Array:
    west, south, east, north = shapely.bounds(outline)
    spots = rng.uniform((west, south), (east, north), (count * 6, 2))
    return np.asarray(spots[shapely.contains_xy(outline, spots)][:count])


def _density(outline: Any, seats: Sequence[Seat], bare: Any, rng: np.random.Generator) -> Density:
    bounds = np.array(shapely.bounds(outline))
    count = np.ceil((bounds[2:] - bounds[:2]) / CELL).astype(int) + 1
    x, y = np.meshgrid(*(bounds[i] + CELL * np.arange(count[i]) for i in (0, 1)), indexing="ij")
    xy = np.stack([x, y], axis=-1)
    raster = _people(xy, seats, rng)
    shapely.prepare(outline)
    shapely.prepare(bare)
    raster[~shapely.contains_xy(outline, x, y) | shapely.intersects_xy(bare, x, y)] = 0.0
    return Density(bounds, raster)


def _people(xy: Array, seats: Sequence[Seat], rng: np.random.Generator) -> Array:
    """Towns that fade out raggedly, satellites around them, and thinly settled land between."""
    bent = xy + 560 * np.stack([Noise(rng, 1_500, 3)(xy) for _ in range(2)], axis=-1)
    total = np.zeros(xy.shape[:-1])
    for seat in seats:
        far = np.hypot(*np.moveaxis(bent - seat.at, -1, 0)) / seat.urban
        total = np.maximum(total, seat.strength * np.exp(-(far**2.2))) + 0.12 * np.exp(-far)
    grain = 1 + 0.35 * Noise(rng, 900, 3)(xy)
    hamlets = 0.32 * np.clip(Noise(rng, 1_300, 2)(xy) * 1.7 - 0.75, 0, 1)
    return np.clip(total * grain + hamlets, 0, 1)
