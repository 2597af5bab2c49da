"""Events that a person registers: what is kept, what a pasted message says, where a text lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import StillClock
from shapely import LineString, box, to_wkb
from world import an_area

from commandwall import events, placing
from commandwall.areas import GRID, TOWN, VILLAGE, Area, Building, Place, Road
from commandwall.desk import Desk
from commandwall.events import AREA, POINT, FiledEvent
from commandwall.gazetteer import Gazetteer
from commandwall.placing import BUILDING, ESTATE, PLACE, STREET, Found
from commandwall.registering import Matter, parts, register, title_of
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused, Store

MATTER = Matter("楼道燃气异味", source="duty", cls="gas", urgency=1)


def ground(code: str, level: int, name: str, parent: str, west: float) -> Area:
    shape = to_wkb(box(west, 31.80, west + 0.02, 31.82))
    return replace(
        an_area(code, level, name, parent), geom=shape, lon=west + 0.01, lat=31.81
    )  # fmt: skip


CITY: dict[str, list[Any]] = {
    "area": [
        ground("c01", TOWN, "澄湖街道", "", 120.10), ground("c02", TOWN, "桃溪镇", "", 120.20),
        ground("c01001", VILLAGE, "桃浜社区", "c01", 120.10),
        ground("c02001", VILLAGE, "下荡社区", "c02", 120.20),
        ground("c02001007", GRID, "07 网格", "c02001", 120.20),
        ground("c02002", VILLAGE, "桃沟社区", "c02", 120.20),
        ground("c02002007", GRID, "07 网格", "c02002", 120.20),
    ],
    "building": [
        Building(f"b{no}-{area}", area, f"阳光苑 {no} 幢", "home", 6, lon, 31.81, b"", "green")
        for area, lon, numbers in (("c01001", 120.11, (1, 2, 11)), ("c02001", 120.21, (1,)))
        for no in numbers
    ],
    "place": [Place("p1", "school", "澄湖实验小学", "c01001", 120.115, 31.812, 900, "", "", "")],
    "road": [
        Road("r1", "street", "禄河路", 1, 2, 80.0, 30.0,
             to_wkb(LineString([(120.11, 31.81), (120.12, 31.81)])), 0),
    ],
}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    mirror = Mirror(tmp_path / "m1.db")
    mirror.take(
        {kind: [tuple(getattr(one, n) for n in one.__slots__) for one in some]
         for kind, some in CITY.items()}, {},
    )  # fmt: skip
    mirror.close()
    use(tmp_path, "m1.db")
    made = open_store(tmp_path)
    yield made
    made.close()


@pytest.fixture
def desk(store: Store) -> Iterator[Desk]:
    made = Desk(store, StillClock())
    made.take_post("p3", "陈").result()
    yield made
    made.close()


def found(store: Store, text: str) -> list[Found]:
    return store.read(lambda r: placing.find(r, Gazetteer(CITY["area"], {}), text))


def test_it_is_an_event_of_the_city_at_once(desk: Desk, store: Store) -> None:
    told = replace(
        MATTER, lon=120.1, lat=31.8, acc_m=300.0, placed=AREA, area="c01", person="王强",
        phone="13800000044", body="三楼说有味道",
    )  # fmt: skip
    done = desk.do(register, matter=told).result()
    (filed,) = done.of(FiledEvent)
    view = store.read(lambda r: events.view(r, filed.id))
    e = view.event
    assert (e.title, e.cls, e.urgency, e.source, e.state) == (
        "楼道燃气异味", "gas", 1, "duty", "NEW")  # fmt: skip
    assert (e.person, e.phone, e.placed, e.acc_m) == ("王强", "13800000044", AREA, 300.0)
    assert view.filed and e.reported_at == StillClock().now()
    assert [act for *_, act, _ in store.read(lambda r: events.history(r, filed.id))] == ["register"]


def test_without_a_title_the_first_clause_is_one(desk: Desk) -> None:
    done = desk.do(register, matter=replace(MATTER, title="", body="三楼漏水，已半天。")).result()
    assert done.of(FiledEvent)[0].title == "三楼漏水"
    assert title_of("，。") == ""


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"title": " "}, "missing"), ({"source": "x"}, "unknown"), ({"cls": "x"}, "unknown"),
        ({"urgency": 6}, "unknown"), ({"phone": "1" * 201}, "too_long"),
        ({"title": "长" * 201}, "too_long"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(desk: Desk, wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as why:
        desk.do(register, matter=replace(MATTER, **wrong)).result()
    assert why.value.reason.code == code


def test_a_screen_registers_nothing(desk: Desk) -> None:
    desk.take_post("s_display").result()
    with pytest.raises(Refused):
        desk.do(register, matter=MATTER).result()


def test_the_labels_of_a_pasted_order_tell_its_parts() -> None:
    order = (
        "工单标题：小区三栋停水 诉求内容：今早六点起停水，至今未来。\n"
        "事发地址: 澄湖街道阳光苑 11 幢　联系人：王强　联系电话：13800000044"
    )
    assert parts(order) == {
        "title": "小区三栋停水", "body": "今早六点起停水，至今未来",
        "address": "澄湖街道阳光苑 11 幢", "person": "王强", "phone": "13800000044",
    }  # fmt: skip
    assert parts("三楼漏水，请回 0510-82123456") == {
        "body": "三楼漏水，请回 0510-82123456", "phone": "0510-82123456"}  # fmt: skip
    assert parts("")["body"] == ""


def test_the_most_exact_place_comes_first(store: Store) -> None:
    kinds = [one.kind for one in found(store, "澄湖街道阳光苑11幢，澄湖实验小学对面，禄河路口")]
    assert kinds[0] == BUILDING and set(kinds[1:]) == {PLACE, ESTATE, STREET, AREA}
    first = found(store, "澄湖街道 阳光苑 11 幢")[0]
    assert (first.name, first.area, first.placed) == ("阳光苑11幢", "c01001", POINT)


def test_a_name_in_two_towns_is_both_until_the_town_is_named(store: Store) -> None:
    either = [one for one in found(store, "阳光苑 1 幢漏水") if one.kind == BUILDING]
    assert {one.area for one in either} == {"c01001", "c02001"}
    here = [one for one in found(store, "桃溪镇阳光苑 1 幢漏水") if one.kind == BUILDING]
    assert [one.area for one in here] == ["c02001"]


def test_a_grid_is_found_by_its_town_and_number(store: Store) -> None:
    (one,) = found(store, "桃溪镇下荡社区 07 网格")
    assert (one.kind, one.area, one.placed) == (AREA, "c02001007", AREA)
    assert one.acc_m > 100  # as far as the area reaches
    assert found(store, "") == [] and found(store, "不知道在哪里") == []


def test_any_text_is_read_without_trouble(store: Store) -> None:
    for text in ("%", "'", "：：：", "标题：", "\u202e阳光苑", "阳" * 4000):
        assert isinstance(parts(text), dict)
        assert isinstance(found(store, text), list)
