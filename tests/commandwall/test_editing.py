"""A scenario in the making: nothing is lost when it is opened and saved, whatever it holds; what is
wrong is told at its row and field; nobody's file is written over."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commandwall.config import ASSETS
from commandwall.drill import editing, editing_files
from commandwall.drill.editing import INJECT, Editing
from commandwall.drill.editing_files import BESIDE, OVER, Clash, Saved, Source
from commandwall.drill.scenario import library, parse

FILES = sorted((ASSETS / "drills").glob("*.toml"))
GAS = ASSETS / "drills" / "gas_old_quarter.toml"


def loaded(file: Path = GAS) -> editing.Data:
    data = editing.loaded(file.read_bytes())
    assert data is not None
    return data


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scenario_of_the_library_is_the_same_after_opening_and_saving(file: Path) -> None:
    text = editing.text(loaded(file))
    assert tomllib.loads(text.decode()) == tomllib.loads(file.read_text(encoding="utf-8"))
    before, after = parse(file.read_bytes()).scenario, parse(text).scenario
    assert before is not None and after == replace(before, digest=after.digest if after else "")


def test_half_a_character_and_ends_of_lines_within_a_word_spoil_no_draft() -> None:
    odd = {**loaded(), "note": "半\ud83d个\u2028\x85\x0c\x7f"}
    checked = editing.check(odd)
    found = editing.loaded(checked.text)
    assert found == {**odd, "note": "半?个\u2028\x85\x0c\x7f"}
    late = editing.put(odd, (INJECT, 2), {**odd[INJECT][2], "at": "soon"})
    (wrong,) = [w for w in editing.check(late).faults if w.field == "at"]
    assert late[INJECT][wrong.row[1]]["at"] == "soon", "told at its row"


def test_a_library_that_is_reached_by_a_link_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(ASSETS)
    found = editing_files.opened(tmp_path / "linked" / "drills" / GAS.name)
    assert found.data is not None and found.source.file is None


WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
ANY = st.recursive(
    WORDS | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.times()
    | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
ROW = st.dictionaries(WORDS | st.sampled_from(["id", "at", "zh", "en", "lon"]), ANY, max_size=5)
LISTED = st.fixed_dictionaries({}, optional={n: st.lists(ANY, max_size=3) for n in editing.LISTS})
DRAFT = st.fixed_dictionaries(
    {
        "objective": st.lists(ROW, max_size=2), "player": st.lists(ROW, max_size=2),
        "branch": st.lists(st.builds(lambda row, ways: {**row, "way": ways}, ROW,
                                     st.lists(ROW, min_size=1, max_size=2)), max_size=2),
        "inject": st.lists(st.builds(lambda row, more: {**row, **more}, ROW, LISTED), max_size=3),
    }
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(DRAFT, st.dictionaries(WORDS, ANY, max_size=3))
def test_whatever_a_draft_holds_stands_in_its_text(tables: Any, head: dict[str, Any]) -> None:
    """Unsound ones too: who has to leave an unfinished draft finds all of it again."""
    data = {**head, **tables}
    read = tomllib.loads(editing.text(data).decode())
    assert all(read.get(name, []) == data[name] for name in editing.TABLES)
    assert {k: v for k, v in read.items() if k not in editing.TABLES} == head
    for wrong in editing.check(data).faults:
        assert editing.row_at(data, wrong.row) is not None


WRONG = [
    ((INJECT, 0), {"channel": "hotlin"}, "channel"),
    ((INJECT, 0), {"zh": ""}, "zh"),
    ((INJECT, 2), {"at": "T+5"}, "at"),
    ((INJECT, 1), {"expect": ["soon"]}, "expect"),
    ((INJECT, 0), {"data": {"cls": "GAS", "value": 900}}, "value"),
    ((INJECT, 0), {"data": {"value": 3}}, "cls"),
    (("objective", 1), {"id": ""}, "id"),
    (("player", 2), {"post": "p99"}, "post"),
    (("branch", 0, "way", 1), {"en": 7}, "en"),
]


@pytest.mark.parametrize(("path", "change", "field"), WRONG)
def test_what_is_wrong_is_told_at_its_row_and_field(path: Any, change: Any, field: str) -> None:
    """The one reader that `drill check` uses says what; the editor shows where."""
    data = loaded()
    assert editing.check(data).faults == ()
    row = editing.row_at(data, path)
    broken = editing._changed(data, path, lambda _: {**row, **change})
    told = editing.check(broken)
    assert (path, field) in {(wrong.row, wrong.field) for wrong in told.faults}
    assert [w.fault for w in told.faults] == list(parse(editing.text(broken)).faults)


def test_what_is_wrong_with_the_head_is_told_there() -> None:
    data = editing.put(loaded(), (), {**editing.row_at(loaded(), ()), "ends": "", "kind": "gass"})
    assert {w.field for w in editing.check(data).of(())} == {"ends", "kind"}


def test_a_new_inject_takes_channel_posts_and_step_of_the_one_before() -> None:
    data = loaded()
    like = next(row for row in data[INJECT] if row["at"] == "T+03:00")
    row = editing.following(data, like)
    assert (row["channel"], row["to"], row["data"]["cls"]) == (
        like["channel"], like["to"], like["data"]["cls"],
    )  # fmt: skip
    made, path = editing.added(data, (INJECT,), {**row, "zh": "再报", "en": "Again"})
    assert editing.row_at(made, path)["id"] == "inject_1"
    times = [editing.order_of(one) for one in made[INJECT]]
    assert times == sorted(times) and len(made[INJECT]) == len(data[INJECT]) + 1
    assert editing.check(made).faults == ()


def test_what_names_a_row_follows_its_new_name() -> None:
    data = loaded()
    for path, key in ((("objective", 0), "objective"), (("branch", 0), "way")):
        row = editing.row_at(data, path)
        used = sum(str(one.get(key, "")).split(".")[0] == row["id"] for one in data[INJECT])
        data = editing.put(data, path, {**row, "id": "renamed"})
        assert used and used == sum(
            str(one.get(key, "")).split(".")[0] == "renamed" for one in data[INJECT]
        )
    way = editing.row_at(data, ("branch", 0, "way", 0))
    data = editing.put(data, ("branch", 0, "way", 0), {**way, "id": "other"})
    assert editing.check(data).faults == ()


def test_moving_in_time_keeps_order_and_may_take_all_later_ones_along() -> None:
    data = loaded()
    times = [editing.at_of(row) for row in data[INJECT]]
    made, path = editing.moved(data, (INJECT, 0), 90 * 60_000)
    assert editing.row_at(made, path)["id"] == data[INJECT][0]["id"] and path != (INJECT, 0)
    later, _ = editing.moved(data, (INJECT, 0), 60_000, later=True)
    assert [editing.at_of(row) for row in later[INJECT]] == [
        at + 60_000_000 if at is not None else None for at in times
    ]
    back, _ = editing.moved(data, (INJECT, 0), -9 * 60 * 60_000)
    assert back[INJECT][0]["at"] == "T+00:00"  # and no further


def test_each_change_can_be_undone_and_done_again() -> None:
    edit = Editing(loaded(), None)
    first = edit.data
    edit.become(editing.removed(first, (INJECT, 0)))
    second = edit.data
    edit.become({**second})  # nothing new
    assert edit.undo() and edit.data == first and not edit.undo()
    assert edit.redo() and edit.data == second and not edit.redo()


# Files.


def test_each_saving_raises_the_version_and_nothing_of_another_is_written_over(
    tmp_path: Path,
) -> None:
    found = editing_files.opened(GAS)
    assert found.data is not None and found.source.file is None and found.source.remarks
    one = editing_files.save(tmp_path, found.data, found.source)
    assert isinstance(one, Saved) and one.source.file is not None
    assert (one.source.file.name, one.source.version) == ("gas_old_quarter.toml", 2)
    two = editing_files.save(tmp_path, {**one.data, "note": "改"}, one.source)
    assert isinstance(two, Saved) and two.source.version == 3
    there = two.source.file
    assert there is not None
    there.write_text(there.read_text("utf-8").replace("改", "另一人改"), "utf-8")
    clash = editing_files.save(tmp_path, two.data, two.source)
    assert clash == Clash(there) and "另一人改" in there.read_text("utf-8")
    beside = editing_files.save(tmp_path, two.data, two.source, BESIDE)
    assert isinstance(beside, Saved) and beside.source.file == there.with_stem(f"{there.stem}_2")
    over = editing_files.save(tmp_path, two.data, two.source, OVER)
    assert isinstance(over, Saved) and "另一人改" not in there.read_text("utf-8")
    assert [read.scenario is not None for read in library(tmp_path / "scenarios")] == [True, True]
    assert sorted(f.name for f in there.parent.iterdir()) == [
        "gas_old_quarter.toml", "gas_old_quarter_2.toml",
    ]  # fmt: skip
    new = editing_files.save(tmp_path, editing.begun() | {"id": "gas_old_quarter"}, Source())
    assert new == Clash(there)


def test_what_cannot_be_shown_in_tables_is_not_opened_and_said(tmp_path: Path) -> None:
    for n, text in enumerate(("x = [", 'format = 9\nid = "a"', "inject = 3", "a = 1\nb = \xff")):
        file = tmp_path / f"{n}.toml"
        file.write_bytes(text.encode("latin-1"))
        found = editing_files.opened(file)
        assert found.data is None and found.faults
    assert editing_files.opened(tmp_path / "none.toml").faults


def test_a_new_scenario_says_what_it_lacks() -> None:
    lacks = {(wrong.row, wrong.field) for wrong in editing.check(editing.begun()).faults}
    assert lacks == {((), f) for f in ("zh", "en", "objective", "player", "inject")}
