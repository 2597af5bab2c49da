"""Tags: put on and taken off by people, found by filters, never told of what is restricted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from station import Station

from commandwall import event_acts, event_lists, tagging
from commandwall.clock import DAY, HOUR, Ms
from commandwall.reports import basis
from commandwall.saved_views import POOL, Filter
from commandwall.store import lines
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused
from commandwall.store.tables import Conflict
from commandwall.studies import Scope
from commandwall.tagging import EventTag, tag_event
from widgets.reasons import sentence


class Hall(Station):
    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        mirror = Mirror(folder / "m1.db")
        rows = [
            an_event(id=f"e{n}", cls="noise" if n > 1 else "water",
                     state="NEW" if n else "CLOSED", reported_at=Ms(NOW - n * HOUR))
            for n in range(4)
        ]  # fmt: skip
        mirror.take({"event": [tuple(getattr(e, n) for n in e.__slots__) for e in rows]}, {})
        mirror.close()
        use(folder, "m1.db")
        super().__init__(folder, "chief")

    def tags(self, event: str) -> set[str]:
        found = self.store.read(lambda r: r.find(EventTag, event=event, stands=1))
        return {one.tag for one in found}

    def found(self, **asked: Any) -> list[str]:
        filter = Filter(POOL, **asked)
        views = self.store.read(lambda r: event_lists.find(r, filter, NOW, 99))
        many = self.store.read(lambda r: event_lists.count(r, filter, NOW, 99))
        assert many == len(views)
        return [view.event.id for view in views]

    def refused(self, **args: Any) -> str:
        with pytest.raises(Refused) as why:
            self.do(tag_event, **args)
        assert "未执行" not in sentence(why.value.reason)
        return why.value.reason.code


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path / "one")
    yield made
    made.close()


def test_an_event_has_exactly_what_was_ticked_and_the_course_tells_it(hall: Hall) -> None:
    hall.do(tag_event, event="e1", tags=["group", "media"])
    hall.do(tag_event, event="e1", tags=["media", "danger"])
    assert hall.tags("e1") == {"media", "danger"}
    told = hall.store.read(lambda r: tagging.history(r, "e1"))
    assert [(put, taken) for *_, put, taken in told] == [
        (["group", "media"], []), (["danger"], ["group"]),
    ]  # fmt: skip
    assert hall.refused(event="e1", tags=["media", "danger"]) == "same_tags"
    assert hall.refused(event="e1", tags=["media", "no such"]) == "unknown"
    assert hall.refused(event="none", tags=["media"]) == "unknown"
    hall.do(tag_event, event="e1", tags=[])
    assert hall.tags("e1") == set()


def test_a_filter_finds_open_and_closed_ones_by_their_tag(hall: Hall) -> None:
    for event in ("e0", "e1", "e2"):
        hall.do(tag_event, event=event, tags=["group"])
    assert hall.found(tag="group") == ["e0", "e1", "e2"]
    assert hall.found(tag="group", cls="noise") == ["e2"]
    assert hall.found(tag="group", state="CLOSED") == ["e0"]
    assert hall.found(tag="group", words="停水") == ["e0", "e1", "e2"]
    assert hall.found(tag="media") == []
    hall.do(event_acts.classify, event="e1", cls="crisis")
    assert hall.found(tag="group") == ["e0", "e2"], "a tag tells of what is restricted"


def test_a_study_counts_by_tag(hall: Hall) -> None:
    hall.do(tag_event, event="e2", tags=["group"])

    def rows(tag: str) -> list[str]:
        scope = Scope(Ms(NOW - DAY), Ms(NOW + HOUR), tag=tag)
        return sorted(row.id for row in hall.store.read(lambda r: basis.read(r, scope, NOW)).rows)

    assert rows("") == ["e0", "e1", "e2", "e3"] and rows("group") == ["e2"] and rows("media") == []


def test_two_stations_that_were_cut_off_tag_one_event(tmp_path: Path, hall: Hall) -> None:
    other = Hall(tmp_path / "two")
    hall.do(tag_event, event="e1", tags=["group"])
    other.do(tag_event, event="e1", tags=["media"])
    for one, two in ((hall, other), (other, hall)):
        two.desk.receive(one.store.read(lambda r, o=one: lines.unsent(r, o.desk.origin, 0)))
    for station in (hall, other):
        assert station.tags("e1") == {"group", "media"}
        assert not station.store.read(lambda r: r.find(Conflict))
    other.close()
