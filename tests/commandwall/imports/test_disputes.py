"""Two sources of one person: what they say differently waits for a decision, with both values."""

from __future__ import annotations

import json

import pytest
from shell import Shell

from commandwall.pool.client import Client

HEAD = "编号,姓名,电话,网格,职务\n"
MAP = """
source = "police"
kind = "person"
whole = true
[columns]
id = "编号"
name = "姓名"
phone = "电话"
area = "网格"
[defaults]
role = "grid_worker"
"""
EVENTS = """
source = "12345"
datum = "wgs84"
[columns]
source_id = "编号"
title = "标题"
reported_at = "时间"
occurred_at = "发生"
lon = "经度"
lat = "纬度"
"""


@pytest.fixture
def shell(server, tmp_path):
    shell = Shell(server, tmp_path)
    shell.file("map.toml", MAP)
    return shell


def load(shell, source, *people):
    text = HEAD + "".join(f"{number},{name},{phone},,\n" for number, name, phone in people)
    file = shell.file(f"{source}.csv", text)
    return shell.run("table", file, "--mapping", shell.folder / "map.toml", "--source", source)


def waiting(shell):
    rows = shell.ask(
        "SELECT id, held, held_source, said, said_source FROM cw_dispute "
        "WHERE state = 'open' ORDER BY id"
    )
    return [(i, json.loads(held), a, json.loads(said), b) for i, held, a, said, b in rows]


def phones(shell):
    return dict(shell.ask("SELECT id, phone FROM cw_person ORDER BY id"))


PHONE = "person:1:phone:grid"


def test_both_values_wait_with_their_sources_and_the_rest_is_taken(shell, capsys):
    load(shell, "police", ("1", "张三", "111"), ("2", "李四", ""))
    load(shell, "grid", ("1", "张三", "222"), ("2", "李四", "333"), ("3", "王五", "444"))
    assert "来源不一致，待核验: 1" in capsys.readouterr().out
    assert waiting(shell) == [(PHONE, {"phone": "111"}, "police", {"phone": "222"}, "grid")]
    assert phones(shell) == {"1": "111", "2": "333", "3": "444"}
    load(shell, "grid", ("1", "张三", "222"), ("2", "李四", "333"), ("3", "王五", "444"))
    load(shell, "police", ("1", "张三", "111"), ("2", "李四", ""))
    assert len(waiting(shell)) == 1
    assert shell.run("disputes") == 1
    said = capsys.readouterr().out
    assert '{"phone": "111"}  police  20' in said and '{"phone": "222"}  grid  20' in said


@pytest.mark.parametrize(("keep", "phone"), [("held", "111"), ("said", "222")])
def test_what_a_person_decided_is_not_asked_again(shell, capsys, keep, phone):
    load(shell, "police", ("1", "张三", "111"))
    load(shell, "grid", ("1", "张三", "222"))
    assert shell.run("verdict", PHONE, keep, "--by", "陈某") == 0
    assert shell.ask("SELECT state, by FROM cw_dispute") == [(keep, "陈某")]
    for name in ("张三", "张三丰"):
        load(shell, "police", ("1", name, "111"))
        load(shell, "grid", ("1", name, "222"))
    assert phones(shell) == {"1": phone}
    assert (waiting(shell), shell.ask("SELECT name FROM cw_person")) == ([], [("张三丰",)])
    assert shell.run("verdict", PHONE, keep, "--by", "陈某") == 2
    assert "没有待核验" in capsys.readouterr().err
    load(shell, "grid", ("1", "张三", "555"))
    assert {"phone": "555"} in [said for *_, said, _ in waiting(shell)]


def test_when_all_sources_say_the_same_nobody_needs_to_decide(shell):
    load(shell, "police", ("1", "张三", "111"))
    load(shell, "grid", ("1", "张三", "222"))
    load(shell, "police", ("1", "张三", "222"))
    assert (waiting(shell), phones(shell)) == ([], {"1": "222"})
    load(shell, "grid", ("1", "张三", "999"))
    load(shell, "grid", ("1", "张三", "222"))
    assert (waiting(shell), phones(shell)) == ([], {"1": "222"})


def test_a_decision_does_not_undo_what_came_later(shell, capsys):
    load(shell, "police", ("1", "张三", "111"))
    load(shell, "grid", ("1", "张三", "222"))
    shell.ask("UPDATE cw_person SET phone = '777' RETURNING 1")
    assert shell.run("verdict", PHONE, "said", "--by", "陈某") == 2
    assert "之后又有改动" in capsys.readouterr().err
    assert phones(shell) == {"1": "777"}


def test_a_withdrawn_batch_takes_its_disputes_along_and_a_gone_record_too(shell):
    load(shell, "police", ("1", "张三", "111"))
    load(shell, "grid", ("1", "张三", "222"))
    shell.run("withdraw", "2")
    assert waiting(shell) == []
    load(shell, "grid", ("1", "张三", "222"))
    assert len(waiting(shell)) == 1
    load(shell, "grid", ("3", "王五", "444"))
    assert waiting(shell) == []


def test_places_near_each_other_are_one_and_moments_survive_a_decision(shell):
    mapping = shell.file("events.toml", EVENTS)
    head = "编号,标题,时间,发生,经度,纬度\n"

    def events(source, *cells):
        file = shell.file("e.csv", head + ",".join(("1", "停水", "2026-03-01", *cells)) + "\n")
        assert shell.run("table", file, "--mapping", mapping, "--source", source) == 0

    events("hotline", "2026-02-28 08:00", "120.27", "31.91")
    events("police", "2026-02-28 09:00", "120.2701", "31.91")
    assert [i for i, *_ in waiting(shell)] == ["event:12345-1:occurred_at:police"]
    shell.run("verdict", "event:12345-1:occurred_at:police", "said", "--by", "陈某")
    when = "to_char(occurred_at AT TIME ZONE 'Asia/Shanghai', 'HH24:MI')"
    assert shell.ask(f"SELECT {when}, lon FROM cw_event") == [("09:00", 120.27)]
    events("police", "2026-02-28 09:00", "120.29", "31.91")
    assert [i for i, *_ in waiting(shell)] == ["event:12345-1:place:police"]
    assert shell.run("verdict", "event:12345-1:place:police", "said", "--by", "陈某") == 0
    assert shell.ask("SELECT lon FROM cw_event") == [(120.29,)]


def test_walls_hear_of_disputes(shell, server):
    load(shell, "police", ("1", "张三", "111"))
    load(shell, "grid", ("1", "张三", "222"))
    url = shell.url.replace("pool@", "station@")
    with Client(url, server.station_secret) as client:
        (row,) = client.page(0, 100).rows["dispute"]
    assert row[0] == PHONE
