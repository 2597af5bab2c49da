"""What the look at a journal finds in a file whose pages are sound."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import zlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlite
from builders import an_event

from commandwall import incidents, platform
from commandwall.clock import Clock
from commandwall.desk import Desk
from commandwall.events import EventNote
from commandwall.guard import GUARD_LOCK
from commandwall.incidents import Incident, Opening
from commandwall.store import backup, check, lines
from commandwall.store.database import StoreTrouble
from commandwall.store.guard import BACKUP, look
from commandwall.store.journal import seal
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror
from commandwall.store.store import Tx

OTHER = """
import sys, sqlcipher3.dbapi2 as sqlite
other = sqlite.connect(sys.argv[1], isolation_level=None)
other.execute("INSERT OR REPLACE INTO setting VALUES ('a', '1')")
print("open", flush=True)
sys.stdin.readline()
"""
EDITS = {
    "a record is changed": "UPDATE incident SET title = '小火'",
    "a record is gone": "DELETE FROM incident",
    "a record is said to be written later": "UPDATE version SET hlc = hlc + 512",
    "a record is said to be written elsewhere": "UPDATE version SET origin = 'd' || origin",
    "another record is said to be written": "UPDATE version SET record = record || 'd'",
    "a head stands still": "UPDATE head SET seq = seq - 1",
    "a text of what no line covers is none": (
        "INSERT INTO changed(kind, id) VALUES ('incident', CAST(x'77e474' AS TEXT))"
    ),
}


@pytest.mark.parametrize("sql", EDITS.values(), ids=EDITS.keys())
def test_an_edit_beside_the_lines_is_found_and_mended(tmp_path: Path, sql: str) -> None:
    file = tmp_path / "wall.db"
    with closing(open_store(tmp_path)) as store, closing(Desk(store, Clock())) as desk:
        desk.take_post("chief", "陈").result()
        opening = Opening(title="大火", kind="fire", area="320281", place="江边", lon=1.0, lat=2.0)
        desk.do(incidents.open_incident, opening=opening).result()
    assert check.journal(file) is None
    edit(tmp_path, sql)
    assert [name for name, _ in look(tmp_path)] == ["wall.db"]
    assert check.journal(file) is None
    with closing(open_store(tmp_path)) as store:
        assert [i.title for i in store.read(lambda r: r.find(Incident))] == ["大火"]


def test_a_line_that_tells_of_many_records_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was once for each of them: a journal of large lines held the look up for a minute."""
    read: list[int] = []
    contents = check.contents
    monkeypatch.setattr(check, "contents", lambda line: read.append(line.seq) or contents(line))
    with closing(open_store(tmp_path)) as store, closing(Desk(store, Clock())) as desk:
        for no in range(3):
            desk.run(note, {"keys": [f"n{no}-{i}" for i in range(50)]})
    assert check.journal(tmp_path / "wall.db") is None
    assert sorted(read) == [1, 2, 3]
    edit(tmp_path, "UPDATE eventnote SET text = '改' WHERE id = 'n1-30'")
    fault = check.journal(tmp_path / "wall.db")
    assert fault is not None and fault.detail.startswith("eventnote:n1-30 is not as line 2 of")


def test_two_lines_of_one_clock_are_no_damage(tmp_path: Path) -> None:
    """A station may say so, and its lines verify: else each hour would find, and mend, the file."""
    with closing(open_store(tmp_path / "there")) as other, closing(Desk(other, Clock())) as desk:
        desk.run(note, {"keys": ["n1"]})
        desk.run(note, {"keys": ["n2"]})
        first, second = other.read(lambda r: lines.unsent(r, desk.origin, 0))
    second = seal(replace(second, hlc=first.hlc, prev=first.hash))
    with closing(open_store(tmp_path)) as store, closing(Desk(store, Clock())) as desk:
        desk.receive([first, second])
    assert check.journal(tmp_path / "wall.db") is None
    edit(tmp_path, "DELETE FROM eventnote WHERE id = 'n1'")
    assert check.journal(tmp_path / "wall.db") is not None


def note(tx: Tx, keys: list[str]) -> None:
    tx.put(*(EventNote(key, "e1", "记", tx.now, "", "") for key in keys))


def edit(folder: Path, sql: str) -> None:
    with closing(sqlite.connect(str(folder / "wall.db"), isolation_level=None)) as raw:
        raw.execute(sql)


def test_a_text_that_is_none_is_told_by_whoever_reads_it_and_found(tmp_path: Path) -> None:
    """One bit may do it; SQLite's own check takes any bytes for a text."""
    mirror = Mirror(tmp_path / "mirror-1.db")
    row = tuple(getattr(an_event(), name) for name in an_event().__slots__)
    mirror.take({"event": [row]}, {}, cursor="1")
    assert check.mirror(mirror.path) is None
    with closing(sqlite.connect(str(mirror.path), isolation_level=None)) as raw:
        raw.execute("UPDATE event SET cls = CAST(x'77e4746572' AS TEXT)")
    with pytest.raises(StoreTrouble, match="damaged"):
        mirror.take({"event": [row]}, {}, cursor="2")
    mirror.close()
    assert (fault := check.mirror(mirror.path)) is not None
    assert "cls" in fault.detail


def test_files_are_looked_at_and_copied_also_while_the_wall_is_guarded(tmp_path: Path) -> None:
    """`commandwall guard` holds a lock of its own for as long as it lives."""
    open_store(tmp_path).close()
    with platform.lock(tmp_path / GUARD_LOCK) as held:
        assert held
        command = [sys.executable, "-m", "commandwall.store.guard", str(tmp_path), BACKUP]
        subprocess.run(command, check=True, timeout=60)
    assert len(backup.files(tmp_path)) == 1


def test_what_a_killed_writer_left_in_the_log_is_no_damage(tmp_path: Path) -> None:
    """It had written its pages, and was killed before the index said so: the other program writes
    over the first of them, and the rest stays behind, sound in itself."""
    here, twin = tmp_path / "here", tmp_path / "twin"
    with closing(open_store(here)):
        pass
    with closing(sqlite.connect(str(here / "wall.db"), isolation_level=None)) as other:
        other.execute("INSERT OR REPLACE INTO setting VALUES ('a', '1')")
        shutil.copytree(here, twin)
        leave_behind(here, twin)
        other.execute("INSERT OR REPLACE INTO setting VALUES ('a', '2')")
        assert check.broken_off(here / "wall.db") is None
        shutil.copytree(here, tmp_path / "killed")
    assert check.broken_off(tmp_path / "killed" / "wall.db") is None
    damaged = tmp_path / "killed" / "wall.db-wal"
    held = bytearray(damaged.read_bytes())
    held[check.WAL_HEAD + check.WAL_FRAME + 100] ^= 1
    damaged.write_bytes(held)
    assert check.broken_off(tmp_path / "killed" / "wall.db") is not None


def test_what_a_disk_refused_is_no_damage_while_others_have_the_file_open(tmp_path: Path) -> None:
    """Pages that were written and not synced, and then some of them again: the index says how far
    others go. Else whoever opens the file beside a station at work makes it anew."""
    here = tmp_path / "here"
    with closing(open_store(here)):
        pass
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(here / "wall.db")], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None and other.stdout.readline() == "open\n"
        refused = {many: tmp_path / f"twin{many}" for many in (10, 3)}
        for twin in refused.values():
            shutil.copytree(here, twin)
        for many, twin in refused.items():
            leave_behind(here, twin, many)
        assert check.broken_off(here / "wall.db") is None
        shutil.copytree(here, tmp_path / "killed")
        other.communicate("\n")
    assert check.broken_off(tmp_path / "killed" / "wall.db") is not None
    (tmp_path / "killed" / "wall.db-shm").unlink()  # as after a power cut
    assert check.broken_off(tmp_path / "killed" / "wall.db") is not None


def leave_behind(here: Path, twin: Path, many: int = 10) -> None:
    """A long transaction in the log of a file that others have open, and of which they never hear:
    it was made in a copy."""
    log = twin / "wall.db-wal"
    before = log.stat().st_size
    with closing(sqlite.connect(str(twin / "wall.db"), isolation_level=None)) as raw:
        rows = [(str(no), "x" * 3000) for no in range(many)]
        raw.execute("BEGIN")
        raw.executemany("INSERT INTO setting VALUES (?, ?)", rows)
        raw.execute("COMMIT")
        written = log.read_bytes()
    with (here / "wall.db-wal").open("r+b") as file:
        file.seek(before)
        file.write(written[before:])


def test_a_log_that_was_cut_off_behind_a_transaction_is_told(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "here")):
        pass
    with closing(sqlite.connect(str(tmp_path / "here" / "wall.db"), isolation_level=None)) as raw:
        raw.execute("INSERT OR REPLACE INTO setting VALUES ('a', '1')")
        before = (tmp_path / "here" / "wall.db-wal").stat().st_size
        raw.execute("INSERT OR REPLACE INTO setting VALUES ('a', '2')")
        shutil.copytree(tmp_path / "here", tmp_path / "killed")
    os.truncate(tmp_path / "killed" / "wall.db-wal", before)
    assert check.broken_off(tmp_path / "killed" / "wall.db") is not None


def test_a_history_that_ends_within_a_page_is_damaged_and_not_the_disk(tmp_path: Path) -> None:
    """SQLite reads the rest of a long value past its own pages: its look at these finds nothing,
    and the value itself is said not to be readable for the disk."""
    file = tmp_path / "telemetry.db"
    with closing(sqlite.connect(str(file), isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        for table in ("latest", "tail", "chunk"):
            raw.execute(f"CREATE TABLE {table}(series TEXT, body BLOB)")
        body = zlib.compress(random.Random(1).randbytes(20_000))
        raw.execute("INSERT INTO chunk VALUES ('readings', ?)", (body,))
    assert check.history(file) is None
    os.truncate(file, file.stat().st_size - 1000)
    fault = check.history(file)
    assert fault is not None and "within a page" in str(fault)
