"""Base maps from a server: kept, missing, hanging, refusing, gone. The server is a real one."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as sqlite
from tilework import plain, tile_server

from commandwall import logs
from commandwall.config import Settings
from commandwall.tiles import source
from commandwall.tiles.grid import TileId
from commandwall.tiles.kept import FILE, Kept
from commandwall.tiles.origin import Pace
from commandwall.tiles.worker import Tiles

Open = Callable[..., Tiles]
Wait = Callable[..., Any]
Make = Callable[[TileId, bytes], object]
HERE, THERE = TileId(12, 3415, 1662), TileId(12, 3416, 1662)
ROW = [TileId(12, x, 1662) for x in range(40)]
KEY = "0123456789abcdef0123456789abcdef"
SIZE = (256, 256, 4)
PAGE = b"<html><body>please sign in</body></html>"


def good(path: str) -> tuple[int, bytes]:
    return 200, plain()


def of(url: str, rest: str = "") -> str:
    return f"{url}/{{z}}/{{x}}/{{y}}.png{rest}"


def test_a_second_start_asks_for_nothing(open_tiles: Open, wait: Wait, sized: Make) -> None:
    with tile_server(good) as server:
        first = open_tiles(of(server.url))
        first.want([HERE, THERE], sized)
        come: dict[TileId, object] = {}
        wait(lambda: come.update(first.take().ready) or len(come) == 2)
        assert come == {HERE: SIZE, THERE: SIZE}
        first.close()
        assert sorted(server.asked) == ["/12/3415/1662.png", "/12/3416/1662.png"]
        second = open_tiles(of(server.url))
        second.want([HERE, THERE], sized)
        wait(lambda: come.pop(HERE, None) or come.update(second.take().ready) or HERE in come)
        assert len(server.asked) == 2
    third = open_tiles(of(server.url))  # and where there is no server at all
    third.want([HERE], sized)
    assert wait(lambda: third.take().ready) == {HERE: SIZE}


@pytest.mark.parametrize("answer", [(404, b"none"), (204, b""), (200, b""), (410, PAGE)])
def test_a_missing_tile_is_asked_for_once(
    open_tiles: Open, wait: Wait, sized: Make, answer: tuple[int, bytes]
) -> None:
    with tile_server(lambda path: answer) as server:
        for _ in range(2):  # two starts
            tiles = open_tiles(of(server.url))
            for _ in range(20):  # and each frame of a move wishes for it again
                tiles.want([HERE, THERE], sized)
                wait(lambda t=tiles: t.take().gone == {HERE, THERE})
            tiles.close()
        assert sorted(server.asked) == ["/12/3415/1662.png", "/12/3416/1662.png"]


def test_a_missing_tile_is_asked_for_again_when_its_time_has_come(
    open_tiles: Open, wait: Wait, sized: Make, quick: Pace
) -> None:
    answers = [(404, b""), (200, plain())]
    with tile_server(lambda path: answers.pop(0)) as server:
        tiles = open_tiles(of(server.url), replace(quick, missing_ms=300))
        tiles.want([HERE], sized)
        assert wait(lambda: tiles.take().ready) == {HERE: SIZE}
        assert len(server.asked) == 2


def test_a_broken_tile_is_left_out_with_one_line(
    open_tiles: Open, wait: Wait, sized: Make, caplog: pytest.LogCaptureFixture
) -> None:
    with tile_server(lambda path: (200, plain()[:90])) as server:
        for _ in range(2):
            tiles = open_tiles(of(server.url))
            for _ in range(10):
                tiles.want([HERE], sized)
                wait(lambda t=tiles: t.take().gone == {HERE})
            tiles.close()
        assert len(server.asked) == 1
    assert len([r for r in caplog.records if "12/3415/1662" in r.getMessage()]) == 1


def test_a_page_that_asks_to_sign_in_is_kept_for_no_tile(
    open_tiles: Open, wait: Wait, sized: Make
) -> None:
    signed_in = threading.Event()
    with tile_server(lambda path: (200, plain() if signed_in.is_set() else PAGE)) as server:
        tiles = open_tiles(of(server.url))
        tiles.want(ROW, sized)
        wait(lambda: tiles.take().trouble == "refused")
        assert not tiles.take().gone
        signed_in.set()
        wait(lambda: (news := tiles.take()).waiting == 0 and news.trouble == "")


@pytest.mark.parametrize(("status", "code"), [(401, "refused"), (403, "refused"), (429, "busy")])
def test_a_server_that_refuses_is_left_alone(
    open_tiles: Open, wait: Wait, sized: Make, quick: Pace, status: int, code: str
) -> None:
    patient = replace(quick, pause_s=0.2, pause_most_s=60)
    with tile_server(lambda path: (status, PAGE)) as server:
        tiles = open_tiles(of(server.url), patient)
        for _ in range(50):
            tiles.want(ROW, sized)
            tiles._clock.pause(0.02)
        assert tiles.take().trouble == code
        assert len(server.asked) <= 4 * 4  # four at once, again after 0.2 and 0.4 and 0.8 s


def test_one_tile_that_fails_waits_longer_each_time_and_holds_up_no_other(
    open_tiles: Open, wait: Wait, sized: Make, quick: Pace
) -> None:
    bad = "/12/3415/1662.png"
    with tile_server(lambda path: (500, b"") if path == bad else good(path)) as server:
        tiles = open_tiles(of(server.url), replace(quick, pause_s=0.2, pause_most_s=60))
        come: dict[TileId, object] = {}
        for _ in range(60):
            tiles.want([t for t in [HERE, *ROW] if t not in come], sized)
            come |= tiles.take().ready
            tiles._clock.pause(0.02)
        assert set(ROW) <= come.keys()
        assert 2 <= server.asked.count(bad) <= 4


def test_a_hanging_server_hangs_nothing(open_tiles: Open, wait: Wait, sized: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes the call and says nothing
        tiles = open_tiles(of(f"http://127.0.0.1:{deaf.getsockname()[1]}"))
        clock = tiles._clock
        began = clock.monotonic()
        tiles.want(ROW, sized)
        tiles.take()
        assert clock.monotonic() - began < 0.1
        wait(lambda: tiles.take().trouble == "offline", 3)
        assert clock.monotonic() - began < 2
        began = clock.monotonic()
        tiles.close()
        assert clock.monotonic() - began < 1.5


def test_a_server_that_lets_bytes_drop_is_one_that_hangs(
    open_tiles: Open, wait: Wait, sized: Make
) -> None:
    stop = threading.Event()

    def drip(line: socket.socket) -> None:
        with line:
            line.recv(4096)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not stop.wait(0.05):
                try:
                    line.sendall(b"x")
                except OSError:
                    return

    def serve(door: socket.socket) -> None:
        while not stop.is_set():
            with suppress(TimeoutError):  # nobody called yet
                threading.Thread(target=drip, args=(door.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.2)
        thread = threading.Thread(target=serve, args=(door,))
        thread.start()
        tiles = open_tiles(of(f"http://127.0.0.1:{door.getsockname()[1]}"))
        tiles.want([HERE], sized)
        wait(lambda: tiles.take().trouble == "offline", 4)
        tiles.close()
        stop.set()
        thread.join()


def test_what_the_view_has_left_is_not_fetched(open_tiles: Open, wait: Wait, sized: Make) -> None:
    door = threading.Event()

    def slow(path: str) -> tuple[int, bytes]:
        door.wait(3)
        return good(path)

    with tile_server(slow) as server:
        tiles = open_tiles(of(server.url), request_pace(3.0))
        tiles.want(ROW, sized)
        wait(lambda: len(server.asked) == 4)  # no more at once
        tiles._clock.pause(0.1)
        assert len(server.asked) == 4
        tiles.want([HERE], sized)
        door.set()
        wait(lambda: HERE in tiles.take().ready)
        assert len(server.asked) == 5


def request_pace(seconds: float) -> Pace:
    return replace(Pace.of_the_city(), at_once=4, request_s=seconds)


def test_old_tiles_stand_while_the_server_is_away_and_it_is_found_again(
    open_tiles: Open, wait: Wait, sized: Make, quick: Pace
) -> None:
    old = replace(quick, kept_ms=1)
    with tile_server(good) as server:
        tiles = open_tiles(of(server.url), old)
        tiles.want([HERE], sized)
        wait(lambda: tiles.take().ready)
        tiles.close()
        port = server.server.server_port
    tiles = open_tiles(of(server.url), old)
    tiles.want([HERE, THERE], sized)
    come: dict[TileId, object] = {}
    wait(lambda: come.update((news := tiles.take()).ready) or news.trouble == "offline")
    wait(lambda: come.update(tiles.take().ready) or HERE in come)
    with tile_server(good, port):
        wait(lambda: come.update(tiles.take().ready) or THERE in come)
        assert tiles.take().trouble == ""


# -- the key ---------------------------------------------------------------------------------------


def test_the_key_is_sent_and_told_to_nobody(
    open_tiles: Open, wait: Wait, sized: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = tmp_path / "map.key"
    secret.write_text(f"{KEY}\n")
    statuses = [200, 404, 500, 403]
    with tile_server(lambda path: (statuses[len(server.asked) % 4], plain())) as server:
        tiles = open_tiles(of(server.url, "?tk={key}"), key_file=str(secret))
        tiles.want(ROW[:8], sized)
        wait(lambda: len(server.asked) >= 4 and tiles.take().trouble)
        assert all(path.endswith(f"?tk={KEY}") for path in server.asked)
    wait(lambda: tiles.take().trouble == "offline")  # errors of a line hold the address, too
    tiles.close()
    told = [caplog.text, *(repr(r.__dict__) for r in caplog.records), repr(tiles.source)]
    assert not any(KEY in text for text in told)
    for file in tmp_path.glob(f"{FILE}*"):
        assert KEY.encode() not in file.read_bytes()


def test_a_key_that_stands_in_an_address_is_masked_in_the_log() -> None:
    told = logs.mask(f"basemap 'https://a/{{z}}/{{x}}/{{y}}?layer=vec&tk={KEY}' not there")
    assert KEY not in told and "layer=vec" in told


def test_without_its_key_a_map_asks_for_nothing_until_there_is_one(
    open_tiles: Open, wait: Wait, sized: Make, tmp_path: Path
) -> None:
    secret = tmp_path / "map.key"
    with tile_server(good) as server:
        tiles = open_tiles(of(server.url, "?tk={key}"), key_file=str(secret))
        tiles.want([HERE], sized)
        wait(lambda: tiles.take().trouble == "no_key")
        assert server.asked == []
        secret.write_text(KEY)
        assert wait(lambda: tiles.take().ready) == {HERE: SIZE}


def test_children_are_told_where_the_key_lies_and_not_the_key(tmp_path: Path) -> None:
    secret = tmp_path / "map.key"
    secret.write_text(KEY)
    secret.chmod(0o600)
    flags = {"basemap": "tianditu_vec", "basemap_key_file": str(secret)}
    settings = Settings.load(flags, {})
    assert KEY not in str(settings.environment())
    assert source.find(Settings.load({}, settings.environment())) == source.find(settings)


# -- the proxy, and what is kept -------------------------------------------------------------------


def test_the_proxy_of_the_environment_is_asked(
    open_tiles: Open, wait: Wait, sized: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tile_server(good) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        tiles = open_tiles("http://tiles.invalid/{z}/{x}/{y}.png")
        tiles.want([HERE], sized)
        assert wait(lambda: tiles.take().ready) == {HERE: SIZE}
        assert proxy.asked == ["http://tiles.invalid/12/3415/1662.png"]


def test_what_is_kept_stays_within_its_size(
    open_tiles: Open, wait: Wait, sized: Make, tmp_path: Path, quick: Pace
) -> None:
    small = replace(quick, kept_bytes=300_000)
    clock = open_tiles(tmp_path / "none.mbtiles")._clock
    kept = Kept(tmp_path, "mark", small, clock)
    for i in range(200):
        kept.put(TileId(12, i, 0), bytes(8000))
        clock.pause(0.002)
    assert kept._size() < 320_000
    assert kept.find(TileId(12, 199, 0)) is not None
    assert kept.find(TileId(12, 0, 0)) is None
    kept.close()


def test_tiles_of_one_map_are_not_those_of_another(
    open_tiles: Open, wait: Wait, sized: Make
) -> None:
    with tile_server(good) as server:
        for form in ("", "?style=2"):
            tiles = open_tiles(of(server.url, form))
            tiles.want([HERE], sized)
            wait(lambda t=tiles: t.take().ready)
        assert len(server.asked) == 2


def test_where_nothing_can_be_kept_the_map_goes_on(
    open_tiles: Open, wait: Wait, sized: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database at all" * 100)
    with tile_server(good) as server:
        tiles = open_tiles(of(server.url))
        tiles.want(ROW, sized)
        come: dict[TileId, object] = {}
        wait(lambda: come.update(tiles.take().ready) or len(come) == len(ROW))
    assert len([r for r in caplog.records if "kept" in r.getMessage()]) == 1


def test_a_full_disk_ends_the_keeping_and_not_the_map(
    open_tiles: Open, wait: Wait, sized: Make, tmp_path: Path
) -> None:
    with tile_server(good) as server:
        tiles = open_tiles(of(server.url))
        wait(lambda: tiles.about)
        conn = tiles._origin._kept._conn  # type: ignore[union-attr]
        conn.execute("PRAGMA max_page_count=9")
        tiles.want(ROW, sized)
        come: dict[TileId, object] = {}
        wait(lambda: come.update(tiles.take().ready) or len(come) == len(ROW))


def test_kept_tiles_survive_a_program_that_was_killed(tmp_path: Path, quick: Pace) -> None:
    clock = Tiles(source.Source("x", "x", "wgs84"), tmp_path, pace=quick)._clock
    kept = Kept(tmp_path, "mark", quick, clock)
    kept.put(HERE, b"tile")  # and never closed
    again = Kept(tmp_path, "mark", quick, clock)
    found = again.find(HERE)
    assert found is not None and found.data == b"tile" and found.fresh
    with sqlite.connect(str(tmp_path / FILE)) as look:
        assert look.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    look.close()
    again.close()
    kept.close()
