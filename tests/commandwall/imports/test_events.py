"""Files of events: every row ends once, copies are merged, and a second import adds nothing."""

from __future__ import annotations

import dataclasses
import json
import os
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandwall.pool.imports.trouble import ImportTrouble

HEAD = "编号,用户,主题,详情,时间\n"
GOOD = "1,甲,华士镇停水,三栋停水,2026/3/1 8:00:00\n"


def ends(desk, stem="rows"):
    return [(end["row"], end["outcome"], end["reason"]) for end in desk.ledger(stem)]


def test_every_row_ends_as_imported_merged_or_quarantined(desk):
    report = desk.events(
        HEAD
        + GOOD
        + "1,甲,华士镇停水,三栋 停水,2026/3/1 8:00:00\n"  # the same row again
        + "2,甲,停水了,三栋停水,2026/3/2 8:00:00\n"  # the same matter a day later
        + "3,乙,停水了,三栋停水,2026/3/2 8:00:00\n"  # another person
        + "4,甲,停水了,三栋停水,2026/3/9 8:00:00\n"  # again, a week later
        + "1,丙,路灯不亮,整条街,2026/3/1\n"  # a number used twice
        + "5,丁,,,2026/3/1\n"
        + "6,丁,路灯,坏了,三月\n"
        + ",,,,\n"
    )
    assert ends(desk) == [
        (2, "imported", "new"),
        (3, "merged", "same_id"),
        (4, "merged", "same_text"),
        (5, "imported", "new"),
        (6, "imported", "new"),
        (7, "quarantined", "id_reused"),
        (8, "quarantined", "empty"),
        (9, "quarantined", "date"),
    ]
    assert (report.rows, report.balanced) == (8, True)
    assert sorted(desk.pool.held_events) == ["12345-1", "12345-3", "12345-4"]
    assert [end["id"] for end in desk.ledger("rows")[:3]] == ["12345-1"] * 3


def test_a_merged_copy_of_a_merged_row_leads_to_the_event_that_is_there(desk):
    again = "2,甲,停水,三栋停水,2026/3/1 9:00:00\n"
    desk.events(HEAD + GOOD + again + again)
    assert {end["id"] for end in desk.ledger("rows")} == {"12345-1"}


def test_people_without_a_name_are_not_the_same_person(desk):
    report = desk.events(HEAD + "1,,停水,停水,2026/3/1\n" + "2,,停水,停水,2026/3/1\n")
    assert report.total("imported") == 2


def test_who_shares_a_name_or_tells_the_same_of_two_streets_tells_two_matters(desk):
    head = HEAD.replace("时间", "时间,电话,地址")
    told = 'source = "12345"\n[columns]\nsource_id = "编号"\nperson = "用户"\nbody = "详情"\n'
    told += 'reported_at = "时间"\nphone = "电话"\naddress = "地址"\n'
    rows = [
        "1,王女士,路灯,路灯不亮,2026-03-01,13800000001,花园路1号\n",
        "2,王女士,路灯,路灯不亮,2026-03-01,13800000002,花园路1号\n",  # another of the name
        "3,王女士,路灯,路灯不亮,2026-03-01,13800000001,人民路9号\n",  # the other street
        "4,王女士,路灯,路灯不亮,2026-03-02,13800000001,花园路1号\n",  # she calls again
    ]
    desk.events(head + "".join(rows), told)
    assert [end[2] for end in ends(desk)] == ["new", "new", "new", "same_text"]


def test_a_report_that_names_only_some_refused_rows_says_where_all_of_them_are(desk):
    bad = [f"{n},甲,停水,第{n}栋,三月\n" for n in range(30)]
    few, many = desk.events(HEAD + bad[0]).lines("en"), desk.events(HEAD + "".join(bad)).lines("en")
    assert "--export" in many[-1] and "--export" not in few[-1]


def test_a_refused_row_keeps_its_original_field_and_reason(desk):
    desk.events(HEAD + "6,\u202e丁,路灯,坏了,三月\n")
    (kept,) = desk.pool.kept.values()
    assert (kept.row, kept.field, kept.reason) == (2, "reported_at", "date")
    assert json.loads(kept.original) == ["6", "\u202e丁", "路灯", "坏了", "三月"]
    assert desk.ledger("rows", "quarantine")[0]["original"] == kept.original


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX")
def test_the_files_beside_an_import_are_for_their_owner_only(desk):
    desk.events(HEAD + GOOD)
    for file in (desk.folder / "out").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_second_import_adds_nothing_and_counts_the_same_rows_as_known(desk):
    table = HEAD + GOOD + "2,甲,x,三栋停水,2026/3/1 9:00:00\n" + "3,丁,路灯,坏了,三月\n"
    desk.events(table)
    before = dict(desk.pool.held_events), dict(desk.pool.kept)
    report = desk.events(table, now=1_795_500_900_000)
    assert (desk.pool.held_events, desk.pool.kept) == before
    assert [end[2] for end in ends(desk)] == ["known", "same_text", "date"]
    assert report.balanced


def test_a_corrected_row_is_updated_but_the_work_on_it_stays(desk):
    desk.events(HEAD + GOOD)
    held = desk.pool.held_events["12345-1"]
    desk.pool.held_events["12345-1"] = dataclasses.replace(held, state="CLOSED", unit="水厂", rev=4)
    desk.events(HEAD + GOOD.replace("三栋", "四栋"))
    event = desk.pool.held_events["12345-1"]
    assert ends(desk) == [(2, "imported", "changed")]
    assert (event.body, event.state, event.unit, event.rev) == ("四栋停水", "CLOSED", "水厂", 4)


def test_an_import_that_was_killed_goes_on_where_it_stopped(desk):
    rows = [f"{n},人{n},主题{n},详情{n},2026/3/1\n" for n in range(1200)]
    whole, put = HEAD + "".join(rows), desk.pool.put

    def dies(records, kept, gone=(), word=None):
        if desk.pool.held_events:
            raise KeyboardInterrupt
        put(records, kept, gone, word)

    desk.pool.put = dies
    with pytest.raises(KeyboardInterrupt):
        desk.events(whole)
    assert 0 < len(desk.pool.held_events) < 1200
    desk.pool.put = put
    report = desk.events(whole)
    assert len(desk.pool.held_events) == 1200
    assert report.balanced
    assert desk.steps[-1] == (1200, 1200)
    assert [done for done, _ in desk.steps] == sorted({done for done, _ in desk.steps})


def test_the_report_adds_up_in_both_languages(desk):
    report = desk.events(HEAD + GOOD + "6,丁,路灯,坏了,三月\n")
    assert report.lines("zh")[0] == "rows.csv: 读入行数 2 = 入库 1 + 合并 0 + 隔离 1"
    assert report.lines("en")[0].endswith("2 = imported 1 + merged 0 + quarantined 1")
    assert any("行 3, reported_at" in line for line in report.lines("zh"))


def test_a_file_of_a_thousand_bad_rows_names_the_first_ones_only(desk):
    report = desk.events(HEAD + "6,丁,路灯,坏了,三月\n" * 1000)
    assert report.total("quarantined") == 1000
    assert len(report.lines()) < 30


def test_a_missing_column_stops_the_import_before_anything_is_written(desk):
    with pytest.raises(ImportTrouble) as caught:
        desk.events("编号,主题\n1,停水\n")
    assert "详情" in caught.value.sentence("zh")
    assert not desk.pool.held_events


CELL = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELL, CELL, CELL, CELL, CELL), min_size=1, max_size=8))
def test_whatever_the_table_holds_the_counts_add_up(desk, rows):
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    report = desk.events(HEAD + "\n".join([*quoted, GOOD]))
    assert report.balanced
    assert report.rows == len(desk.ledger("rows"))
