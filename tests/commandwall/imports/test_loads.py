"""`commandwall import table`: differences, what is gone, batches that can be taken back, kills."""

from __future__ import annotations

import csv
import random
import sqlite3
import time

import pytest
from openpyxl import Workbook
from shell import Shell, started

HEAD = "编号,标题,时间,状态\n"
EVENTS = """
source = "12345"
system = "hotline"
whole = true
table = "orders"
dates = ["%Y/%m/%d"]
[columns]
source_id = "编号"
title = "标题"
reported_at = "时间"
state = "状态"
[states]
"待办" = "NEW"
"在办" = "DISPATCHED"
"办结" = "CLOSED"
"""
PLACES = """
source = "safety-cloud"
kind = "place"
prefix = "aqy-"
datum = "gcj02"
[columns]
id = "企业编码"
name = ["企业名称", "单位名称"]
kind = "类别"
lon = "经度"
lat = "纬度"
capacity = "从业人数"
[defaults]
kind = "firm"
[values.kind]
"危化企业" = "hazard"
"""


@pytest.fixture
def shell(server, tmp_path):
    return Shell(server, tmp_path)


@pytest.fixture
def mapping(shell):
    return shell.file("map.toml", EVENTS)


def a_table(rows, state="待办"):
    return HEAD + "".join(f"{n},主题{n},2026/3/1,{state}\n" for n in rows)


def load(shell, mapping, text, *more, name="orders.csv"):
    return shell.run("table", shell.file(name, text), "--mapping", mapping, *more)


def outbox(shell):
    (count,) = shell.ask("SELECT count(*) FROM cw_outbox WHERE kind = 'event'")[0]
    return count


def test_of_a_nightly_table_only_what_is_new_changed_or_gone_reaches_the_walls(
    shell, mapping, capsys
):
    assert load(shell, mapping, a_table(range(300))) == 0
    before = outbox(shell)
    text = a_table(range(5, 302)).replace("17,主题17,", "17,停水,")
    assert load(shell, mapping, text) == 0
    assert outbox(shell) - before == 1 + 2 + 5
    assert "来源已无，移除: 5" in capsys.readouterr().out
    ids = {int(i) for (i,) in shell.ask("SELECT source_id FROM cw_event")}
    assert ids == set(range(5, 302))
    assert load(shell, mapping, text) == 0
    assert outbox(shell) - before == 8


def test_half_a_table_is_refused_before_anything_is_written(shell, mapping, capsys):
    load(shell, mapping, a_table(range(300)))
    before = outbox(shell)
    half = a_table(range(150)).replace("17,主题17,", "17,停水,")
    assert load(shell, mapping, half) == 2
    assert "300 行中的 150 行" in capsys.readouterr().err
    assert load(shell, mapping, HEAD) == 2
    assert outbox(shell) == before
    capsys.readouterr()
    shell.run("batches")
    assert "300 行中的 150 行" in capsys.readouterr().out
    assert load(shell, mapping, half, "--yes-remove") == 0
    assert outbox(shell) == before + 151


def test_a_row_that_is_refused_is_still_there(shell, mapping):
    load(shell, mapping, a_table(range(3)))
    assert load(shell, mapping, a_table(range(2)) + "2,主题2,三月,待办\n") == 1
    assert shell.ask("SELECT count(*) FROM cw_event") == [(3,)]
    assert load(shell, mapping, a_table(range(3))) == 0
    assert aside(shell) == 0


def test_what_was_refused_goes_with_the_next_whole_table_under_whatever_name(shell, mapping):
    """A nightly table carries the day in its name; the page 同步 counted its old rows for ever."""
    places = shell.file("places.toml", PLACES)
    load(shell, mapping, a_table(range(2)) + "2,主题2,三月,待办\n", name="orders-1126.csv")
    firms = "企业编码,企业名称,类别,经度,纬度,从业人数\n1,甲,楼,120.27,31.92,1\n"
    wrong = shell.file("firms.csv", firms)
    shell.run("table", wrong, "--mapping", places, "--source", "hotline")
    assert aside(shell) == 2
    load(shell, mapping, a_table(range(3)), name="orders-1127.csv")
    assert shell.ask("SELECT kind, file FROM cw_quarantine") == [("place", "firms.csv")]


def test_what_was_refused_goes_by_the_word_of_a_person(shell, mapping, capsys):
    load(shell, mapping, a_table(range(2)) + "2,主题2,三月,待办\n")
    assert shell.run("quarantine", "--forget") == 2  # of all loads at once: nobody has read that
    assert "--batch" in capsys.readouterr().err and aside(shell) == 1
    assert shell.run("quarantine", "--forget", "--batch", "1") == 0
    assert "批次 1: 不再保留的隔离行 1" in capsys.readouterr().out and aside(shell) == 0
    load(shell, mapping, a_table(range(2)) + "2,主题2,三月,待办\n")
    assert aside(shell) == 1 and shell.run("withdraw", "2") == 0
    assert aside(shell) == 0  # it counts as never loaded


def aside(shell):
    ((count,),) = shell.ask("SELECT count(*) FROM cw_quarantine")
    return count


def test_the_city_s_own_correction_is_not_undone_by_a_source_that_says_nothing_new(shell, mapping):
    load(shell, mapping, a_table(range(3)))
    shell.ask("UPDATE cw_event SET title = '改正' WHERE source_id = '1' RETURNING 1")
    load(shell, mapping, a_table(range(3)))
    assert shell.ask("SELECT title FROM cw_event WHERE source_id = '1'") == [("改正",)]


def test_what_others_still_say_does_not_go_with_one_source(shell, mapping):
    load(shell, mapping, a_table(range(3)))
    load(shell, mapping, a_table(range(3)), "--source", "grid-desk")
    load(shell, mapping, a_table(range(2)))
    assert shell.ask("SELECT count(*) FROM cw_event") == [(3,)]
    load(shell, mapping, a_table(range(2)), "--source", "grid-desk")
    assert shell.ask("SELECT count(*) FROM cw_event") == [(2,)]


def state_of(shell):
    """Everything that a load leaves behind, but the moments."""
    events = "SELECT id, title, state, rev FROM cw_event ORDER BY id"
    claims = "SELECT id, mark FROM cw_claim ORDER BY id"
    before = "before - 'received_at' - 'at'"
    rows = f"SELECT batch, kind, id, {before} FROM cw_batch_row ORDER BY 1, 2, 3"
    return [shell.ask(sql) for sql in (events, claims, rows)]


def test_a_wrong_batch_is_taken_back_everywhere(shell, mapping, capsys):
    load(shell, mapping, a_table(range(100)))
    right = shell.ask("SELECT id, title, state FROM cw_event ORDER BY id")
    claims = shell.ask("SELECT id, mark FROM cw_claim ORDER BY id")
    wrong = a_table(range(5, 110), state="办结")
    load(shell, mapping, wrong)
    shell.ask("UPDATE cw_event SET title = '改正' WHERE source_id = '50' RETURNING 1")
    shell.run("batches")
    said = capsys.readouterr().out
    assert "hotline  orders.csv" in said and "写入 110" in said
    before = outbox(shell)
    assert shell.run("withdraw", "2") == 1
    said = capsys.readouterr().out
    assert "恢复原样 99" in said and "移除新增 10" in said
    assert "event 12345-50: 之后又有改动，未动" in said
    now = shell.ask("SELECT id, title, state FROM cw_event ORDER BY id")
    assert [row for row in now if row not in right] == [("12345-50", "改正", "CLOSED")]
    assert len(now) == 100 and outbox(shell) - before == 109
    assert shell.ask("SELECT id, mark FROM cw_claim ORDER BY id") == claims
    assert shell.run("withdraw", "2") == 2
    assert "没有可撤回的批次 2" in capsys.readouterr().err
    load(shell, mapping, a_table(range(100)))
    assert len(shell.ask("SELECT id FROM cw_event WHERE state = 'NEW'")) == 99


def test_a_batch_that_changed_nothing_says_so_when_it_is_withdrawn(shell, mapping, capsys):
    load(shell, mapping, a_table(range(3)))
    load(shell, mapping, a_table(range(3)))
    assert shell.run("withdraw", "2") == 0
    assert "没有改动任何行" in capsys.readouterr().out
    assert shell.ask("SELECT count(*) FROM cw_event") == [(3,)]


def test_an_old_batch_is_dropped_by_itself_and_can_no_longer_be_withdrawn(shell, mapping, capsys):
    load(shell, mapping, a_table(range(3)))
    shell.ask("UPDATE cw_batch SET ended_at = now() - interval '91 days' RETURNING 1")
    load(shell, mapping, a_table(range(4)))
    assert shell.ask("SELECT DISTINCT batch FROM cw_batch_row") == [(2,)]
    assert shell.run("withdraw", "1") == 2
    assert shell.run("batches") == 0
    assert "已过撤回期" in capsys.readouterr().out
    assert shell.ask("SELECT count(*) FROM cw_event") == [(4,)]


def test_when_a_batch_was_is_told_in_the_city_s_time(shell, mapping, capsys):
    load(shell, mapping, a_table(range(1)))
    shell.ask("UPDATE cw_batch SET begun_at = '2026-10-05 23:30+00' RETURNING 1")
    shell.run("batches")
    assert "2026-10-06 07:30" in capsys.readouterr().out


def test_a_batch_of_shapes_comes_back_byte_for_byte(shell):
    outline = (
        '{"type": "Polygon", "coordinates": '
        "[[[120.0, 31.8], [120.4, 31.8], [120.4, 32.0], [120.0, 32.0], [120.0, 31.8]]]}"
    )
    city = shell.file("320281.geojson", outline)
    said = ("areas", city, "--level", "city", "--name", "江阴市", "--datum")
    shell.run(*said, "wgs84")
    right = shell.ask("SELECT geom, lon, lat, name FROM cw_area")
    shell.run(*said, "gcj02")
    assert shell.ask("SELECT geom, lon, lat, name FROM cw_area") != right
    assert shell.run("withdraw", "2") == 0
    assert shell.ask("SELECT geom, lon, lat, name FROM cw_area") == right


def test_an_engineer_s_own_statements_are_a_batch_too(shell, mapping):
    load(shell, mapping, a_table(range(3)))
    with shell.connect(shell.url) as conn:
        conn.execute("SELECT cw_begin_batch('by hand', 'fix.sql', '')")
        conn.execute("SET timezone = 'Asia/Shanghai'; SET bytea_output = 'escape'")
        conn.execute("DELETE FROM cw_event WHERE source_id = '1'")
        conn.execute("SELECT cw_end_batch('one row too many')")
        conn.execute("UPDATE cw_event SET urgency = 1 WHERE source_id = '2'")
        assert conn.execute("SELECT * FROM cw_withdraw(2)").fetchall() == [("restored", 1)]
    assert shell.ask("SELECT count(*) FROM cw_event") == [(3,)]


@pytest.mark.parametrize("kills", [6, pytest.param(50, marks=pytest.mark.long)])
def test_a_load_killed_at_any_moment_and_run_again_leaves_the_same(server, tmp_path, kills):
    """Programs are killed from outside, at moments drawn over the whole length of a load."""
    first, second = a_table(range(2500)), a_table(range(100, 2600), state="办结")
    whole, killed = Shell(server, tmp_path / "whole"), Shell(server, tmp_path / "killed")
    for shell in (whole, killed):
        shell.folder.mkdir()
        load(shell, shell.file("map.toml", EVENTS), first)
    began = time.monotonic()
    load(whole, whole.folder / "map.toml", second)
    took = time.monotonic() - began
    draw, cut = random.Random(4), 0
    killed.file("orders.csv", second)
    arguments = ("table", killed.folder / "orders.csv", "--mapping", killed.folder / "map.toml")
    for _ in range(kills):
        with started(killed, *arguments) as child:
            child.stderr.readline()
            time.sleep(draw.uniform(0, took / 2))
            child.kill()
            cut += killed.ask("SELECT count(*) FROM cw_batch WHERE state = 'open'") == [(1,)]
    assert cut
    assert killed.run(*arguments) == 0
    assert [len(rows) for rows in state_of(killed)] == [len(rows) for rows in state_of(whole)]
    for found, right in zip(state_of(killed), state_of(whole), strict=True):
        assert [pair for pair in zip(found, right, strict=True) if pair[0] != pair[1]][:3] == []


def test_places_of_a_platform_come_in_by_their_mapping(shell, capsys):
    mapping = shell.file("places.toml", PLACES)
    book = Workbook()
    book.active.append(["企业编码", "单位名称", "类别", "经度", "纬度", "从业人数"])
    book.active.append(["001", "甲化工", "危化企业", 120.27, 31.91, 120])
    book.active.append(["002", "乙厂", None, "120.28", "31.92", None])
    book.active.append(["003", "丙厂", "食堂", 120.28, 31.92, 1])
    book.active.append([None, "丁厂", None, 120.28, 31.92, 1])
    book.save(shell.folder / "firms.xlsx")
    assert shell.run("table", shell.folder / "firms.xlsx", "--mapping", mapping) == 1
    rows = shell.ask(
        "SELECT id, kind, name, capacity, round(lon::numeric, 3) FROM cw_place ORDER BY 1"
    )
    assert [(*row[:4], float(row[4])) for row in rows] == [
        ("aqy-001", "hazard", "甲化工", 120, 120.265),
        ("aqy-002", "firm", "乙厂", 0, 120.275),
    ]
    assert shell.ask("SELECT row, field, reason FROM cw_quarantine ORDER BY row") == [
        (4, "kind", "unknown"),
        (5, "id", "empty"),
    ]
    file = shell.folder / "aside.csv"
    assert shell.run("quarantine", "--export", shell.folder / "none" / "aside.csv") == 2
    assert "aside.csv" in capsys.readouterr().err
    capsys.readouterr()
    assert shell.run("quarantine", "--source", "safety-cloud", "--export", file) == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")  # or a spreadsheet shows garbage
    with file.open(encoding="utf-8-sig") as exported:
        assert [row["field"] for row in csv.DictReader(exported)] == ["kind", "id"]
    assert shell.run("quarantine") == 0
    assert "行 4, kind: 取值不认识" in capsys.readouterr().out


def test_devices_without_numbers_get_the_same_ones_again(shell):
    mapping = shell.file(
        "m.toml",
        'source = "iot"\nkind = "sensor"\ndatum = "wgs84"\n[columns]\nid = "id"\nlon = "lon"\n'
        'lat = "lat"\nname = "name"\n[defaults]\ncls = "GAS"\nlow = 0\nhigh = 100\nperiod_s = 60\n',
    )
    head = "id,name,lon,lat\n"
    for rows in ("b,乙,120.1,31.9\n", "a,甲,120.1,31.9\nb,乙改,120.1,31.9\n"):
        assert load(shell, mapping, head + rows, name="d.csv") == 0
    assert shell.ask("SELECT id, no, name FROM cw_sensor ORDER BY no") == [
        ("b", 1, "乙改"),
        ("a", 2, "甲"),
    ]


def test_a_table_of_another_database_is_read_by_its_address(shell, mapping, capsys):
    file = shell.folder / "theirs.db"
    with sqlite3.connect(file) as theirs:
        theirs.execute("CREATE TABLE orders (编号 int, 标题 text, 时间 text, 状态 text)")
        theirs.executemany(
            "INSERT INTO orders VALUES (?, ?, '2026/3/1', '待办')",
            [(n, f"主题{n}") for n in range(1200)],
        )
    theirs.close()
    assert shell.run("table", f"sqlite:///{file}", "--mapping", mapping) == 0
    told = capsys.readouterr()
    assert "1,200 / 1,200" in told.err and told.out.startswith("theirs.db-orders: ")
    assert shell.ask("SELECT count(*) FROM cw_event") == [(1200,)]
    with sqlite3.connect(file) as theirs:
        theirs.execute("UPDATE orders SET 时间 = '三月' WHERE 编号 = 0")
    theirs.close()
    assert shell.run("table", f"sqlite:///{file}", "--mapping", mapping) == 1
    assert "行 1, reported_at" in capsys.readouterr().out  # a database has no row of names
    for address, said in (
        (f"sqlite:///{shell.folder}/none.db", "none.db"),
        ("nosuch://host/db", "驱动"),
        ("oracle://host/db", "pip install oracledb"),
        ("://", "SQLAlchemy"),
    ):
        assert shell.run("table", address, "--mapping", mapping) == 2
        assert said in capsys.readouterr().err


def test_a_postgresql_is_read_by_a_query_with_its_secret_in_a_file(shell, capsys):
    with shell.connect(shell.url) as conn:
        conn.execute(
            "CREATE TABLE theirs AS SELECT n, 't' || n AS t, now() AS at "
            "FROM generate_series(1, 7) n"
        )
    mapping = shell.file(
        "q.toml",
        'source = "grid"\nquery = "SELECT * FROM theirs WHERE n > 2"\n'
        '[columns]\nsource_id = "n"\ntitle = "t"\nreported_at = "at"\n',
    )
    secret = shell.settings.secret_file
    line = ("table", shell.url, "--mapping", mapping)
    assert shell.run(*line, "--password-file", secret) == 0
    assert shell.ask("SELECT count(*), min(id) FROM cw_event") == [(5, "grid-3")]
    with shell.connect(shell.url) as conn:
        conn.execute("DROP TABLE theirs")
    assert shell.run(*line, "--password-file", secret) == 2
    said = capsys.readouterr().err
    assert "theirs" in said and shell.password not in said
