"""The page 核验: two versions side by side, and the act by which a person decides."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from builders import NOW

from commandwall.clock import HOUR, Ms
from commandwall.conflicts import HELD, OPEN, SAID, Dispute, Verdict
from commandwall.events import EventWork
from commandwall.store.mirror import Mirror, use
from commandwall.store.tables import Conflict
from widgets.base import Subject


def a_dispute(id_: str = "d1", field: str = "title", **more: Any) -> Dispute:
    facts = {
        "kind": "event", "record": "e1", "area": "t1", "held": {field: "小区停水"},
        "said": {field: "三栋停水"}, **more,
    }  # fmt: skip
    return Dispute(
        id_, facts["kind"], facts["record"], field, facts["area"], json.dumps(facts["held"]),
        "12345", Ms(NOW - 9 * HOUR), json.dumps(facts["said"]), "grid", Ms(NOW - HOUR), OPEN,
    )  # fmt: skip


def a_conflict() -> Conflict:
    def work(unit: str, by: str, post: str) -> str:
        work = EventWork("e1", "DISPATCHED", unit, "", NOW, by, post)
        return json.dumps(asdict(work))

    one, other = work("城管局", "陈晓", "back"), work("供水公司", "王强", "front")
    return Conflict("c1", "eventwork", "e1", one, other, "a", "b", NOW)


def words_of(wall: Any, panel: str) -> str:
    shown = wall.page.panels[panel]
    shown.grab()
    return str(shown.accessibleDescription())


@pytest.fixture
def mirrored(world: Any, tmp_path: Path) -> Any:
    """The world, with the disputes in its mirror, where the act looks them up."""

    def keep(*disputes: Dispute) -> None:
        mirror = Mirror(tmp_path / "m1.db")
        rows = [tuple(getattr(d, name) for name in d.__slots__) for d in disputes]
        mirror.take({"dispute": rows}, {}, epoch="e")
        mirror.close()
        use(tmp_path, "m1.db")

    return keep


def opened(world: Any, make_wall: Any, records: dict[type, list[Any]], **kw: Any) -> Any:
    wall = make_wall(**kw)
    wall.open_page("doubts")
    world.tick(records)
    return wall


def test_nothing_to_verify_says_so(world: Any, make_wall: Any) -> None:
    wall = opened(world, make_wall, {})
    assert "没有待核验的" in words_of(wall, "doubts")
    assert "选一条" in words_of(wall, "doubt_card")


def test_both_values_stand_side_by_side_with_source_and_time(world: Any, make_wall: Any) -> None:
    wall = opened(world, make_wall, {Dispute: [a_dispute()]})
    keys(wall)["J"]()
    told = words_of(wall, "doubt_card")
    for words in ("小区停水", "三栋停水", "12345 热线", "网格上报", "1 时前", "9 时前", "标题"):
        assert words in told


def test_a_person_marks_one_and_decides_and_it_is_an_act(
    world: Any, make_wall: Any, mirrored: Any, qtbot: Any
) -> None:
    mirrored(a_dispute())
    wall = opened(world, make_wall, {Dispute: [a_dispute()]})
    press = keys(wall)
    press["J"]()
    press["V"]()
    assert "先按 1 或 2" in words_of(wall, "doubt_card")
    press["2"]()
    assert "已选" in words_of(wall, "doubt_card")
    press["V"]()
    qtbot.waitUntil(lambda: _verdict(world) is not None)
    assert _verdict(world).keep == SAID
    act = world.store.read(lambda r: r.rows("SELECT act FROM journal"))
    assert act == [("decide",)]
    world.tick({Verdict: [_verdict(world)]}, unsent=frozenset({"verdict:d1"}))
    assert "已定夺" in words_of(wall, "doubts")


def test_a_mark_falls_when_what_it_stood_on_changes(world: Any, make_wall: Any) -> None:
    """The sources say something else before the key: it must not decide for what nobody read."""
    wall = opened(world, make_wall, {Dispute: [a_dispute()]})
    press = keys(wall)
    press["J"]()
    press["2"]()
    world.tick({Dispute: [a_dispute(said={"title": "整区停水"})]})
    press["V"]()
    assert "整区停水" in words_of(wall, "doubt_card") and "已选" not in words_of(wall, "doubt_card")
    assert _verdict(world) is None


def test_a_verdict_that_is_still_written_leaves_the_next_mark(
    world: Any, make_wall: Any, mirrored: Any, qtbot: Any
) -> None:
    both = a_dispute(), a_dispute("d2", record="e2", at=NOW)
    mirrored(*both)
    wall = opened(world, make_wall, {Dispute: list(both)})
    card, press = wall.page.panels["doubt_card"], keys(wall)
    wall.choose(Subject(Dispute, "d1"))
    press["1"]()
    press["V"]()
    wall.choose(Subject(Dispute, "d2"))
    press["2"]()
    qtbot.waitUntil(lambda: _verdict(world) is not None)
    qtbot.wait(1)  # one turn of the screen's thread, which brings the answer
    assert card._mark == 1 and "已选" in words_of(wall, "doubt_card")


def test_what_became_of_a_verdict_is_told(world: Any, make_wall: Any) -> None:
    wall = opened(world, make_wall, {Dispute: [a_dispute()]})
    keys(wall)["J"]()
    for at, unsent, words in (
        (NOW, {"verdict:d1"}, "未送达中心池"), (NOW, set(), "等中心池写入"),
        (NOW - HOUR, set(), "中心池未写入"),
    ):  # fmt: skip
        world.tick({Verdict: [Verdict("d1", HELD, Ms(at), "陈", "p1")]}, unsent=frozenset(unsent))
        assert words in words_of(wall, "doubt_card")
    gone = Dispute(**{n: getattr(a_dispute(), n) for n in Dispute.__slots__} | {"state": HELD})
    world.tick({Dispute: [gone]})
    assert "没有待核验的" in words_of(wall, "doubts")


def test_masked_values_that_look_alike_say_that_they_differ(world: Any, make_wall: Any) -> None:
    one = a_dispute(
        field="phone", kind="person", record="p1",
        held={"phone": "13812347719"}, said={"phone": "13899997719"},
    )  # fmt: skip
    wall = opened(world, make_wall, {Dispute: [one]})
    keys(wall)["J"]()
    told = words_of(wall, "doubt_card")
    assert "138****7719（遮住处不同）" in told and "2347719" not in told


def test_two_stations_stand_before_two_sources_and_are_settled_here(
    world: Any, make_wall: Any, qtbot: Any
) -> None:
    one = a_conflict()
    with world.store.write(NOW, "陈", "p1") as tx:
        tx.put(one)
        tx.put(EventWork(**json.loads(one.kept)))
    wall = opened(world, make_wall, {Dispute: [a_dispute()], Conflict: [one]})
    assert wall.page.panels["doubts"].keys == ["c1", "d1"]
    press = keys(wall)
    press["J"]()
    told = words_of(wall, "doubt_card")
    assert "城管局" in told and "供水公司" in told and "陈*" in told and "王*" in told
    press["2"]()
    press["V"]()
    qtbot.waitUntil(lambda: world.store.read(lambda r: r.get(Conflict, "c1")).settled_by != "")
    assert world.store.read(lambda r: r.get(EventWork, "e1")).unit == "供水公司"


def test_a_dispute_that_was_ended_is_refused_in_words(
    world: Any, make_wall: Any, mirrored: Any, qtbot: Any
) -> None:
    ended = {n: getattr(a_dispute(), n) for n in Dispute.__slots__} | {"state": HELD, "by": "李"}
    mirrored(Dispute(**ended))
    wall = opened(world, make_wall, {Dispute: [a_dispute()]})
    press = keys(wall)
    press["J"](), press["1"](), press["V"]()
    qtbot.waitUntil(lambda: "已裁定" in words_of(wall, "doubt_card"))


def test_markup_in_a_value_is_shown_as_it_stands(world: Any, make_wall: Any) -> None:
    wall = opened(world, make_wall, {Dispute: [a_dispute(said={"title": "<img src='/dev/zero'>"})]})
    keys(wall)["J"]()
    assert "<img src" in words_of(wall, "doubt_card")


@pytest.mark.parametrize(
    "said", ['"x"', "no json", "[" * 9_000, '{"closed_at": 9e99}', "{}", '{"a": {}}']
)
def test_a_version_that_is_none_is_shown_as_text(world: Any, make_wall: Any, said: str) -> None:
    facts = {n: getattr(a_dispute(), n) for n in Dispute.__slots__}
    wall = opened(world, make_wall, {Dispute: [Dispute(**facts | {"said": said, "kind": "<b>"})]})
    keys(wall)["J"]()
    assert "小区停水" in words_of(wall, "doubt_card")
    assert not wall.page.panels["doubts"].failures and not wall.page.panels["doubt_card"].failures


def keys(wall: Any) -> dict[str, Any]:
    return {c.key: c.run for c in wall.all_commands()}


def _verdict(world: Any) -> Verdict | None:
    return world.store.read(lambda r: r.get(Verdict, "d1"))
