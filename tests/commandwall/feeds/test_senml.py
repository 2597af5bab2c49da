"""SenML: the examples of RFC 8428 as it prints them, base values, what is refused and why."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandwall.feeds import senml
from commandwall.feeds.senml import Resolved

NOW = 1_700_000_000.0
MOST = 1_000_000
LONG = bool(os.environ.get("COMMANDWALL_TEST_LONG"))
DEVICE = "urn:dev:ow:10e2073a01080063"


def read(pack: Any, name: str = "") -> senml.Pack:
    body = pack if isinstance(pack, bytes) else json.dumps(pack).encode()
    return senml.read(body, NOW, MOST, name)


def told(pack: Any) -> list[tuple[str, str, float, Any]]:
    """Name, unit, time and value of each record of a pack in which nothing is wrong."""
    found = read(pack)
    assert found.refused == []
    return [(r.name, r.unit, r.at, r.value) for r in found.records]


def refused(pack: Any, name: str = "") -> list[tuple[int, str, str]]:
    return [(r.no, r.field, r.reason) for r in read(pack, name).refused]


def test_a_single_data_point() -> None:
    """RFC 8428, 5.1.1."""
    assert told(b'[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]') == [
        (DEVICE, "Cel", NOW, 23.1)
    ]


def test_multiple_data_points_now() -> None:
    """RFC 8428, 5.1.2."""
    pack = (
        b'[{"bn":"urn:dev:ow:10e2073a01080063:","n":"voltage","u":"V","v":120.1},'
        b'{"n":"current","u":"A","v":1.2}]'
    )
    assert told(pack) == [
        (DEVICE + ":voltage", "V", NOW, 120.1),
        (DEVICE + ":current", "A", NOW, 1.2),
    ]


def test_multiple_data_points_with_times() -> None:
    """RFC 8428, 5.1.2: an older version, and each second of five."""
    name, base = "urn:dev:ow:10e2073a0108006:", 1276020076.001
    pack = (
        b'[{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,'
        b'"n":"voltage","u":"V","v":120.1},'
        b'{"n":"current","t":-5,"v":1.2},{"n":"current","t":-4,"v":1.3},'
        b'{"n":"current","t":-3,"v":1.4},{"n":"current","t":-2,"v":1.5},'
        b'{"n":"current","t":-1,"v":1.6},{"n":"current","v":1.7}]'
    )
    assert told(pack) == [
        (name + "voltage", "V", base, 120.1),
        (name + "current", "A", base - 5, 1.2),
        (name + "current", "A", base - 4, 1.3),
        (name + "current", "A", base - 3, 1.4),
        (name + "current", "A", base - 2, 1.5),
        (name + "current", "A", base - 1, 1.6),
        (name + "current", "A", base, 1.7),
    ]


def test_a_stream() -> None:
    """RFC 8428, 5.1.2: the stream, as far as it is printed."""
    values = [21.2, 21.3, 21.4, 21.4, 21.5, 21.5, 21.5, 21.6, 21.7]
    pack = (
        b'[{"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":21.2},'
        b'{"t":10,"v":21.3},{"t":20,"v":21.4},{"t":30,"v":21.4},{"t":40,"v":21.5},'
        b'{"t":50,"v":21.5},{"t":60,"v":21.5},{"t":70,"v":21.6},{"t":80,"v":21.7}]'
    )
    assert told(pack) == [
        (DEVICE, "%RH", 1320067464.0 + 10 * i, value) for i, value in enumerate(values)
    ]


def test_multiple_measurements_resolve_as_printed() -> None:
    """RFC 8428, 5.1.3, and what 5.1.4 prints for it."""
    pack = (
        b'[{"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":20},'
        b'{"u":"lon","v":24.30621},{"u":"lat","v":60.07965},'
        b'{"t":60,"v":20.3},{"u":"lon","t":60,"v":24.30622},{"u":"lat","t":60,"v":60.07965},'
        b'{"t":120,"v":20.7},{"u":"lon","t":120,"v":24.30623},{"u":"lat","t":120,"v":60.07966},'
        b'{"u":"%EL","t":150,"v":98},'
        b'{"t":180,"v":21.2},{"u":"lon","t":180,"v":24.30628},{"u":"lat","t":180,"v":60.07967}]'
    )
    printed = [
        ("%RH", 1.320067464e09, 20.0), ("lon", 1.320067464e09, 24.30621),
        ("lat", 1.320067464e09, 60.07965),
        ("%RH", 1.320067524e09, 20.3), ("lon", 1.320067524e09, 24.30622),
        ("lat", 1.320067524e09, 60.07965),
        ("%RH", 1.320067584e09, 20.7), ("lon", 1.320067584e09, 24.30623),
        ("lat", 1.320067584e09, 60.07966),
        ("%EL", 1.320067614e09, 98.0),
        ("%RH", 1.320067644e09, 21.2), ("lon", 1.320067644e09, 24.30628),
        ("lat", 1.320067644e09, 60.07967),
    ]  # fmt: skip
    assert told(pack) == [(DEVICE, *row) for row in printed]


def test_multiple_data_types() -> None:
    """RFC 8428, 5.1.5."""
    pack = (
        b'[{"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},'
        b'{"n":"label","vs":"Machine Room"},{"n":"open","vb":false},'
        b'{"n":"nfv-reader","vd":"aGkgCg"}]'
    )
    assert told(pack) == [
        (DEVICE + ":temp", "Cel", NOW, 23.1),
        (DEVICE + ":label", "", NOW, "Machine Room"),
        (DEVICE + ":open", "", NOW, False),
        (DEVICE + ":nfv-reader", "", NOW, b"hi \n"),
    ]


def test_a_collection_of_resources() -> None:
    """RFC 8428, 5.1.6: the base name of the third record, the base time of the first."""
    at = 1320078429.0
    pack = (
        b'[{"bn":"2001:db8::2/","bt":1.320078429e+09,"n":"temperature","u":"Cel","v":25.2},'
        b'{"n":"humidity","u":"%RH","v":30},'
        b'{"bn":"2001:db8::1/","n":"temperature","u":"Cel","v":12.3},'
        b'{"n":"humidity","u":"%RH","v":67}]'
    )
    assert told(pack) == [
        ("2001:db8::2/temperature", "Cel", at, 25.2),
        ("2001:db8::2/humidity", "%RH", at, 30.0),
        ("2001:db8::1/temperature", "Cel", at, 12.3),
        ("2001:db8::1/humidity", "%RH", at, 67.0),
    ]


def test_setting_an_actuator() -> None:
    """RFC 8428, 5.1.7: a record of base values alone, and the lights."""
    thermostat = (
        b'[{"bn":"urn:dev:ow:10e2073a01080063:"},{"n":"temp","u":"Cel","v":23.1},'
        b'{"n":"heat","u":"/","v":1},{"n":"fan","u":"/","v":0}]'
    )
    assert told(thermostat) == [
        (DEVICE + ":temp", "Cel", NOW, 23.1),
        (DEVICE + ":heat", "/", NOW, 1.0),
        (DEVICE + ":fan", "/", NOW, 0.0),
    ]
    on = b'[{"bt":1.320078429e+09,"bu":"/","n":"2001:db8::3","v":1},{"n":"2001:db8::4","v":1}]'
    assert told(on) == [
        ("2001:db8::3", "/", 1320078429.0, 1.0),
        ("2001:db8::4", "/", 1320078429.0, 1.0),
    ]
    dim = (
        b'[{"bt":1.320078429e+09,"bu":"/","n":"2001:db8::3","v":0.5},'
        b'{"n":"2001:db8::4","v":0.5},{"n":"2001:db8::3","t":0.1,"v":0},'
        b'{"n":"2001:db8::4","t":0.1,"v":0}]'
    )
    assert told(dim) == [
        ("2001:db8::3", "/", 1320078429.0, 0.5),
        ("2001:db8::4", "/", 1320078429.0, 0.5),
        ("2001:db8::3", "/", 1320078429.1, 0.0),
        ("2001:db8::4", "/", 1320078429.1, 0.0),
    ]


def test_base_value_and_base_sum_are_added_until_another_comes() -> None:
    pack = read([
        {"bn": "a", "bv": 100, "bs": 5, "v": 1},
        {"n": "b", "v": -1, "s": 2},
        {"n": "c", "s": 1},
        {"n": "d", "bv": 0, "v": 3},
        {"n": "e", "vb": True},
    ])  # fmt: skip
    assert pack.refused == []
    assert [(r.name, r.value, r.sum) for r in pack.records] == [
        ("a", 101.0, 5.0), ("ab", 99.0, 7.0), ("ac", None, 6.0), ("ad", 3.0, 5.0),
        ("ae", True, 5.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("bt", "t", "at"),
    [
        (0, 0, NOW), (0, -60, NOW - 60), (-60, -5, NOW - 65), (0, 2**28 - 1, NOW + 2**28 - 1),
        (0, 2**28, 2**28), (2**28, -1, NOW + 2**28 - 1), (1e9, 0.25, 1e9 + 0.25),
    ],
)  # fmt: skip
def test_times_count_from_now_or_from_1970(bt: float, t: float, at: float) -> None:
    assert told([{"n": "a", "v": 1, "bt": bt, "t": t}])[0][2] == at


@pytest.mark.parametrize(("bt", "t"), [(0, -1e10), (1e300, 0), (1.7e308, 1.7e308)])
def test_a_time_that_is_none_is_refused(bt: float, t: float) -> None:
    assert refused([{"n": "a", "v": 1, "bt": bt, "t": t}]) == [(1, "t", "range")]


@pytest.mark.parametrize(
    ("record", "field", "reason"),
    [
        ({"n": "b"}, "v", "no_value"), ({"n": "b", "u": "m", "t": 5}, "v", "no_value"),
        ({}, "v", "no_value"), ({"n": "b", "v": "1"}, "v", "type"),
        ({"n": "b", "v": True}, "v", "type"), ({"n": "b", "vb": 1}, "vb", "type"),
        ({"n": 5, "v": 1}, "n", "type"), ({"n": "b", "v": 1, "vs": "x"}, "v", "values"),
        ({"n": "b", "vb": True, "vs": "x"}, "v", "values"), ({"n": "燃气", "v": 1}, "n", "name"),
        ({"n": "b c", "v": 1}, "n", "name"), ({"n": "b", "vd": "a+b"}, "vd", "base64"),
        ({"n": "b", "vd": "a"}, "vd", "base64"),
        ({"n": "b", "v": 1, "x_": 1}, "x_", "unknown_field"),
        ("no record", "", "type"), (None, "", "type"), ([], "", "type"),
    ],
)  # fmt: skip
def test_a_bad_record_is_named_and_loses_no_other(record: Any, field: str, reason: str) -> None:
    pack = read([{"bn": "dev:", "n": "a", "v": 1}, record, {"n": "c", "v": 3}])
    assert [(r.no, r.field, r.reason) for r in pack.refused] == [(2, field, reason)]
    assert [(r.name, r.value) for r in pack.records] == [("dev:a", 1.0), ("dev:c", 3.0)]


def test_a_bad_record_still_gives_its_base_values() -> None:
    pack = read([{"bn": "dev:", "bt": 1e9, "n": "a", "v": "high"}, {"n": "b", "v": 2}])
    assert [(r.no, r.field, r.reason) for r in pack.refused] == [(1, "v", "type")]
    assert [(r.name, r.at) for r in pack.records] == [("dev:b", 1e9)]


def test_behind_a_base_value_that_cannot_be_read_nothing_is_guessed() -> None:
    pack = read([{"n": "a", "v": 1}, {"bt": "noon", "n": "b", "v": 2}, {"n": "c", "v": 3}])
    assert [r.name for r in pack.records] == ["a"]
    assert [(r.no, r.field, r.reason) for r in pack.refused] == [
        (2, "bt", "type"), (3, "bt", "base"),
    ]  # fmt: skip


def test_a_name_begins_with_a_letter_or_digit_and_is_not_empty() -> None:
    assert refused([{"n": "-a", "v": 1}]) == [(1, "n", "name")]
    assert refused([{"v": 1}]) == [(1, "n", "no_name")]
    assert told([{"bn": "9", "n": "-:./_a", "v": 1}])[0][0] == "9-:./_a"


def test_versions() -> None:
    assert told([{"bver": 10, "n": "a", "v": 1}, {"bver": 10, "n": "b", "v": 1}])
    assert refused([{"n": "a", "v": 1}, {"n": "b", "v": 2, "bver": 11}]) == [(2, "bver", "newer")]
    assert read([{"n": "a", "v": 1}, {"n": "b", "v": 2, "bver": 11}]).records == []
    assert refused([{"bver": 5, "n": "a", "v": 1}, {"bver": 6, "n": "b", "v": 1}]) == [
        (2, "bver", "version")
    ]
    assert refused([{"bver": 0.5, "n": "a", "v": 1}]) == [(1, "bver", "version")]


def test_labels_that_nobody_knows_are_passed_over() -> None:
    assert told([{"n": "a", "v": 1, "colour": "red", "extra": {"deep": [1]}}])


@pytest.mark.parametrize("body", [b"23.5", b" 23.5 \n", b'{"v": 23.5}', b'{"v":23.5,"u":"Cel"}'])
def test_a_simple_device_is_called_as_its_way_says(body: bytes) -> None:
    (record,) = read(body, "gas-17").records
    assert (record.name, record.at, record.value) == ("gas-17", NOW, 23.5)


def test_a_simple_device_may_say_its_name_and_time() -> None:
    (record,) = read({"n": "gas-18", "t": 1.6e9, "v": 4, "u": "%"}, "gas-17").records
    assert record == Resolved("gas-18", "%", 1.6e9, 4.0, None, "gas-18")
    assert read(b"true", "door-1").records[0].value is True


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "json"), (b"nonsense", "json"), (b"[", "json"), (b"[]", "empty"),
        (b"\xff\xfe", "json"), (b'[{"n":"a","v":NaN}]', "json"), (b'"text"', "type"),
        (b"null", "type"), (b'[{"n":"a","vs":"\xff"}]', "json"), (b'{"v":[1]}', "type"),
        (b'[{"n":"a","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "depth"),
        (b" " * (MOST + 1), "size"), (b"1e999", "type"), (b'[{"n":"a","vs":"\\ud800"}]', "json"),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused_whole(body: bytes, reason: str) -> None:
    pack = read(body, "a")
    assert pack.records == []
    assert [(r.no, r.reason) for r in pack.refused] == [(0, reason)]


def test_numbers_beyond_all_measure_are_refused_by_record() -> None:
    body = b'[{"n":"a","v":1e400},{"n":"b","v":1},{"n":"c","v":' + b"9" * 5000 + b"}]"
    assert refused(body) == [(1, "v", "type"), (3, "v", "type")]
    assert refused([{"n": "a", "bv": 1.7e308, "v": 1.7e308}]) == [(1, "v", "range")]


@pytest.mark.parametrize(
    ("body", "wrong", "taken"),
    [
        (b'[{"n":"a","v":1,"v":2},{"n":"b","v":3}]', [(1, "v", "twice")], ["b"]),
        (b'[{"n":"a","v":1,"\\u0076":2},{"n":"b","v":3}]', [(1, "v", "twice")], ["b"]),
        (b'[{"n":"a","v" : 1, "v"\n:2}, {"n":"b","v":3}]', [(1, "v", "twice")], ["b"]),
        (b'[{"n":"a","v":2,"v":null,"vs":"\\u0022:"}]', [(1, "v", "twice")], []),
        (b'[{"bn":"x","n":"a","n":"c","v":1},{"n":"b","v":3}]', [(1, "n", "twice")], ["xb"]),
        (b'[{"n":"a","v":1},{"bn":"x","bn":"y","n":"c","v":1},{"n":"b","v":3}]',
         [(2, "bn", "twice"), (3, "bn", "base")], ["a"]),
        (b'{"v":1,"v":2}', [(1, "v", "twice")], []),
        (b'[{"n":"a","v":1,"x":{"y":1,"y":2}}]', [], ["a"]),
    ],
)  # fmt: skip
def test_a_label_that_stands_twice_says_nothing(
    body: bytes, wrong: list[tuple[int, str, str]], taken: list[str]
) -> None:
    pack = read(body, "dev")
    assert [(r.no, r.field, r.reason) for r in pack.refused] == wrong
    assert [r.name for r in pack.records] == taken


BASES, OWN = ["bn", "bt", "bu", "bv", "bs", "bver"], ["n", "u", "t", "ut", "x_"]
VALUES = ["v", "vs", "vb", "vd", "s"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
RECORDS = st.dictionaries(st.sampled_from(BASES + OWN + VALUES), SCALARS, max_size=6)
PACKS = st.lists(RECORDS | ANYTHING, max_size=6)
BODIES = st.one_of(
    st.binary(max_size=80),
    PACKS.map(lambda p: json.dumps(p).encode()),
    ANYTHING.map(lambda p: json.dumps(p, ensure_ascii=False).encode("utf-8", "surrogatepass")),
)


EVENS = st.lists(
    st.fixed_dictionaries(
        {"n": st.text("aZ9-/_ ", max_size=4),
         "v": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9)},
        optional={"t": st.floats(-5e9, 5e9) | st.sampled_from([-1, 0, 3e11])},
    ), min_size=1, max_size=5,
)  # fmt: skip
FIRST = st.fixed_dictionaries(
    {}, optional={"bn": st.sampled_from(["", "gw:", "/"]), "bt": st.floats(-9e8, 9e9)}
)


@given(EVENS, FIRST, st.integers(0, 4))
@settings(max_examples=20_000 if LONG else 100, deadline=None, database=None)
def test_a_pack_of_one_kind_means_what_it_means_beside_an_unlike_record(
    pack: list[dict[str, Any]], bases: dict[str, Any], where: int
) -> None:
    """Which is read record by record; the bases may also stand behind the first."""
    pack[where % len(pack)].update(bases)
    alone, beside = read(pack), read([*pack, {"bn": "unlike", "bt": 0, "vb": True}])
    assert alone.records == beside.records[:-1]
    assert alone.refused == beside.refused


LONE = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(json.dumps),
    st.lists(
        st.one_of(
            st.tuples(st.just("v"), st.floats(-1e300, 1e300) | st.integers(-9, 9) | st.booleans()),
            st.tuples(st.just("t"), st.floats(-9e8, 9e12) | st.none()),
            st.tuples(st.just("n"), st.sampled_from(["", "a", "n", "a:b", "/", "名", "\\u0061"])),
            st.tuples(st.sampled_from(["u", "vs", "bn", "x", "x_"]), st.just("C")),
        ),
        max_size=4,
    ).map(lambda pairs: "{" + ", ".join(f'"{k}": {json.dumps(v)}' for k, v in pairs) + "}"),
)  # fmt: skip


@given(LONE.map(str.encode) | BODIES)
@settings(max_examples=20_000 if LONG else 300, deadline=None, database=None)
def test_a_reading_alone_means_what_it_means_looked_at_closely(body: bytes) -> None:
    if (found := senml.lone(body, NOW, 1000, "dev")) is not None:
        name, at, value = found
        pack = senml.read(body, NOW, 1000, "dev")
        assert [(r.name, r.at, r.value, r.unit, r.sum) for r in pack.records] == [
            (name, at, value, "", None)
        ]
        assert not pack.refused


@pytest.mark.parametrize(
    "body", [b"21.5", b" -3 ", b'{"v": 1}', b'{"t":-2,"v":1e3}', b'{"n":"a:b","v":2,"t":1.7e9}']
)
def test_what_simple_devices_send_is_read_at_one_go(body: bytes) -> None:
    assert senml.lone(body, NOW, 1000, "dev") is not None


@given(BODIES)
@settings(
    max_examples=20_000 if LONG else 100, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
def test_whatever_comes_is_read_or_refused_at_once(body: bytes) -> None:
    pack = senml.read(body, NOW, 1000, "dev")
    assert pack.records or pack.refused or body.lstrip()[:1] == b"["
    for record in pack.records:
        assert isinstance(record.value, float | bool | str | bytes | None)
        assert 0 <= record.at <= senml.LAST
        assert record.name
