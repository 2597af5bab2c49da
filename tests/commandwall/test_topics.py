"""Repeats and recurring topics: what is proposed and listed, with which rows, and what is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import civic
import pytest
from builders import NOW, an_event

from commandwall import recurring, repeats
from commandwall.clock import DAY, HOUR, Ms
from commandwall.events import Event
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use

REAL = pytest.mark.skipif(not civic.MESSAGES.is_file(), reason=f"not here: {civic.DATA}")
NOISE = "夜间施工噪音扰民，凌晨还在打桩，无法入睡"


def told(id_: str, title: str, **kw: object) -> Event:
    return an_event(**{"id": id_, "title": title, "body": title, **kw})


def pairs(*events: Event) -> list[tuple[str, str, str]]:
    return [(r.first, r.later, r.place) for r in repeats.find(events)]


def test_the_same_words_near_in_place_and_time_are_proposed_with_the_reasons() -> None:
    first = told("a", NOISE)
    later = told("b", NOISE + "！", lon=120.2005, reported_at=Ms(NOW + HOUR))
    (found,) = repeats.find([later, first])
    assert (found.first, found.later, found.place) == ("a", "b", "point")
    assert found.apart_m == pytest.approx(47, abs=2)
    assert (found.apart_ms, found.like > 0.9) == (HOUR, True)


def test_two_places_two_weeks_or_other_words_are_not_one() -> None:
    first = told("a", "路灯不亮")
    assert pairs(first, told("b", "路灯不亮", lon=120.3)) == []
    assert pairs(first, told("b", "路灯不亮", reported_at=Ms(NOW + 14 * DAY))) == []
    assert pairs(first, told("b", "自来水浑浊发黄")) == []
    assert pairs(first) == []


def test_without_points_the_area_counts_and_elsewhere_only_the_same_text() -> None:
    nowhere = {"lon": None, "lat": None, "placed": "area"}
    first = told("a", NOISE, **nowhere)
    assert pairs(first, told("b", NOISE, **nowhere)) == [("a", "b", "area")]
    other = told("b", NOISE, area="320281002", **nowhere)
    assert pairs(first, other) == [("a", "b", "words")]
    assert pairs(first, replace(other, title="夜间施工噪音扰民，请管管")) == []


def test_of_an_event_of_the_pool_its_repeats_are_found(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    mirror = Mirror(tmp_path / "m1.db")
    use(tmp_path, "m1.db")
    rows = [told("a", NOISE), told("b", NOISE, reported_at=Ms(NOW + HOUR)), told("c", "停水")]
    mirror.take({"event": [tuple(getattr(e, n) for n in e.__slots__) for e in rows]}, {})
    for key, wanted in (("b", ["a"]), ("a", ["a"]), ("c", [])):
        found = store.read(lambda r, key=key: repeats.of_event(r, key))
        assert [r.first for r in found] == wanted
    assert [t.place for t in store.read(lambda r: recurring.of_pool(r, NOW))] == []
    mirror.close()
    store.close()


def city() -> list[Event]:
    """An estate that complains of two things, and words that are told everywhere."""
    said = ("附近搅拌站噪音大", "旁的搅拌站噪音扰民", "搅拌站夜里噪音不停", "又被搅拌站噪音吵醒")
    dirt = ("电梯坏了没人修", "电梯又坏了", "三栋电梯停运", "电梯困人无人修")
    events = []
    for i, (noise, lift) in enumerate(zip(said, dirt, strict=True)):
        at = Ms(NOW + i * DAY)
        events.append(told(f"n{i}", f"石桥新城{noise}", reported_at=at))
        events.append(told(f"l{i}", f"石桥新城{lift}", reported_at=at))
        events.append(told(f"x{i}", "城管中心不接电话", area=f"t{i}", reported_at=at))
    return events


def test_one_estate_with_two_nuisances_has_two_topics_each_with_its_rows() -> None:
    found = recurring.find(city(), lambda code: code)
    assert {(t.place, t.events) for t in found} == {
        ("石桥新城", ("n0", "n1", "n2", "n3")),
        ("石桥新城", ("l0", "l1", "l2", "l3")),
    }
    of_lifts = next(t for t in found if "l0" in t.events)
    assert "电梯" in "".join(of_lifts.words)
    assert (of_lifts.first, of_lifts.last) == (NOW, NOW + 3 * DAY)
    assert recurring.find([], lambda code: code) == []


@REAL
def test_repeated_texts_of_the_real_messages_are_proposed_once() -> None:
    events = [civic.as_event(m) for m in civic.messages()]
    found = repeats.find(events)
    first: dict[str, Event] = {}
    again = []
    for event in events:
        before = first.setdefault(event.body, event)
        if before is not event and event.reported_at - before.reported_at <= 7 * DAY:
            again.append(event.id)
    proposed = {r.later for r in found}
    missed = set(again) - proposed
    print(f"\n{len(found)} proposals; {len(again)} texts word for word again within a week, "
          f"{len(missed)} not proposed")  # fmt: skip
    assert len(again) > 50
    assert not missed
    assert len(proposed) == len(found)


@REAL
def test_the_estates_of_the_real_messages_come_back_with_what_they_complain_of() -> None:
    """What a person who reads the rows finds: each is one estate with one nuisance."""
    events = {m.number: civic.as_event(m) for m in civic.messages()}
    found = recurring.find([*events.values()], lambda code: code if code != "A" else "")
    print()
    for topic in found:
        typical = events[topic.typical].title
        print(f"{len(topic.events):3} {topic.place}　{'、'.join(topic.words)}　{typical}")
    for place, nuisance, least in (
        ("丽发新城", "搅拌", 40), ("伊景园", "车位", 30), ("魅力之城", "油烟|夜宵|商铺|噪音", 6),
    ):  # fmt: skip
        largest = next(t for t in found if t.place == place)
        texts = [events[key].title + events[key].body for key in largest.events]
        about = sum(any(word in text for word in nuisance.split("|")) for text in texts)
        assert len(texts) >= least
        assert about >= 0.9 * len(texts)
    told = [key for topic in found for key in topic.events]
    assert len(told) < 1.2 * len(set(told))
