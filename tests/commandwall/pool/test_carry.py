"""Two stations without a line between them, and a stick."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from builders import an_event, finish
from station import Station, exchange

from commandwall import carry, events
from commandwall.carry import CarryTrouble
from commandwall.config import REFUSED, Settings
from commandwall.events import EventNote
from commandwall.picture import Picture
from commandwall.pool.loader import load
from commandwall.store.tables import Conflict
from commandwall.world import World

ROOT = Path(__file__).parents[3]
WORD = "it's 口令"


def world(station: Station) -> World:
    return World(station.store, station.clock, station.desk, Picture())


@pytest.fixture
def pair(pool: Any, station: Any) -> Any:
    """Two stations that met the pool once, and are cut off from it."""
    load(pool.owner, [an_event()])
    back, front = station("back"), station("front")
    with pool.client() as one, pool.client() as two:
        back.meet(one)
        front.meet(two)
    return back, front


def test_a_stick_brings_what_was_done_and_the_answer_back(
    pair: Any, pool: Any, tmp_path: Path
) -> None:
    back, front = pair
    back.do(events.accept, event="e1")
    back.do(events.dispatch, event="e1", unit="供水")
    there, here = tmp_path / "there", tmp_path / "here"
    told = carry.out(world(back), there, WORD)
    assert carry.take(world(front), there, WORD) == told
    assert front.work().unit == "供水"
    front.do(events.note, event="e1", text="已到场")
    finish(front.desk, "e1", "已修复")
    carry.out(world(front), here, WORD)
    assert carry.take(world(back), here, WORD).lines == 4  # note, sign, feed back, verify
    assert back.work() == front.work() and back.work().state == "CLOSED"
    with pool.client() as one, pool.client() as two:  # the pool is back
        ours, theirs = back.meet(one), front.meet(two)
        for link in (ours, theirs, ours):
            exchange(link)
        heads = back.store.read(lambda r: dict(r.rows("SELECT origin, seq FROM head")))
        assert one.heads() == heads
    for station in pair:
        assert len(station.store.read(lambda r: r.find(EventNote))) == 1
        assert station.store.read(lambda r: r.find(Conflict)) == []
        assert station.work().state == "CLOSED"


def test_the_same_stick_twice_brings_nothing(pair: Any, tmp_path: Path) -> None:
    back, front = pair
    back.do(events.accept, event="e1")
    carry.out(world(back), tmp_path / "a", WORD)
    assert carry.take(world(front), tmp_path / "a", WORD).lines == 1
    assert carry.take(world(front), tmp_path / "a", WORD).lines == 0


def test_two_who_wrote_the_same_unseen_see_both(pair: Any, tmp_path: Path) -> None:
    back, front = pair
    back.do(events.dispatch, event="e1", unit="供水")
    front.do(events.dispatch, event="e1", unit="消防")
    for giver, taker, name in ((back, front, "a"), (front, back, "b")):
        carry.out(world(giver), tmp_path / name, WORD)
        carry.take(world(taker), tmp_path / name, WORD)
    (one,), (other,) = (s.store.read(lambda r: r.find(Conflict)) for s in pair)
    assert one == other and back.work() == front.work()


def test_nobody_reads_it_without_the_passphrase(pair: Any, tmp_path: Path) -> None:
    back, front = pair
    back.do(events.dispatch, event="e1", unit="秘密单位")
    file = tmp_path / "a"
    carry.out(world(back), file, WORD)
    assert "秘密单位".encode() not in file.read_bytes() and file.stat().st_mode & 0o077 == 0
    with pytest.raises(CarryTrouble, match="passphrase"):
        carry.take(world(front), file, "another")
    assert front.work() is None


@pytest.mark.parametrize("at", [0.3, 0.6, 0.9])
def test_a_byte_that_changed_is_noticed_and_nothing_taken(
    pair: Any, tmp_path: Path, at: float
) -> None:
    back, front = pair
    for _ in range(30):
        back.do(events.note, event="e1", text="字" * 200)
    file = tmp_path / "a"
    carry.out(world(back), file, WORD)
    spoilt = bytearray(file.read_bytes())
    spoilt[int(len(spoilt) * at)] ^= 1
    file.write_bytes(spoilt)
    with pytest.raises(CarryTrouble):
        carry.take(world(front), file, WORD)
    assert front.store.read(lambda r: r.find(EventNote)) == []


def test_a_file_that_is_there_is_not_written_over(pair: Any, tmp_path: Path) -> None:
    back, _ = pair
    (tmp_path / "a").write_text("kept")
    with pytest.raises(CarryTrouble, match="exists"):
        carry.out(world(back), tmp_path / "a", WORD)
    assert [p.name for p in tmp_path.glob("a*")] == ["a"]


def test_lines_without_their_text_are_not_taken(pair: Any, tmp_path: Path) -> None:
    """They would be known from then on, and their text would never come."""
    back, front = pair
    back.do(events.accept, event="e1")
    with back.store.write(back.clock.now()) as tx:
        tx.run("UPDATE journal SET body = NULL WHERE seq = ?", [(1,)])
    carry.out(world(back), tmp_path / "a", WORD)
    with pytest.raises(CarryTrouble, match="own area"):
        carry.take(world(front), tmp_path / "a", WORD)
    assert front.work() is None


def test_lines_of_another_city_are_refused(pair: Any, tmp_path: Path) -> None:
    back, front = pair
    assert front.mirror is not None
    front.mirror.note(city="another")
    carry.out(world(back), tmp_path / "a", WORD)
    with pytest.raises(CarryTrouble, match="another city"):
        carry.take(world(front), tmp_path / "a", WORD)


LOOSE = (
    "CREATE TABLE other AS SELECT * FROM line; DROP TABLE line; ALTER TABLE other RENAME TO line;"
)
ENDLESS = """
DROP TABLE line; CREATE VIEW line AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
    SELECT x AS no, 'o' AS origin, x AS seq, x AS hlc, '' AS scope, '' AS act, '' AS person,
    '' AS post, '' AS body_hash, '' AS prev, '' AS hash, '' AS body FROM n;
"""
"""Lines without end."""


def test_a_file_that_another_hand_made_is_refused_in_a_sentence_and_nothing_taken(
    pair: Any, tmp_path: Path
) -> None:
    back, front = pair
    back.do(events.accept, event="e1")
    back.do(events.dispatch, event="e1", unit="供水")
    carry.out(world(back), tmp_path / "a", WORD)
    for sql, said in (
        ("DELETE FROM about WHERE key = 'city'", "lacks"),
        ("UPDATE about SET value = 'noon' WHERE key = 'at'", "lacks"),
        ("DROP TABLE line", "lacks"),
        (ENDLESS, "lacks"),
        (f"{LOOSE} UPDATE line SET seq = 'x'", "line 1 is none"),
        (f"{LOOSE} UPDATE line SET body = x'ff' WHERE seq = 2", "line 2 is none"),
        (f"{LOOSE} UPDATE line SET origin = NULL", "line 1 is none"),
        ("UPDATE line SET hlc = 9223372036854775807", "no sound head"),
        ("UPDATE line SET person = 'a' || char(0) WHERE seq = 2", "line 2 has no sound head"),
    ):
        file = tmp_path / "b"
        shutil.copy(tmp_path / "a", file)
        with closing(carry._open(file, WORD)) as conn:
            conn.executescript(sql)
        with pytest.raises(CarryTrouble, match=said):
            carry.take(world(front), file, WORD)
    assert front.work() is None
    with closing(carry._open(tmp_path / "a", WORD)) as conn:
        conn.executescript("INSERT INTO line SELECT no + 10, origin, seq, hlc, scope, act, person,"
                           " post, body_hash, prev, hash, body FROM line")  # fmt: skip
    assert carry.take(world(front), tmp_path / "a", WORD).lines == 2
    assert front.work().unit == "供水"


def test_by_the_command_line_beside_a_station_at_work(pair: Any, tmp_path: Path) -> None:
    back, front = pair
    back.do(events.accept, event="e1")
    (tmp_path / "word").write_text(WORD, encoding="utf-8")

    def command(station: Station, way: str) -> subprocess.CompletedProcess[str]:
        words = ["--data-dir", str(station.folder), "carry", way, str(tmp_path / "stick")]
        return subprocess.run(
            [sys.executable, "-m", "main", *words, "--passphrase-file", str(tmp_path / "word")],
            cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    assert command(back, "out").returncode == 0
    done = command(front, "in")
    assert done.returncode == 0 and "1 条" in done.stdout, done.stderr
    assert front.work().state == "ACCEPTED"
    assert command(back, "out").returncode == 1


def test_a_disk_at_fault_is_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder in the place of the journal is what SQLite cannot open, as a broken disk is."""
    passphrase, folder = tmp_path / "passphrase", tmp_path / "broken"
    passphrase.write_text(WORD, encoding="utf-8")
    (folder / "wall.db").mkdir(parents=True)
    settings = Settings(data_dir=folder)
    assert carry.run(settings, "out", tmp_path / "stick", passphrase) == REFUSED
    assert capsys.readouterr().err.startswith("commandwall: ")
