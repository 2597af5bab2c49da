"""CAP 1.2: what is read of it, what is refused and why, and that nothing ends the reader."""

from __future__ import annotations

import os
import time

import cap as said
import pytest
from builders import NOW
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from commandwall import codes, public_warnings
from commandwall.feeds import cap, warned
from commandwall.feeds.cap import CapTrouble

ROUNDS = 20_000 if os.environ.get("COMMANDWALL_TEST_LONG") else 150


def test_a_message_is_read_whole_and_its_places_are_turned_round() -> None:
    circle = said.area(areaDesc="江边", polygon=None, circle="31.10,120.20 2.5")
    told = cap.read(said.alert(NOW, said.info(NOW, said.area() + circle)))
    assert (told.sender, told.identifier, told.sent) == (said.SENDER, "LJ-1", NOW)
    (one,) = told.infos
    assert (one.event, one.severity, one.issuer) == ("暴雨", "Severe", "临江市气象台")
    assert one.expires == NOW + 6 * 3_600_000
    first, second = one.areas
    assert first.polygons[0][0] == (120.10, 31.08) and len(first.polygons[0]) == 5
    assert second.circles == (((120.20, 31.10), 2500.0),)


def test_the_language_of_the_hall_is_taken_else_the_next() -> None:
    each = [said.info(NOW, language=lang, headline=lang) for lang in ("fr", "en-GB", "zh_Hans")]
    infos = cap.read(said.alert(NOW, "".join(each))).infos
    told = [[i.headline for i in cap.spoken(some, ("zh", "en"))] for some in
            (infos, infos[:2], infos[:1])]  # fmt: skip
    assert told == [["zh_Hans"], ["en-GB"], ["fr"]]


def test_references_name_who_sent_what() -> None:
    told = cap.read(said.after(NOW, "Cancel", "LJ-3", "LJ-1", "LJ-2", infos=""))
    assert told.references == ((said.SENDER, "LJ-1"), (said.SENDER, "LJ-2"))
    assert told.infos == ()


@pytest.mark.parametrize("encoding", ["GBK", "gb2312", "GB18030"])
def test_a_file_in_a_chinese_encoding_is_read(encoding: str) -> None:
    data = said.alert(NOW).decode().replace("UTF-8", encoding).encode(encoding)
    assert cap.read(data).infos[0].headline == "临江市气象台发布暴雨橙色预警"


def test_an_open_ring_is_closed_and_an_empty_shape_is_none() -> None:
    ring = " ".join(said.RING.split()[:4])
    areas = said.area(polygon=[ring, " "], circle="")
    (found,) = cap.read(said.alert(NOW, said.info(NOW, areas))).infos[0].areas
    assert [p[0] == p[-1] for p in found.polygons] == [True] and found.circles == ()


def area(**more: object) -> bytes:
    return said.alert(NOW, said.info(NOW, said.area(**more)))


BOMB = (
    b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]>'
    b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>&y;</identifier></alert>'
)
OUTSIDE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
WRONG = {
    "not xml": (b"warning", "file", "xml"),
    "cut off": (said.alert(NOW)[:-20], "file", "xml"),
    "other encoding": (b'<?xml version="1.0" encoding="x"?><a/>', "file", "xml"),
    "broken Chinese": (b'<?xml version="1.0" encoding="gbk"?><a>\xff\xff</a>', "file", "xml"),
    "bomb": (BOMB, "file", "doctype"),
    "reads a file": (OUTSIDE, "file", "doctype"),
    "deep": (b"<a>" * 70, "file", "deep"),
    "many": (b"<a>" + b"<b/>" * 6000, "file", "elements"),
    "large": (b" " * 1_000_001, "file", "size"),
    "CAP 1.1": (said.alert(NOW).replace(b"cap:1.2", b"cap:1.1"), "alert", "root"),
    "no sender": (said.alert(NOW, sender=None), "alert/sender", "missing"),
    "comma in name": (said.alert(NOW, identifier="a,b"), "alert/identifier", "name"),
    "no zone": (said.alert(NOW, sent="2026-11-26T08:00:00"), "alert/sent", "time"),
    "no such day": (said.alert(NOW, sent="2026-02-30T08:00:00+08:00"), "alert/sent", "time"),
    "status": (said.alert(NOW, status="Real"), "alert/status", "word"),
    "no info": (said.alert(NOW, infos=""), "alert/info", "missing"),
    "cancels nothing": (said.alert(NOW, msgType="Cancel"), "alert/references", "missing"),
    "reference": (said.alert(NOW, references="LJ-0"), "alert/references", "reference"),
    "severity": (
        said.alert(NOW, said.info(NOW, severity="Bad")), "alert/info/severity", "word",
    ),
    "second info": (
        said.alert(NOW, said.info(NOW) + said.info(NOW, event=None)), "alert/info 2/event",
        "missing",
    ),
    "lon first": (area(polygon="120.1,31.0 120.3,31.0 120.3,31.2"), "alert/info/area/polygon",
                  "order"),
    "a line": (area(polygon="31,120 31,121 31,120"), "alert/info/area/polygon", "few"),
    "no pair": (area(polygon="31 120 31"), "alert/info/area/polygon", "pair"),
    "no number": (area(circle="31,nan 2"), "alert/info/area/circle", "number"),
    "no radius": (area(circle="31,120"), "alert/info/area/circle", "circle"),
    "the world": (area(circle="31,120 6000"), "alert/info/area/circle", "radius"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "where", "why"), WRONG.values(), ids=[*WRONG])
def test_what_is_wrong_is_named_with_its_field(data: bytes, where: str, why: str) -> None:
    with pytest.raises(CapTrouble) as raised:
        cap.read(data)
    assert (raised.value.where, raised.value.why) == (where, why)
    assert why in codes.load("cap_fault")


def test_no_file_costs_more_than_a_small_one() -> None:
    """Of the largest that is taken; far under the time of a tick of the agent's pulse."""
    many = said.info(NOW, said.area() * 1200)
    began = time.process_time()
    cap.read(said.alert(NOW, many))
    assert time.process_time() - began < 1.0


pieces = st.sampled_from(
    [said.alert(NOW), said.info(NOW).encode(), said.area().encode(), BOMB, b"<", b">", b"/", b'"',
     b"<alert", b"<![CDATA[", b"]]>", b"<!--", b"&#0;", b"&#x110000;", b"\x00", b"\xff\xfe",
     b"31.1,120.2", b"1e400", b"nan,inf", b"-0", b"9999-12-31T23:59:59-14:00",
     b"0001-01-01T00:00:00+14:00", "风".encode("gbk"), "\u202e".encode()]
)  # fmt: skip


@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(pieces, st.binary(max_size=40)), max_size=8), st.integers(0, 2000),
       st.one_of(pieces, st.binary(max_size=12)))  # fmt: skip
def test_any_bytes_are_a_message_or_are_refused(parts: list[bytes], at: int, pushed: bytes) -> None:
    whole = said.alert(NOW)
    for data in (b"".join(parts), whole[:at] + pushed + whole[at:], whole[:at] + pushed):
        try:
            warned.records(cap.read(data), NOW)
        except CapTrouble as why:
            assert why.why in codes.load("cap_fault") and "\n" not in str(why)


@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["identifier", "sender", "sent", "status", "msgType", "scope",
                        "references"]), st.sampled_from(["polygon", "circle", "areaDesc"]),
       st.text(st.characters(exclude_characters="<&", codec="utf-8"), max_size=60))  # fmt: skip
def test_any_text_in_any_field_is_taken_or_refused(field: str, place: str, text: str) -> None:
    for data in (said.alert(NOW, **{field: text}), area(**{place: text})):
        try:
            warned.records(cap.read(data), NOW)
        except CapTrouble as why:
            assert why.where


numbers = st.one_of(
    st.floats(-95, 95), st.integers(-181, 181), st.sampled_from(["1e400", "x", "-0"])
)
pairs = st.tuples(numbers, numbers).map(lambda p: f"{p[0]},{p[1]}")


@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(pairs, max_size=12), st.one_of(numbers, st.floats(0, 2500)))
@example(["0.0,0.0", "0.0,1.0", "2.908287671174061e-252,0.0"], 0.0)
@example(["90,0.0"], 5e-324)
def test_any_outline_is_one_on_this_earth_or_none(corners: list[str], radius: object) -> None:
    ring, circle = " ".join(corners), f"{corners[0]} {radius}" if corners else ""
    for data in (area(polygon=ring), area(polygon=None, circle=circle)):
        try:
            (found,) = warned.records(cap.read(data), NOW)
        except CapTrouble:
            continue
        shape = public_warnings.outline(found)
        assert shape is None or (shape.is_valid and shape.area > 0)
        assert bool(found.wkt) == (public_warnings.middle(found) is not None)
