"""The folder of warnings: what lies there is taken once, and nothing that lies there is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cap as said
import pytest
from builders import NOW, StillClock

from commandwall.clock import HOUR, MINUTE
from commandwall.config import Settings
from commandwall.desk import Desk
from commandwall.feeds.folder import WarningFolder
from commandwall.public_warnings import PublicWarning
from commandwall.store import lines
from commandwall.store.database import FULL, StoreTrouble
from commandwall.store.migrate import open_store


class Passing(StillClock):
    """Its durations are moved by hand, as its time is."""

    passed = 0.0

    def monotonic(self) -> float:
        return self.passed


class Bureau:
    """A station and the folder into which a bureau puts its files."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.settings = Settings(data_dir=folder, **settings)
        self.clock = Passing()
        self.store = open_store(folder)
        self.desk = Desk(self.store, self.clock)
        self.begin()

    def begin(self) -> None:
        """An agent's watch over the folder, as after each start."""
        self.watch = WarningFolder(self.settings, self.desk, self.clock)
        self.place = self.watch.folder
        self.watch.look()

    def put(self, name: str, data: bytes) -> Path:
        file = self.place / name
        file.write_bytes(data)
        return file

    def look(self) -> None:
        self.watch.look()

    def kept(self) -> list[str]:
        found = self.store.read(lambda r: r.find(PublicWarning))
        return sorted(w.identifier for w in found)

    def lines(self) -> list[str]:
        own = self.desk.origin
        return [line.act for line in self.store.read(lambda r: lines.unsent(r, own, 0))]

    def lying(self, name: str = "") -> list[str]:
        return sorted(f.name for f in (self.place / name).iterdir() if f.is_file())

    def reason(self, name: str) -> str:
        return (self.place / "refused" / f"{name}.reason").read_text(encoding="utf-8")

    def close(self) -> None:
        self.desk.close()
        self.store.close()


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


def test_a_file_is_taken_at_once_and_its_line_goes_to_the_city(bureau: Bureau) -> None:
    bureau.put("a.xml", said.alert(NOW - 2000))
    bureau.look()
    assert bureau.kept() == ["LJ-1"] and bureau.lines() == ["take_warnings"]
    assert bureau.lying() == [] and bureau.lying("done") == ["a.xml"]
    lamp = bureau.watch.lamp()
    assert (lamp.at, lamp.newest, lamp.lag_s, lamp.an_hour) == (NOW, NOW, 2.0, 1)
    assert (lamp.refused, lamp.trouble) == (0, "")


def test_what_was_taken_and_not_moved_is_taken_once(bureau: Bureau) -> None:
    """As after a kill between the two."""
    data = said.alert(NOW)
    bureau.put("a.xml", data)
    bureau.look()
    bureau.put("a.xml", data)
    bureau.begin()
    assert bureau.lines() == ["take_warnings"]
    assert bureau.lying("done") == ["a-2.xml", "a.xml"]


def test_a_bad_one_lies_aside_with_its_reason_and_keeps_no_other_back(bureau: Bureau) -> None:
    bureau.put("bad.xml", said.alert(NOW, said.info(NOW, severity="Bad")))
    bureau.put("good.xml", said.alert(NOW, identifier="LJ-2"))
    bureau.look()
    assert bureau.kept() == ["LJ-2"]
    assert bureau.lying("refused") == ["bad.xml", "bad.xml.reason"]
    told = bureau.reason("bad.xml")
    assert "alert/info/severity" in told and "Bad" in told and "不在 CAP 1.2" in told
    assert bureau.watch.lamp().refused == 1


def test_a_half_written_file_waits_until_it_is_whole(bureau: Bureau) -> None:
    data = said.alert(NOW)
    file = bureau.put("slow.xml", data[:300])
    for _ in range(5):
        bureau.clock.passed += 6  # longer in all than an untouched one waits
        bureau.look()
        with file.open("ab") as more:
            more.write(b" ")
    assert bureau.lying() == ["slow.xml"] and bureau.lying("refused") == []
    bureau.put("slow.xml", data)
    bureau.look()
    assert bureau.kept() == ["LJ-1"] and bureau.lying("done") == ["slow.xml"]


def test_one_that_nobody_finishes_is_refused_after_a_while(bureau: Bureau) -> None:
    bureau.put("cut.xml", said.alert(NOW)[:300])
    bureau.look()
    bureau.clock.passed += 9
    bureau.look()
    assert bureau.lying() == ["cut.xml"]
    bureau.clock.passed += 2
    bureau.look()
    assert bureau.lying("refused") == ["cut.xml", "cut.xml.reason"]


def test_what_expired_on_its_way_is_kept(bureau: Bureau) -> None:
    old = said.info(NOW - 9 * HOUR, expires=said.stamp(NOW - HOUR))
    bureau.put("old.xml", said.alert(NOW - 9 * HOUR, old))
    bureau.look()
    assert bureau.kept() == ["LJ-1"]


def test_no_message_is_of_the_future_and_none_says_another_thing(bureau: Bureau) -> None:
    bureau.put("1.xml", said.alert(NOW + 6 * MINUTE, identifier="LJ-9"))
    bureau.put("2.xml", said.alert(NOW))
    bureau.look()
    bureau.put("3.xml", said.alert(NOW, said.info(NOW, headline="红色")))
    bureau.look()
    assert bureau.kept() == ["LJ-1"] and bureau.lying("done") == ["2.xml"]
    assert "alert/sent" in bureau.reason("1.xml")
    assert "alert/identifier" in bureau.reason("3.xml")


def test_an_answer_to_a_message_warns_of_nothing(bureau: Bureau) -> None:
    bureau.put("ack.xml", said.alert(NOW, infos="", msgType="Ack"))
    bureau.look()
    assert bureau.kept() == [] and bureau.lying("done") == ["ack.xml"]


def test_only_named_senders_may_warn_where_they_are_named(tmp_path: Path) -> None:
    made = Bureau(tmp_path, warnings_from=f"{said.SENDER}, flood@linjiang.example")
    made.put("1.xml", said.alert(NOW))
    made.put("2.xml", said.alert(NOW, sender="else@where.example"))
    made.look()
    assert made.lying("done") == ["1.xml"] and "alert/sender" in made.reason("2.xml")
    made.close()


def test_links_pipes_folders_and_hidden_files_are_left(bureau: Bureau) -> None:
    (bureau.place / "link.xml").symlink_to("/etc/passwd")
    os.mkfifo(bureau.place / "pipe.xml")
    bureau.put(".new.xml", said.alert(NOW))
    bureau.look()
    assert bureau.kept() == [] and bureau.lying("refused") == []


def test_a_folder_of_the_city_that_is_gone_is_a_trouble_until_it_is_back(tmp_path: Path) -> None:
    made = Bureau(tmp_path / "data", warnings_folder=str(tmp_path / "bureau"))
    assert made.watch.lamp().trouble and not made.watch.lamp().at
    (tmp_path / "bureau").mkdir()
    made.put("a.xml", said.alert(NOW))
    made.look()
    assert made.kept() == ["LJ-1"] and not made.watch.lamp().trouble
    made.close()


def test_what_the_disk_has_no_room_for_waits(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise StoreTrouble(FULL, "no room")

    bureau.put("a.xml", said.alert(NOW))
    with monkeypatch.context() as patched:
        patched.setattr(bureau.desk, "run", full)
        bureau.look()
    assert bureau.lying() == ["a.xml"] and "no room" in bureau.watch.lamp().trouble
    bureau.clock.passed += 11
    bureau.look()
    assert bureau.kept() == ["LJ-1"] and not bureau.watch.lamp().trouble


def test_a_flood_of_files_is_taken_in_turns_and_none_is_lost(bureau: Bureau) -> None:
    for n in range(45):
        bureau.put(f"{n:02}.xml", said.alert(NOW, identifier=f"LJ-{n:02}"))
    bureau.look()
    assert len(bureau.kept()) == 20
    for _ in range(2):
        bureau.look()
    assert len(bureau.kept()) == 45 and bureau.lying() == []
