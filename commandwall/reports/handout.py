"""The hand-out: an incident as a map in one HTML file that needs no network. It holds what a
partner in the field needs and no more: personal data is masked."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from commandwall import codes
from commandwall.areas import Building, Credit, Feature, Road
from commandwall.clock import DAY, Ms
from commandwall.config import ASSETS
from commandwall.directives import Directive
from commandwall.extents import Extent, of_incident
from commandwall.geo import CGCS2000, distance
from commandwall.hit import Ground, Stock
from commandwall.incidents import OPEN, CommandPost, Incident
from commandwall.plain import plain
from commandwall.posts import FRONT
from commandwall.reports.press import Paper
from commandwall.reports.speech import Speech, clock, moment
from commandwall.resources import Resource
from commandwall.store import live
from commandwall.store.store import Reader
from commandwall.store.written import present

LEAFLET = Path(__file__).with_name("leaflet.py")
DEGREE_M = 111_000.0
"""Metres of a degree of latitude, near enough for a frame."""
DIGITS = 5
"""Of a degree: about a metre."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What the map shows: degrees west, south, east, north."""

    west: float
    south: float
    east: float
    north: float

    @staticmethod
    def around(incident: Incident, outline: Any = None) -> Frame:
        """The incident with its surroundings, and all of what it affects."""
        reach = max(2.5 * incident.radius_m, codes.limit("handout_reach_m"))
        dy = reach / DEGREE_M
        dx = dy / max(0.2, float(np.cos(np.radians(incident.lat))))
        box = (incident.lon - dx, incident.lat - dy, incident.lon + dx, incident.lat + dy)
        if outline is not None:
            west, south, east, north = outline.bounds
            box = (
                min(box[0], west), min(box[1], south), max(box[2], east), max(box[3], north),
            )  # fmt: skip
        return Frame(*box)

    def holds(self, lon: float, lat: float) -> bool:
        return self.west <= lon <= self.east and self.south <= lat <= self.north


def collect(reader: Reader, incident: str, speech: Speech, folder: Path, now: Ms) -> Paper:
    """What the page shows. Refused("unknown") where there is no such incident."""
    found = present(reader, Incident, incident)
    frame = Frame.around(found, _outline(reader, found))
    directives = [d for d in reader.find(Directive, incident=incident) if d.issued_at]
    posts = reader.find(CommandPost, incident=incident)
    data = {
        "title": plain(found.title),
        "lines": [*_told(found, directives, speech, now), *_hit(reader, found, frame, speech),
                  *_credits(reader)],
        "middle": [found.lat, found.lon],
        "bounds": [[frame.south, frame.west], [frame.north, frame.east]],
        "colours": _colours(),
        "layers": [*_ground(reader, frame), *_extent(reader, found)],
        "circles": _circles(found),
        "marks": [
            _mark(found.lat, found.lon, f"incident g{found.grade or 0}",
                  speech.level("grade", found.grade),
                  [plain(found.title), plain(found.place)]),
            *(_post(p, found, speech) for p in posts if p.place),
            *_orders(directives, speech),
            *_units(reader, found, _fixes(folder), speech, now),
        ],
    }  # fmt: skip
    return Paper("", data, program=LEAFLET)


def newest(reader: Reader) -> str:
    """The incident that was opened last and is open; "" for none."""
    still = reader.find(Incident, state=OPEN)
    return max(still, key=lambda i: i.opened_at).id if still else ""


def _told(i: Incident, directives: Sequence[Directive], speech: Speech, now: Ms) -> list[str]:
    tr = speech.tr
    kind = speech.named("incident_kind", i.kind) if i.kind else ""
    graded = (
        tr("事件分级 {level}", level=speech.level("grade", i.grade)),
        tr("响应级别 {level}", level=speech.level("response", i.response)),
    )
    cordon = tr("警戒半径 {length}", length=f"{i.radius_m:,.0f} m") if i.radius_m > 0 else ""
    return list(filter(None, (
        "　".join(filter(None, (plain(i.place), kind, cordon))),
        "　".join(graded),
        tr("{time} 起，指令 {n} 条", time=moment(i.opened_at), n=len(directives)),
        tr("坐标系 {datum}，导出 {time}", datum=CGCS2000.upper(), time=moment(now)),
    )))  # fmt: skip


def _outline(reader: Reader, i: Incident) -> Any:
    """The area of effect, else the cordon (degrees WGS-84); None where there is none."""
    return of_incident(i, reader.get(Extent, i.id))


def _hit(reader: Reader, i: Incident, frame: Frame, speech: Speech) -> list[str]:
    """How many buildings, households and people stand in it, counted as on the wall."""
    outline, houses = _outline(reader, i), _buildings(reader, frame)
    if outline is None or not houses:
        return []
    hit = Ground(Stock(buildings=houses)).find(outline, reader)
    facts = {"n": len(hit.buildings), "m": hit.households, "k": hit.people}
    told = {key: f"{number:,}" for key, number in facts.items()}
    return [speech.tr("范围内楼栋 {n}、住户 {m}、人口 {k}", **told)] if hit.buildings else []


def _credits(reader: Reader) -> list[str]:
    """The words that the licences of the city's data want on a map."""
    return [plain(credit.text) for credit in reader.find(Credit)]


def _extent(reader: Reader, i: Incident) -> list[dict[str, Any]]:
    drawn = reader.get(Extent, i.id)
    outline = _outline(reader, i)
    if drawn is None or not drawn.shape or outline is None:
        return []
    colour = _colours()["s2"]
    style = {"color": colour, "weight": 2, "dashArray": "6 4", "fillColor": colour,
             "fillOpacity": 0.12}  # fmt: skip
    return [{"geometries": [json.loads(shapely.to_geojson(outline))], "style": style}]


def _colours() -> dict[str, str]:
    with (ASSETS / "themes" / "day.toml").open("rb") as file:
        data = tomllib.load(file)
    return {**data["token"], **data["map"]}


def _ground(reader: Reader, frame: Frame) -> list[dict[str, Any]]:
    """Ground, water, buildings and roads of the frame, lowest first."""
    colour = _colours()
    features, roads = reader.find(Feature), reader.find(Road)
    most = int(codes.limit("handout_buildings"))
    houses = [b.geom for b in _buildings(reader, frame)]
    layers = [
        _layer(_cut((f.geom for f in features if f.kind == kind), frame), colour[tone], 0)
        for kind, tone in (("builtup", "builtup"), ("hill", "hill"), ("water", "water"))
    ]
    layers.append(_layer(_cut(houses[:most], frame), colour["home"], 0))
    for kind, weight in (("street", 2), ("main", 4), ("expressway", 5)):
        shapes = _cut((r.geom for r in roads if r.cls == kind), frame)
        layers.append(_layer(shapes, colour["ln2"], weight))
    return [layer for layer in layers if layer["geometries"]]


def _buildings(reader: Reader, frame: Frame) -> list[Building]:
    columns = reader.columns(Building, ("id", "lon", "lat"))
    inside = [key for key, lon, lat in zip(*columns.values(), strict=True) if frame.holds(lon, lat)]
    return reader.many(Building, inside)


def _cut(blobs: Iterable[bytes], frame: Frame) -> list[dict[str, Any]]:
    """GeoJSON of what lies in the frame."""
    shapes = shapely.from_wkb(np.array(list(blobs), object), on_invalid="ignore")
    box = (frame.west, frame.south, frame.east, frame.north)
    bounds = shapely.bounds(shapes) if len(shapes) else np.empty((0, 4))
    near = (bounds[:, 0] <= box[2]) & (bounds[:, 2] >= box[0])
    near &= (bounds[:, 1] <= box[3]) & (bounds[:, 3] >= box[1])
    cut = shapely.clip_by_rect(shapes[near], *box) if near.any() else np.array([], object)
    cut = shapely.set_precision(cut[~shapely.is_empty(cut)], 10.0**-DIGITS, mode="pointwise")
    found = (json.loads(text) for text in shapely.to_geojson(cut) if text is not None)
    return [shape for shape in found if shape.get("coordinates") or shape.get("geometries")]


def _layer(geometries: list[dict[str, Any]], colour: str, weight: int) -> dict[str, Any]:
    style = {"color": colour, "weight": weight or 1, "fill": not weight, "fillColor": colour,
             "fillOpacity": 1.0, "opacity": 1.0 if weight else 0.0}  # fmt: skip
    return {"geometries": geometries, "style": style}


def _circles(i: Incident) -> list[dict[str, Any]]:
    if i.radius_m <= 0:
        return []
    colour = _colours()["s1"]
    style = {"color": colour, "weight": 2, "fill": True, "fill_color": colour, "fill_opacity": 0.12}
    return [{"location": [i.lat, i.lon], "radius": i.radius_m, "interactive": False, **style}]


def _mark(lat: float, lon: float, look: str, word: str, lines: Sequence[str]) -> dict[str, Any]:
    told = [line for line in lines if line]
    return {"at": [lat, lon], "look": look, "word": word, "lines": told}


def _post(post: CommandPost, i: Incident, speech: Speech) -> dict[str, Any]:
    """One at the place of its incident stands below its mark."""
    name = speech.tr("前指") if post.side == FRONT else speech.tr("后指")
    look = "post below" if (post.lon, post.lat) == (i.lon, i.lat) else "post"
    return _mark(post.lat, post.lon, look, name, [name, plain(post.place)])


def _orders(directives: Sequence[Directive], speech: Speech) -> list[dict[str, Any]]:
    """Those of one place under one mark."""
    places: dict[tuple[float, float], list[Directive]] = {}
    for d in sorted(directives, key=lambda d: d.no):
        if d.lat is not None and d.lon is not None:
            places.setdefault((d.lat, d.lon), []).append(d)
    return [
        _mark(*at, "order", " ".join(str(d.no) for d in some), [_order(d, speech) for d in some])
        for at, some in places.items()
    ]


def _order(d: Directive, speech: Speech) -> str:
    posts = f"{speech.named('post', d.from_post)} → {speech.named('post', d.to_post)}"
    words = " ".join(filter(None, (speech.named("directive_verb", d.verb), plain(d.text))))
    state = speech.named("directive_state", d.state)
    return f"{d.no}　{clock(d.issued_at)} {posts}　{words}　{state}"


def _units(
    reader: Reader, incident: Incident, at: dict[str, Any] | None, speech: Speech, now: Ms
) -> list[dict[str, Any]]:
    """The nearest units with a position of this day: what they are, and no name of a person."""
    frame = Frame.around(incident)
    if at is None:
        return []
    found = []
    for unit in reader.find(Resource):
        if unit.no < len(at["at"]) and now - int(at["at"][unit.no]) < DAY:
            lon, lat = float(at["lon"][unit.no]), float(at["lat"][unit.no])
            if frame.holds(lon, lat):
                far = float(distance(incident.lon, incident.lat, lon, lat))
                found.append((far, lon, lat, unit))
    found.sort(key=lambda one: one[0])
    return [
        _mark(lat, lon, "unit", speech.named("resource_kind", unit.kind)[:4],
              [plain(unit.unit), moment(Ms(int(at["at"][unit.no])))])
        for _, lon, lat, unit in found[: int(codes.limit("handout_units"))]
    ]  # fmt: skip


def _fixes(folder: Path) -> dict[str, Any] | None:
    """The newest positions, where the agent has any."""
    files = sorted(folder.glob("fixes-*.live"), key=lambda p: int(p.stem.rsplit("-", 1)[1]))
    if not files:
        return None
    try:
        rows = int(files[-1].stem.rsplit("-", 1)[1])
        return live.LiveArrays(files[-1], live.FIX, rows).read()
    except (ValueError, TimeoutError, OSError):
        return None
