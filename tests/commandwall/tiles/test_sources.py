"""Which base map is meant, where its tiles are asked for, and where they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from commandwall import codes
from commandwall.config import Settings, SettingsError
from commandwall.tiles import grid, source
from commandwall.tiles.grid import TileId
from commandwall.tiles.source import Source

TILE = TileId(12, 3415, 1662)


def test_nothing_is_asked_for_by_default() -> None:
    assert source.find(Settings()) is None


def test_a_file_needs_its_datum() -> None:
    with pytest.raises(SettingsError, match=r"basemap_datum.*wgs84.*gcj02"):
        source.find(Settings(basemap="city.pmtiles"))
    found = source.find(Settings(basemap="city.pmtiles", basemap_datum="GCJ-02"))
    assert found is not None
    assert (found.datum, found.online, Path(found.place).is_absolute()) == ("gcj02", False, True)


@pytest.mark.parametrize(
    "asked", ["tianditu", "city.tif", "ftp://a/{z}/{x}/{y}", "https://a/{z}.png"]
)
def test_what_is_no_base_map_is_said_so(asked: str) -> None:
    with pytest.raises(SettingsError, match="basemap: "):
        source.find(Settings(basemap=asked, basemap_datum="wgs84"))


def test_every_row_of_the_list_is_a_base_map() -> None:
    for name in codes.load("basemap"):
        found = source.find(Settings(basemap=name))
        assert found is not None and found.online and found.keyed and found.credit
        address = found.address(TILE, "abc")
        assert "{" not in address and "abc" in address


def test_tianditu_is_asked_in_its_own_form() -> None:
    found = source.find(Settings(basemap="tianditu_vec"))
    assert found is not None and found.datum == "cgcs2000"
    assert found.address(TILE, "k3y") == (
        "https://t5.tianditu.gov.cn/vec_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
        "&LAYER=vec&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
        "&TILEMATRIX=12&TILEROW=1662&TILECOL=3415&tk=k3y"
    )


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        ("https://a/{z}/{x}/{y}.png", "https://a/12/3415/1662.png"),
        ("https://a/{z}/{x}/{-y}.png", "https://a/12/3415/2433.png"),
        ("https://{s}.a/{z}/{x}/{y}", "https://b.a/12/3415/1662"),
        ("https://m{1-4}.a/{z}/{x}/{y}", "https://m2.a/12/3415/1662"),
        ("https://a/w/{TileMatrix}/{TileRow}/{TileCol}", "https://a/w/12/1662/3415"),
    ],
)
def test_an_address_is_written_as_other_maps_write_it(place: str, asked: str) -> None:
    assert Source("it", place, "wgs84").address(TILE) == asked
    assert source.find(Settings(basemap=place, basemap_datum="wgs84")) is not None


def test_a_credit_is_plain_text() -> None:
    told = "<a href='https://x' target=_blank>&copy; OpenStreetMap</a> contributors\u202e"
    assert source.said(told) == "© OpenStreetMap contributors\ufffd"


def test_tiles_are_counted_as_all_web_maps_do() -> None:
    x, y = grid.position(17, [13.37771496361961], [52.51628011262304])
    assert (int(x[0]), int(y[0])) == (70406, 42987)  # the Brandenburg Gate
    lon, lat = grid.degrees(17, x, y)
    assert np.allclose([lon[0], lat[0]], [13.37771496361961, 52.51628011262304])
    assert grid.zoom_for(38.2 * np.cos(np.radians(31.91)), 31.91) == 12


def test_the_middle_of_the_window_comes_first_and_the_world_has_an_end() -> None:
    found = grid.spanned(12, [120.0, 120.6], [31.7, 32.1])
    assert len(found) == len(set(found)) > 20
    assert found[0] == TileId(12, *(int(v[0]) for v in grid.position(12, [120.3], [31.9])))
    assert grid.spanned(1, [-400, 400], [-89, 89]) == [
        TileId(1, x, y) for y in (0, 1) for x in (0, 1)
    ]
