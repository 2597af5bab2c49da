"""Rows of any content become an event or are refused by field and reason; nothing else happens."""

from __future__ import annotations

import datetime
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandwall.areas import Area
from commandwall.clock import Ms, to_datetime
from commandwall.gazetteer import Gazetteer
from commandwall.pool.imports.mapping import FIELDS, Mapping
from commandwall.pool.imports.rows import RowReader
from commandwall.pool.imports.trouble import ImportTrouble, RowFault

NOW = Ms(1_795_500_000_000)
HEADER = sorted(FIELDS)
ALL = Mapping(
    source="12345",
    datum="gcj02",
    columns={field: field for field in HEADER},
    dates=("%Y/%m/%d %H:%M:%S", "%Y/%m/%d"),
    states={"已办结": "CLOSED"},
    urgencies={"特急": 1},
    classes={"噪音类": "noise"},
    words={"医保": "medical", "停水": "water"},
)
GOOD = {"source_id": "7", "title": "停水", "body": "三栋停水", "reported_at": "2026/3/1 8:00:00"}


def read(mapping=ALL, areas=(), **cells):
    reader = RowReader(mapping, HEADER, Gazetteer(areas, {}), NOW)
    event = reader.event([{**GOOD, **cells}.get(field) for field in HEADER])
    return event, reader.notes


def refused(**cells):
    with pytest.raises(RowFault) as caught:
        read(**cells)
    return caught.value.field, caught.value.reason


@pytest.mark.parametrize(
    "cell",
    [
        "2019/2/28 11:25:05",
        " 2019/02/28 11:25:05 ",
        "2019-02-28 11:25:05",
        "2019-02-28T03:25:05Z",
        "20190228 112505",
        "2019-02-28T03:25:05+00:00",
        datetime.datetime(2019, 2, 28, 11, 25, 5),  # noqa: DTZ001  as Excel gives it
    ],
)
def test_one_moment_in_many_forms(cell):
    event, _ = read(reported_at=cell)
    assert to_datetime(event.reported_at).isoformat() == "2019-02-28T11:25:05+08:00"


@pytest.mark.parametrize("cell", ["2019/8/1", datetime.date(2019, 8, 1)])
def test_a_day_is_its_midnight_in_the_city(cell):
    assert to_datetime(read(reported_at=cell)[0].reported_at).isoformat()[:16] == "2019-08-01T00:00"


def test_the_zone_of_1988_is_the_one_of_1988():
    """Shanghai was nine hours ahead in the summers of those years, and leap days exist."""
    summer = read(occurred_at="1991/7/1 12:00:00")[0].occurred_at
    winter = read(occurred_at="1991/1/1 12:00:00")[0].occurred_at
    assert (summer // 3_600_000) % 24 == 3
    assert (winter // 3_600_000) % 24 == 4
    assert refused(occurred_at="2027/2/29 00:00:00") == ("occurred_at", "date")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("昨天", "date"),
        ("2019/13/1", "date"),
        ("2019/2/28 23:59:60", "date"),
        ("2019-02-28T23:59:60Z", "date"),
        (188006, "date"),
        (True, "date"),
        ("0019/2/28", "past"),
        ("2199/1/1", "future"),
        (None, "empty"),
        (" \t", "empty"),
    ],
)
def test_a_time_that_cannot_be_is_refused(cell, reason):
    assert refused(reported_at=cell) == ("reported_at", reason)


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"title": "", "body": None}, ("title", "empty")),
        ({"title": "\u200b\x00", "body": "\u202e"}, ("title", "empty")),
        ({"body": "长" * 20_001}, ("body", "too_long")),
        ({"body": "长" * 1_000_000}, ("body", "too_long")),
        ({"source_id": "9" * 300}, ("source_id", "too_long")),
        ({"lon": "120.1"}, ("lat", "empty")),
        ({"lat": 31.9}, ("lon", "empty")),
        ({"lon": "东经", "lat": "1"}, ("lon", "number")),
        ({"lon": "nan", "lat": "1"}, ("lon", "number")),
        ({"lon": math.inf, "lat": 1}, ("lon", "number")),
        ({"lon": 1e300, "lat": 1}, ("lon", "outside")),
        ({"urgency": 9}, ("urgency", "range")),
        ({"urgency": 2.5}, ("urgency", "range")),
        ({"grade": "0"}, ("grade", "range")),
        ({"state": "飞了"}, ("state", "unknown")),
    ],
)
def test_what_cannot_be_taken_names_its_field_and_reason(cells, fault):
    assert refused(**cells) == fault


def test_hostile_text_is_kept_literally_without_what_no_one_sees():
    event, notes = read(
        title="<img src='/dev/zero'>\u202e翻转\x00\u200b",
        body="甲\r\n\r\n\t 乙 \ud800",
        person="'; --",
    )
    assert event.title == "<img src='/dev/zero'>翻转"
    assert event.body == "甲\n乙"
    assert event.person == "'; --"
    assert notes["cleaned"] == 2


def test_a_missing_title_is_the_beginning_of_the_text_and_a_long_one_loses_nothing():
    event, notes = read(title=None, body="三栋\n停水")
    assert (event.title, notes["title_made"]) == ("三栋 停水", 1)
    event, notes = read(title="长" * 300)
    assert (len(event.title), event.title[-1], notes["title_cut"]) == (200, "…", 1)
    assert event.body == "长" * 300 + "\n三栋停水"


def test_values_are_translated_by_the_mapping():
    event, _ = read(cls="噪音类", state="已办结", urgency="特急", closed_at="2026/3/2")
    assert (event.cls, event.state, event.urgency) == ("noise", "CLOSED", 1)
    assert event.closed_at is not None
    assert read(closed_at="2026/3/2")[0].closed_at is None


def test_a_class_nobody_told_is_found_by_words_and_brings_its_usual_urgency():
    event, notes = read(cls="别的", title="咨询", body="医保停水")
    assert (event.cls, event.urgency, notes["class_unknown"]) == ("medical", 4, 1)
    assert read()[0].cls == "water"
    assert read(title="你好", body="你好")[0].cls == "other"


def test_defaults_fill_empty_cells():
    mapping = msgspec.structs.replace(ALL, defaults={"unit": "城管局", "cls": "noise"})
    assert read(mapping)[0].unit == "城管局"
    assert read(mapping)[0].cls == "noise"
    assert read(mapping, cls="water")[0].cls == "water"


def test_coordinates_are_converted_from_the_declared_datum(desk):
    event, _ = read(areas=desk.pool.all(Area), lon="120.1", lat=31.9)
    assert (event.placed, event.area, event.datum) == ("point", "320281001001", "gcj02")
    assert abs(event.lon - 120.1) > 0.004


def test_without_coordinates_the_area_is_by_code_then_by_words(desk):
    event, _ = read(areas=desk.pool.all(Area), area="320281002")
    assert (event.area, event.placed) == ("320281002", "area")
    event, notes = read(areas=desk.pool.all(Area), area="777", address="澄江街道")
    assert (event.area, notes["area_unknown"]) == ("320281001", 1)
    event, notes = read(areas=desk.pool.all(Area), lon=0, lat=0)
    assert (event.placed, event.lon, notes["placed_nowhere"]) == ("nowhere", None, 1)


def test_a_row_without_a_number_gets_the_same_one_again():
    assert read(source_id=None)[0].id == read(source_id="")[0].id
    assert read(source_id=None)[0].id != read(source_id=None, body="别的")[0].id
    assert read(source_id=188006.0)[0].id == "12345-188006"


def test_short_and_long_rows_are_read():
    reader = RowReader(ALL, HEADER, Gazetteer([], {}), NOW)
    with pytest.raises(RowFault):
        reader.event([])
    row = [GOOD.get(field) for field in HEADER]
    assert reader.event([*row, "extra", "extra"]).title == "停水"


def test_a_column_of_the_mapping_that_the_file_lacks_is_named():
    with pytest.raises(ImportTrouble) as caught:
        RowReader(ALL, ["title", "body"], Gazetteer([], {}), NOW)
    assert "reported_at" in caught.value.sentence("zh")


CELLS = st.one_of(
    st.none(),
    st.text(st.characters(), max_size=30),
    st.sampled_from(["2026/3/1 8:00:00", "120.1", "31.9", "NEW", "noise", "1e400", "٣", "９"]),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
)


@given(st.lists(CELLS, min_size=len(HEADER), max_size=len(HEADER) + 2))
def test_any_row_is_an_event_that_can_be_kept_or_a_named_fault(row):
    reader = RowReader(ALL, HEADER, Gazetteer([], {}), NOW)
    try:
        event = reader.event(row)
    except RowFault as fault:
        assert fault.field in FIELDS
        return
    assert event.title
    assert 1 <= event.urgency <= 5
    for value in (event.id, event.title, event.body, event.person, event.address, event.unit):
        assert "\x00" not in value
        value.encode()


@given(st.dictionaries(st.sampled_from(HEADER), CELLS))
def test_a_good_row_with_some_bad_cells_too(cells):
    try:
        assert read(**cells)[0].reported_at <= NOW + 300_000
    except RowFault as fault:
        assert fault.field in FIELDS
