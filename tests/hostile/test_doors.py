"""The other doors: lines of a station that lies, tables of an office, words in the search field."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import category

import openpyxl
import pytest
from builders import an_event
from hostile import city
from hostile.conftest import LONG
from hostile.corpus import ALL, BROKEN, MILLION, POOL, WITHOUT_LONG, label
from openpyxl.utils.exceptions import IllegalCharacterError

from commandwall import event_lists
from commandwall.config import Settings
from commandwall.events import EventNote
from commandwall.pool import schema
from commandwall.pool.imports import door
from commandwall.pool.loader import load
from commandwall.store.journal import GENESIS, Line, seal

GOOD = {
    "id": "n", "event": "e1", "text": "停\u202e水", "at": 1_795_500_000_000, "by": "", "post": "",
}  # fmt: skip


def said(**more: Any) -> str:
    return json.dumps({"records": {"eventnote": [{**GOOD, **more}]}, "seen": {}})


LIES = [
    "", "null", "[]", "{", '{"records": 7}', '{"records": {"eventnote": {"a": 1}}, "seen": {}}',
    '{"records": {"eventnote": [null, 3, []]}, "seen": {}}', said(text=None), said(at="noon"),
    said(at=1 << 70), said(at=1.5), said(event=["e1"]), said(id="bad\ud800", text="\x00"),
    said(at=float("nan")), said(at=float("inf")), '{"records": {"eventnote": [{}]}, "seen": []}',
    said(id="seen").replace('"seen": {}', '"seen": {"eventnote:seen": "x"}'),
    said().replace("eventnote", "a'; DROP TABLE journal; --"), "[" * 3000,
]  # fmt: skip


def chain(bodies: list[str]) -> list[Line]:
    made: list[Line] = []
    for seq, body in enumerate(bodies, 1):
        prev = made[-1].hash if made else GENESIS
        line = Line("liar", seq, seq << 16, "", "<b>act</b>", "陈", "x", "", prev, "", body)
        made.append(seal(line))
    return made


def test_a_station_that_lies_stops_nobody(pool: Any, station: Callable[[str], Any]) -> None:
    with pool.client() as client:
        for line in chain([*LIES, said(id="last", text="<b>真</b>")]):
            client.push([line])
    here = station("here")
    here.exchange(pool)
    notes = {n.id: n for n in here.store.read(lambda r: r.find(EventNote))}
    assert notes["last"].text == "<b>真</b>"
    assert set(notes) <= {"last", "bad\ufffd", "seen"}
    kept = here.store.read(lambda r: r.value("SELECT count(*) FROM journal"))
    assert kept == len(LIES) + 1


def test_rows_of_hostile_texts_arrive_through_the_feed_too(
    pool: Any, station: Callable[[str], Any]
) -> None:
    here = station("here")
    load(pool.owner, city.city())
    here.exchange(pool)
    for some in city.pool_records(LONG):
        load(pool.owner, some)
    here.exchange(pool)
    for name, kind in schema.city_kinds().items():
        rows = here.store.read(lambda r, kind=kind: r.find(kind))
        assert len(rows) == pool.counts()[name]
        if name == "event":
            titles = {row.title for row in rows}
            assert {text for text in city.POOL if len(text) < 1000} <= titles


def test_words_of_any_kind_find_what_holds_them_and_nothing_else(
    pool: Any, station: Callable[[str], Any]
) -> None:
    load(
        pool.owner, [an_event(id=f"e{n}", title=t, body="", address="") for n, t in enumerate(POOL)]
    )
    here = station("here")
    here.exchange(pool)
    for text in [*ALL, "a " * MILLION, "(" * MILLION, '"' * 500, "水 AND 停 OR NEAR(停 水)"]:
        found = here.desk.ask(lambda r, text=text: event_lists.search(r, text)).result(timeout=30)
        words = [w for w in text[:200].split() if w.isprintable()]
        for event in found:
            assert all(w.casefold() in event.event.title.casefold() for w in words), label(text)
    for no, text in enumerate(WITHOUT_LONG):
        if text.strip() and len(text) < 200 and text.isprintable() and "\u0430" not in text:
            found = here.desk.ask(lambda r, text=text: event_lists.search(r, text)).result(
                timeout=30
            )
            assert f"e{no}" in {e.event.id for e in found}, label(text)


COLUMNS = [
    "编号",
    "主题",
    "详情",
    "地址",
    "用户",
    "电话",
    "类别",
    "状态",
    "单位",
    "时间",
    "区",
    "经",
    "纬",
]
MAP = """
source = "12345"
datum = "gcj02"
dates = ["%Y/%m/%d"]
[columns]
source_id = "编号"
title = "主题"
body = "详情"
address = "地址"
person = "用户"
phone = "电话"
cls = "类别"
state = "状态"
unit = "单位"
reported_at = "时间"
area = "区"
lon = "经"
lat = "纬"
"""
FINE = ["1", "停水", "三栋", "花园路", "张三", "", "", "", "供水", "2026/3/1", "", "", ""]


def rows() -> list[list[str]]:
    """A fine row, then rows with one hostile cell in each column."""
    made = [FINE]
    for at in range(len(COLUMNS)):
        for text in [*WITHOUT_LONG, "长" * 50_000]:
            row = [str(len(made) + 1), *FINE[1:4], f"张{len(made)}", *FINE[5:]]
            row[at] = f"{text}{len(made)}" if at == 0 else text
            made.append(row)
    return made


def as_csv(path: Path) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows()])
    return len(rows())


def as_xlsx(path: Path) -> int:
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    kept = 0
    for row in rows():
        try:
            book.active.append([cell[:32_000] for cell in row])
        except IllegalCharacterError:
            continue
        kept += 1
    book.save(path)
    return kept


@pytest.mark.parametrize(("name", "write"), [("e.csv", as_csv), ("e.xlsx", as_xlsx)])
def test_a_table_of_hostile_cells_is_accounted_for_row_by_row(
    pool: Any, server: Any, tmp_path: Path, capsys: Any, name: str, write: Callable[[Path], int]
) -> None:
    file, mapping = tmp_path / name, tmp_path / "map.toml"
    count = write(file)
    mapping.write_text(MAP, encoding="utf-8")
    owner = server.owner_url.replace("/city?", f"/{pool.name}?")
    settings = Settings(tmp_path / "data", pool=owner, secret_file=str(server.owner_secret))
    parser = argparse.ArgumentParser()
    door.add_arguments(parser)
    asked = parser.parse_args(["table", str(file), "--map", str(mapping)])
    assert door.run(settings, asked) in (0, 1)
    ledger = (tmp_path / "data" / "imports" / f"{name}.rows.jsonl").read_text("utf-8")
    told = [json.loads(line) for line in ledger.splitlines()]
    assert len(told) == count
    held = pool.owner.execute(
        "SELECT id, title, body, address, person, unit FROM cw_event"
    ).fetchall()
    aside = pool.owner.execute("SELECT count(*) FROM cw_quarantine").fetchone()[0]
    merged = sum(t["outcome"] == "merged" for t in told)
    assert len(held) + aside + merged == count
    assert all(t["reason"] for t in told if t["outcome"] == "quarantined")
    for row in held:
        signs = {category(c) for text in row for c in text if c not in "\n\t"}
        assert not signs & {"Cc", "Cf", "Cs"}
        assert len(row[1]) <= 200
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"\x00" * 5000, b"\xff\xfe\x00\xd8", b"PK\x03\x04", *(
    t.encode("utf-8", "surrogatepass") for t in BROKEN
)], ids=lambda c: ascii(c[:12]))  # fmt: skip
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_file_that_is_no_table_is_refused_in_a_sentence(
    tmp_path: Path, capsys: Any, content: bytes, ending: str
) -> None:
    file, mapping = tmp_path / f"e.{ending}", tmp_path / "map.toml"
    file.write_bytes(content)
    mapping.write_text(MAP, encoding="utf-8")
    parser = argparse.ArgumentParser()
    door.add_arguments(parser)
    asked = parser.parse_args(["table", str(file), "--map", str(mapping)])
    assert door.run(Settings(tmp_path / "data", pool="postgresql://nowhere.invalid/x"), asked) == 2
    told = capsys.readouterr().err
    assert told.startswith("commandwall: ")
    assert "Traceback" not in told
