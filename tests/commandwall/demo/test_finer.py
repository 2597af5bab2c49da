"""Micro-grids, blocks and attachments: records beside the four drawn levels."""

from __future__ import annotations

import hashlib
from collections import defaultdict

import numpy as np
import pytest
import shapely

from commandwall.areas import BLOCK, CITY, GRID, MICROGRID, TOWN, Area, Place
from commandwall.attachments import Attachment
from commandwall.clock import Ms
from commandwall.pool.demo import papers
from commandwall.pool.demo.city import City, generate

NOW = Ms(1_795_000_000_000)


@pytest.fixture(scope="module")
def city() -> City:
    return generate(7, "small", now=NOW)


def at_level(city: City, level: int) -> list[Area]:
    return [a for a in city.of(Area) if a.level == level]


def test_the_grids_of_communities_are_cut_into_microgrids_that_cover_them(city: City) -> None:
    parts: dict[str, list[Area]] = defaultdict(list)
    for area in at_level(city, MICROGRID):
        parts[area.parent].append(area)
    grids = {a.id: shapely.from_wkb(a.geom) for a in at_level(city, GRID)}
    assert len(parts) > 100
    for parent, some in parts.items():
        geoms = shapely.from_wkb([a.geom for a in some])
        assert len(some) == 3 and all(a.id.startswith(parent) and a.sketch for a in some)
        assert shapely.is_valid(geoms).all() and shapely.coverage_is_valid(geoms)
        assert shapely.area(geoms).sum() == pytest.approx(shapely.area(grids[parent]), rel=1e-6)
        assert (shapely.area(geoms) > 0.1 * shapely.area(grids[parent])).all()


def test_blocks_are_whole_towns_and_cover_the_city(city: City) -> None:
    some = at_level(city, BLOCK)
    geoms = shapely.from_wkb([a.geom for a in some])
    (whole,) = at_level(city, CITY)
    assert 3 <= len(some) <= 5 and len({a.name for a in some}) == len(some)
    assert all(a.parent == whole.id and a.name.endswith("板块") for a in some)
    assert shapely.area(geoms).sum() == pytest.approx(
        shapely.area(shapely.from_wkb(whole.geom)), rel=1e-9
    )
    inside = [
        [g.buffer(1e-6).contains(shapely.from_wkb(town.geom)) for g in geoms]
        for town in at_level(city, TOWN)
    ]
    assert (np.sum(inside, axis=1) == 1).all()


def test_an_area_has_one_id_and_its_label_stands_in_it(city: City) -> None:
    areas = city.of(Area)
    assert len({a.id for a in areas}) == len(areas)
    for area in [*at_level(city, MICROGRID)[::20], *at_level(city, BLOCK)]:
        assert shapely.from_wkb(area.geom).buffer(1e-7).contains(shapely.Point(area.lon, area.lat))


def test_an_attachment_belongs_to_a_place_and_is_named_by_its_bytes(city: City) -> None:
    places = {p.id: p for p in city.of(Place)}
    some = city.of(Attachment)
    assert len(some) > 100 and len({a.id for a in some}) == len(some)
    for row in some:
        body = papers.plan(places[row.subject])
        assert row.id == hashlib.sha256(body).hexdigest() and row.size == len(body)
        assert row.at < NOW and body.startswith(b"<svg")
