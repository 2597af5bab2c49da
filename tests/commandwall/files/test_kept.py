"""Files at a station: under their hash, whole or not at all, small pictures that are safe."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zlib
from pathlib import Path

import pytest
from builders import NOW
from PIL import Image

from commandwall.clock import DAY, Clock, Ms
from commandwall.files.content import Unfit
from commandwall.files.kept import Kept


def photo(size: tuple[int, int] = (1200, 900), colour: str = "orange") -> bytes:
    """With the position and the camera that a phone writes into it."""
    exif = Image.Exif()
    exif[0x010F] = "SecretPhone"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 54.0, 0.0), 3: "E", 4: (120.0, 16.0, 0.0)})
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_a_file_lies_under_its_hash_and_is_the_same_twice(kept: Kept, tmp_path: Path) -> None:
    body = photo()
    source = tmp_path / "现场.png"
    source.write_bytes(body)
    taken = kept.take(source, source.name)
    assert taken.sha256 == hashlib.sha256(body).hexdigest()
    assert (taken.mime, taken.name, taken.size) == ("image/jpeg", "现场.jpg", len(body))
    assert kept.take(body, "again.jpg").sha256 == taken.sha256
    assert kept.sizes() == {taken.sha256: len(body)}
    assert kept.body(taken.sha256).read_bytes() == body
    assert list((kept.folder / "coming").iterdir()) == []


def test_what_is_not_taken_leaves_nothing(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for body, code in ((b"#!/bin/sh", "script"), (b"", "empty")):
        with pytest.raises(Unfit, match=code):
            kept.take(body, "x.jpg")
    monkeypatch.setattr("commandwall.codes.limit", lambda name: 0)
    with pytest.raises(Unfit, match="too_large"):
        kept.take(photo(), "x.jpg")
    assert kept.sizes() == {} and list((kept.folder / "coming").iterdir()) == []


def test_no_text_becomes_a_path(kept: Kept) -> None:
    for name in ("../../etc/passwd", "A" * 64, "", "a" * 63 + "/"):
        with pytest.raises(ValueError, match="SHA"):
            kept.body(name)
        assert not kept.has(name) and not kept.refused(name)
    assert kept.thumb("../../x").is_relative_to(kept.folder / "thumbs")


def test_what_comes_in_pieces_is_kept_only_when_it_is_what_it_should_be(kept: Kept) -> None:
    body = photo()
    name = hashlib.sha256(body).hexdigest()
    kept.append(name, body[:1000])
    assert Kept(kept.folder.parent).arrived(name) == 1000 and not kept.has(name)
    kept.append(name, body[1000:-1] + b"x")
    assert not kept.complete(name)
    assert kept.arrived(name) == 0 and len(list((kept.folder / "bad").iterdir())) == 1
    kept.append(name, body)
    assert kept.complete(name) and kept.body(name).read_bytes() == body


def test_a_script_that_comes_from_elsewhere_is_put_aside(kept: Kept) -> None:
    body = b"#!/bin/sh\nexit"
    name = hashlib.sha256(body).hexdigest()
    kept.append(name, body)
    with pytest.raises(Unfit, match="script"):
        kept.complete(name)
    assert kept.refused(name) and not kept.has(name)


def test_a_small_picture_stands_upright_and_says_nothing_but_its_pixels(kept: Kept) -> None:
    taken = kept.take(photo(), "x.jpg")
    assert kept.draw_thumb("a1", kept.body(taken.sha256))
    data = kept.thumb("a1").read_bytes()
    with Image.open(io.BytesIO(data)) as small:
        assert small.format == "JPEG" and small.size == (270, 360)
        assert dict(small.getexif()) == {} and "exif" not in small.info
    assert b"SecretPhone" not in data and b"Exif" not in data
    assert len(data) <= 64 << 10


def test_one_that_came_is_drawn_anew(kept: Kept) -> None:
    assert kept.draw_thumb("a1", photo((200, 100)))
    assert b"SecretPhone" not in kept.thumb("a1").read_bytes()
    assert not kept.draw_thumb("a2", b"\xff\xd8\xff rubbish")
    assert kept.judged("a2") and not kept.has_thumb("a2")


def bomb(side: int) -> bytes:
    """A PNG of a few hundred kB that is `side` x `side` pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pack = zlib.compressobj(9)
    rows = b"".join(pack.compress(bytes(1 + 3 * side)) for _ in range(side)) + pack.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_picture_that_is_a_bomb_harms_nobody(kept: Kept) -> None:
    clock = Clock()
    began = clock.monotonic()
    body = bomb(20_000)
    assert len(body) < 2 << 20
    taken = kept.take(body, "x.png")
    began = clock.monotonic()
    assert not kept.draw_thumb("a1", kept.body(taken.sha256))
    assert clock.monotonic() - began < 8
    assert kept.has(taken.sha256) and not kept.has_thumb("a1")


def test_a_copy_for_a_person_is_whole(kept: Kept, tmp_path: Path) -> None:
    body = photo()
    taken = kept.take(body, "x.jpg")
    kept.save_as(taken.sha256, tmp_path / "图.jpg")
    assert (tmp_path / "图.jpg").read_bytes() == body
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_what_nothing_names_goes_when_it_is_old(kept: Kept) -> None:
    one, two = kept.take(photo(), "a.jpg"), kept.take(photo((20, 20)), "b.jpg")
    kept.append("ab" * 32, b"half")
    old = (NOW - 8 * DAY) / 1000
    for path in (kept.body(one.sha256), kept.body(two.sha256), kept._part("ab" * 32)):
        os.utime(path, (old, old))
    assert kept.tidy({one.sha256}, Ms(NOW)) == 2
    assert kept.sizes().keys() == {one.sha256} and kept.arrived("ab" * 32) == 0
