"""Mentions from a folder: good rows are kept once, a bad one is named by row, field and reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock

from commandwall import mentions
from commandwall.clock import DAY, HOUR, Ms, to_datetime
from commandwall.config import Settings
from commandwall.feeds import mention_file
from commandwall.feeds.mention_folder import MentionFolder
from commandwall.mentions import Mention

AT = f"{to_datetime(Ms(NOW - HOUR)):%Y-%m-%d %H:%M}"


class Passing(StillClock):
    """Its durations are moved by hand, as its time is."""

    passed = 0.0

    def monotonic(self) -> float:
        return self.passed


class Desk:
    """The watch of an agent over the folder."""

    def __init__(self, folder: Path) -> None:
        self.data, self.clock = folder, Passing()
        self.watch = MentionFolder(Settings(data_dir=folder), self.clock)
        self.watch.look()

    def bring(self, name: str, data: str | bytes) -> None:
        body = data.encode() if isinstance(data, str) else data
        (self.watch.folder / name).write_bytes(body)
        self.watch.look()
        self.clock.passed += 6
        self.watch.look()

    def kept(self) -> list[Mention]:
        return mentions.between(self.data, Ms(NOW - 40 * DAY), NOW)

    def quarantine(self) -> list[dict[str, Any]]:
        file = self.data / "quarantine" / "feeds.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield Desk(tmp_path)


def test_a_table_and_json_lines_are_kept_and_what_comes_twice_is_one(desk: Desk) -> None:
    table = f"发布时间,标题,地点,来源\n{AT},河面有蓝藻,沙浦,论坛\n"
    desk.bring("a.csv", table.encode("gb18030"))
    desk.bring("b.csv", table)
    line = {"time": f"{AT}:00+08:00", "text": "蓝藻发臭", "lon": 120.2, "lat": 31.1, "url": "u"}
    desk.bring("c.jsonl", json.dumps(line))
    kept = {one.text: one for one in desk.kept()}
    assert len(desk.kept()) == len(kept) == 2
    first, other = kept["河面有蓝藻"], kept["蓝藻发臭"]
    assert (first.place, first.source, first.at) == ("沙浦", "论坛", NOW - HOUR - (NOW % 60_000))
    assert (other.lon, other.lat, other.at) == (120.2, 31.1, first.at)
    assert sorted(f.name for f in (desk.watch.folder / "done").iterdir()) == [
        "a.csv", "b.csv", "c.jsonl",
    ]  # fmt: skip
    lamp = desk.watch.lamp()
    assert (lamp.name, lamp.newest, lamp.an_hour, lamp.refused) == ("mentions", NOW, 3, 0)


def test_bad_rows_are_named_and_the_rest_goes_on(desk: Desk) -> None:
    ahead = f"{to_datetime(Ms(NOW + DAY)):%Y-%m-%d %H:%M}"
    rows = (f"{AT},好的,,", f"{AT},,,", "昨天,蓝藻,,", f"{ahead},蓝藻,,", f"{AT},蓝藻,x,31",
            f"{AT},蓝藻,120,99", f"{AT},蓝藻,120,")  # fmt: skip
    desk.bring("a.csv", "time,text,lon,lat\n" + "\n".join(rows))
    assert [one.text for one in desk.kept()] == ["好的"]
    assert [(q["record"], q["field"], q["reason"]) for q in desk.quarantine()] == [
        (3, "text", "missing"), (4, "time", "time"), (5, "time", "ahead"), (6, "lon", "number"),
        (7, "lat", "range"), (8, "lat", "missing"),
    ]  # fmt: skip
    assert {(q["feed"], q["topic"]) for q in desk.quarantine()} == {("mentions", "a.csv")}


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("a.csv", b"when,what\n1,2\n", "header"), ("a.csv", b"", "header"),
        ("a.csv", b"\xff\xff\xff", "encoding"), ("a.jsonl", b"[1]\n{", "json"),
        ("a.jsonl", b"\n\n", "empty"), ("a.jsonl", b"[" * 100_000, "json"),
    ],
)  # fmt: skip
def test_a_file_of_which_nothing_is_good_lies_aside_with_its_reason(
    desk: Desk, name: str, body: bytes, why: str
) -> None:
    from commandwall import codes

    desk.bring(name, body)
    assert desk.kept() == []
    told = (desk.watch.folder / "refused" / f"{name}.reason").read_text(encoding="utf-8")
    assert codes.load("mention_fault")[why].zh in told
    assert desk.watch.lamp().refused == 1


def test_a_file_that_is_still_written_waits(desk: Desk) -> None:
    file = desk.watch.folder / "slow.csv"
    for part in ("time,text\n", f"{AT},蓝", "藻\n"):
        with file.open("a") as out:
            out.write(part)
        desk.clock.passed += 3
        desk.watch.look()
    assert desk.kept() == []
    desk.clock.passed += 6
    desk.watch.look()
    assert [one.text for one in desk.kept()] == ["蓝藻"]


def test_what_is_old_is_let_go_and_a_half_line_is_none(desk: Desk) -> None:
    old = Mention("old", Ms(NOW - 60 * DAY), "旧事")
    mentions.keep(desk.data, [old])
    desk.bring("a.csv", f"time,text\n{AT},蓝藻\n")
    room = desk.data / "mentions" / "kept"
    (file,) = room.iterdir()
    with file.open("a") as out:
        out.write('{"id": "half", "at": 1')
    assert [one.text for one in desk.kept()] == ["蓝藻"]


def test_too_many_rows_or_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from commandwall import codes

    limits = {"mention_rows": 3, "mention_bytes": 60, "mention_ahead_minutes": 10}
    monkeypatch.setattr(codes, "limit", lambda name, on=None: limits[name])
    many = mention_file.read(b"time,text\n" + b"2026-01-01,a\n" * 4, "a.csv", NOW)
    assert [fault.why for fault in many.faults] == ["size"]
    limits["mention_bytes"] = 10_000
    many = mention_file.read(b"time,text\n" + b"2026-01-01,a\n" * 4, "a.csv", NOW)
    assert (len(many.mentions), many.faults[0].why) == (2, "rows")
