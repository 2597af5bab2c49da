"""Base maps from the disk: read, missing, broken, taken away."""

from __future__ import annotations

import gzip
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tilework import plain, png, write_mbtiles, write_pmtiles

from commandwall.tiles import decode
from commandwall.tiles.archive import open_archive
from commandwall.tiles.decode import BadTile
from commandwall.tiles.grid import TileId
from commandwall.tiles.origin import Trouble
from commandwall.tiles.worker import Tiles

HERE, THERE, NOWHERE = TileId(10, 853, 415), TileId(11, 1706, 831), TileId(11, 0, 0)
Write = Callable[..., Path]
Open = Callable[..., Tiles]
Wait = Callable[..., Any]
Make = Callable[[TileId, bytes], object]


@pytest.fixture(params=[write_mbtiles, write_pmtiles])
def write(request: pytest.FixtureRequest) -> Write:
    made: Write = request.param
    return made


def name(write: Write) -> str:
    return "city.mbtiles" if write is write_mbtiles else "city.pmtiles"


def test_tiles_of_a_file_come_by_their_place(tmp_path: Path, write: Write) -> None:
    tiles = {HERE: plain("#112233"), THERE: plain("#445566")}
    archive = open_archive(write(tmp_path / name(write), tiles, attribution="<b>Us</b>"))
    assert (archive.about.zooms, archive.about.credit, archive.about.vector) == (
        (10, 11), "Us", False,
    )  # fmt: skip
    assert [archive.get(t) for t in (HERE, THERE, NOWHERE)] == [*tiles.values(), None]
    archive.close()


def test_a_large_pmtiles_finds_its_tiles_through_leaves(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    at, long = rng.integers(0, 1 << 16, (9000, 2)), rng.integers(1, 400, 9000)
    tiles = {TileId(16, *xy): rng.bytes(n) for xy, n in zip(at.tolist(), long, strict=True)}
    archive = open_archive(write_pmtiles(tmp_path / "large.pmtiles", tiles))
    leaves = archive._header["leaf_directory_length"]  # type: ignore[union-attr]
    found = [archive.get(t) for t in tiles]
    assert archive.get(NOWHERE) is None
    archive.close()
    assert found == list(tiles.values())
    assert leaves > 0


@pytest.mark.parametrize("end", [".mbtiles", ".pmtiles"])
@pytest.mark.parametrize("content", [None, b"", b"PMTiles\x03", b"nothing of the kind" * 40])
def test_a_file_that_is_none_is_told_and_may_come(
    tmp_path: Path, open_tiles: Open, wait: Wait, sized: Make, end: str, content: bytes | None,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    path = tmp_path / f"city{end}"
    if content is not None:
        path.write_bytes(content)
    tiles = open_tiles(path)
    tiles.want([HERE], sized)
    wait(lambda: tiles.take().trouble == "cannot_open")
    path.unlink(missing_ok=True)
    (write_mbtiles if end == ".mbtiles" else write_pmtiles)(path, {HERE: plain()})
    assert wait(lambda: tiles.take().ready) == {HERE: (256, 256, 4)}
    assert tiles.take().trouble == ""
    assert len([r for r in caplog.records if "cannot_open" in r.getMessage()]) == 1


def test_what_is_not_there_is_told_and_not_read_again(
    tmp_path: Path, open_tiles: Open, wait: Wait, sized: Make, write: Write
) -> None:
    tiles = open_tiles(write(tmp_path / name(write), {HERE: plain()}))
    wait(lambda: tiles.about)
    read: list[TileId] = []
    real = tiles._origin.get  # type: ignore[union-attr]
    tiles._origin.get = lambda t: (read.append(t), real(t))[1]  # type: ignore[union-attr, method-assign, assignment]
    for _ in range(5):
        tiles.want([HERE, THERE], sized)
        wait(lambda: THERE in tiles.take().gone)
    assert read.count(THERE) == 1
    wait(lambda: tiles.take().waiting == 0)


@pytest.mark.parametrize(
    "broken", [b"\x89PNG\r\n\x1a\n and then nothing", plain()[:80], b"no picture", b"RIFF\0\0\0\0"]
)
def test_a_broken_tile_is_left_out_with_one_line(
    tmp_path: Path, open_tiles: Open, wait: Wait, sized: Make, write: Write, broken: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    tiles = open_tiles(write(tmp_path / name(write), {HERE: broken, THERE: plain()}))
    for _ in range(3):
        tiles.want([HERE, THERE], sized)
        wait(lambda: HERE in tiles.take().gone)
    told = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "10/853/415" in told[0]


def test_a_picture_that_would_fill_the_memory_is_no_tile() -> None:
    with pytest.raises(BadTile, match="4000 x 4000"):
        decode.picture(plain(size=4000))
    with pytest.raises(BadTile, match="too large"):
        decode.unpacked(gzip.compress(bytes(40_000_000)))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_pictures_of_all_forms_are_read(form: str) -> None:
    data = plain("#204060", form)
    assert decode.sort_of(data) == decode.PICTURE
    assert decode.picture(data)[128, 128].tolist() == pytest.approx([32, 64, 96, 255], abs=3)


def test_a_later_wish_replaces_the_one_before(
    tmp_path: Path, open_tiles: Open, wait: Wait, sized: Make
) -> None:
    row = [TileId(12, x, 1660) for x in range(200)]
    tiles = open_tiles(write_mbtiles(tmp_path / "row.mbtiles", dict.fromkeys(row, plain())))
    wait(lambda: tiles.about)
    door, made = threading.Event(), []

    def slow(tile: TileId, data: bytes) -> object:
        door.wait(5)
        made.append(tile)
        return tile

    tiles.want(row, slow)
    tiles.want(row[-3:], slow)
    door.set()
    wait(lambda: tiles.take().waiting == 0)
    assert set(row[-3:]) <= set(made)
    assert len(made) < 8


def test_a_file_that_is_cut_short_meanwhile_ends_nothing(
    tmp_path: Path, open_tiles: Open, wait: Wait, sized: Make
) -> None:
    noise = png(Image.effect_noise((512, 512), 90))  # more than a reader takes at once
    path = write_pmtiles(tmp_path / "city.pmtiles", {HERE: plain(), THERE: noise})
    tiles = open_tiles(path)
    wait(lambda: tiles.about)
    with path.open("r+b") as file:
        file.truncate(2000)
    tiles.want([THERE], sized)
    wait(lambda: (news := tiles.take()).trouble or news.gone)
    tiles.want([HERE], sized)
    assert wait(lambda: tiles.take().ready)


def test_a_trouble_says_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="cannot_open") as trouble:
        open_archive(tmp_path / "nothing.pmtiles")
    assert trouble.value.code == "cannot_open"
