"""`commandwall backup`: copies of a journal in use, looked at as a whole, and put back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as sqlite

from commandwall import cli, incidents
from commandwall.clock import Clock
from commandwall.config import REFUSED
from commandwall.desk import Desk
from commandwall.incidents import Incident, Opening
from commandwall.store import backup, check, quarantine
from commandwall.store.migrate import open_store


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(open_store(tmp_path)) as store, closing(Desk(store, Clock())) as desk:
        desk.take_post("chief", "陈").result()
        yield desk


def act(desk: Desk, title: str) -> None:
    opening = Opening(title=title, kind="fire", area="320281", place="江边", lon=120.3, lat=31.9)
    desk.do(incidents.open_incident, opening=opening).result()


def titles(desk: Desk) -> set[str]:
    return {i.title for i in desk.ask(lambda r: r.find(Incident)).result()}


def command(folder: Path, *words: str) -> int:
    return cli.run(["--data-dir", str(folder), "backup", *words], lambda *_: 1)


def the_backup(folder: Path) -> Path:
    (file,) = backup.files(folder)
    return file


def edit(file: Path) -> None:
    """Change what the third line says, as somebody with an editor would."""
    with closing(sqlite.connect(str(file), isolation_level=None)) as raw:
        raw.execute("UPDATE journal SET person = '李' WHERE seq = 3")


def test_a_copy_made_while_acts_are_done_is_whole(desk: Desk, tmp_path: Path) -> None:
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            act(desk, "火情")

    busy = threading.Thread(target=work)
    busy.start()
    try:
        assert command(tmp_path, "now") == 0
    finally:
        over.set()
        busy.join()
    found, fault = backup.look(the_backup(tmp_path))
    assert fault is None and found is not None


def test_check_says_how_many_lines_verify_and_names_the_first_that_was_edited(
    desk: Desk, tmp_path: Path, capsys: Any
) -> None:
    for no in range(5):
        act(desk, f"火情{no}")
    command(tmp_path, "now")
    assert command(tmp_path, "check") == 0
    assert "5 lines that verify" in capsys.readouterr().out
    edit(the_backup(tmp_path))
    assert command(tmp_path, "check") == REFUSED
    assert f"line 3 of {desk.origin} head was changed" in capsys.readouterr().out
    assert command(tmp_path, "restore", str(the_backup(tmp_path))) == REFUSED
    assert quarantine.harms(tmp_path) == []


def test_a_restored_station_keeps_what_it_did_since_and_takes_a_new_name(
    desk: Desk, tmp_path: Path, capsys: Any
) -> None:
    act(desk, "之前")
    command(tmp_path, "now")
    act(desk, "之后")
    old = desk.origin
    assert command(tmp_path, "restore", "newest") == 0
    assert "0 lines are missing" in capsys.readouterr().out
    assert titles(desk) == {"之前", "之后"} and desk.origin != old
    act(desk, "继续")
    assert check.journal(tmp_path / "wall.db") is None
    assert [harm.code for harm in quarantine.harms(tmp_path)] == ["restored"]


def test_a_new_machine_begins_with_a_copy_from_another_disk(desk: Desk, tmp_path: Path) -> None:
    act(desk, "之前")
    assert command(tmp_path, "now", "--into", str(tmp_path / "stick")) == 0
    (copy,) = (tmp_path / "stick").glob("*.db")
    fresh = tmp_path / "fresh"
    assert command(fresh, "restore", str(copy)) == 0
    with closing(open_store(fresh)) as store, closing(Desk(store, Clock())) as other:
        assert titles(other) == {"之前"} and other.origin != desk.origin
        assert other.person == "陈"


def test_an_edited_line_is_named_and_taken_from_the_backup(desk: Desk, tmp_path: Path) -> None:
    for no in range(5):
        act(desk, f"火情{no}")
    command(tmp_path, "now")
    edit(tmp_path / "wall.db")
    fault = check.journal(tmp_path / "wall.db")
    assert fault is not None and f"line 3 of {desk.origin}" in fault.detail
    assert command(tmp_path, "restore", "newest") == 0
    assert check.journal(tmp_path / "wall.db") is None
    assert titles(desk) == {f"火情{no}" for no in range(5)}


def test_without_a_journal_or_a_backup_a_sentence_says_so(tmp_path: Path, capsys: Any) -> None:
    assert command(tmp_path, "now") == REFUSED
    assert "no journal yet" in capsys.readouterr().err
    assert command(tmp_path, "restore", "newest") == REFUSED
    assert "no backup that is sound" in capsys.readouterr().err


def test_the_oldest_go_and_the_newest_stay(desk: Desk, tmp_path: Path) -> None:
    command(tmp_path, "now")
    for no in range(3):
        (tmp_path / "backup" / f"wall-20200101-00000{no}.db").write_bytes(b"old")
    backup.prune(tmp_path / backup.FOLDER, 2)
    names = [file.name for file in backup.files(tmp_path)]
    assert len(names) == 2 and names[1] == "wall-20200101-000002.db"
