"""Of a crisis of a person no list, map, search or paper says more than its class and area."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from station import Station

from commandwall import event_acts, event_lists, events, recurring, unmasking
from commandwall.clock import HOUR, Ms
from commandwall.events import AREA, EventView
from commandwall.reports import shift_log
from commandwall.reports.speech import Speech
from commandwall.saved_views import ALL, POOL, Filter
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused

SECRETS = ("王小明", "13912345678", "天台", "锦绣园", "轻生")
CRISIS = an_event(
    id="e1", cls="crisis", title="锦绣园王小明扬言轻生",
    body="人在锦绣园 3 栋天台，电话 13912345678",
    address="锦绣园 3 栋 1204 室", person="王小明", phone="13912345678", urgency=1,
)  # fmt: skip


@pytest.fixture
def hall(tmp_path: Path) -> Any:
    made = Station(tmp_path, "chief")
    mirror = Mirror(made.folder / "m1.db")
    rows = [CRISIS, an_event(id="e2", title="锦绣园噪声", cls="noise")]
    mirror.take({"event": [astuple(row) for row in rows]}, {}, cursor="1")
    mirror.close()
    use(made.folder, "m1.db")
    yield made
    made.close()


def view(hall: Any, key: str = "e1") -> EventView:
    return hall.store.read(lambda r: events.view(r, key))


def leaks(told: object) -> list[str]:
    return [secret for secret in SECRETS if secret in repr(told)]


def test_what_is_shown_of_it_is_its_class_and_its_area(hall: Any) -> None:
    it = view(hall)
    assert (it.event.headline, it.event.area, it.event.urgency) == ("个人危机", "320281001", 1)
    assert (it.event.lon, it.event.lat, it.event.placed) == (None, None, AREA)
    assert not leaks(it) and not view(hall, "e2").restricted
    assert not leaks([v for v in hall.store.read(events.queue) if v.restricted])


def test_no_search_finds_it_by_what_it_hides(hall: Any) -> None:
    def found(words: str) -> list[str]:
        return [v.event.id for v in hall.store.read(lambda r: event_lists.search(r, words))]

    assert found("锦绣园") == ["e2"] and found("天台") == []
    rows = hall.store.read(lambda r: list(event_lists.each(r, Filter(POOL, cls="crisis"), Ms(NOW))))
    assert [v.event.id for v in rows] == ["e1"] and not leaks(rows), "what is exported is read here"
    assert not Filter(ALL, words="天台").fits(view(hall).event, Ms(NOW))


def test_no_topic_is_made_of_it(hall: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    monkeypatch.setattr(recurring, "find", lambda rows, town: read.extend(rows) or [])
    hall.store.read(lambda r: recurring.of_pool(r, Ms(NOW)))
    assert [event.id for event in read] == ["e2"]


def test_who_sets_its_class_hides_it_at_once_and_what_is_done_keeps_its_words(hall: Any) -> None:
    hall.do(event_acts.classify, event="e2", cls="crisis")
    assert view(hall, "e2").event.headline == "个人危机"
    hall.do(events.dispatch, event="e1", unit="卫健委")
    hall.do(event_acts.sign, event="e1")
    hall.do(event_acts.feed_back, event="e1", result="已劝下天台", evidence="回执")
    work = view(hall).work
    assert work and (work.state, work.result) == ("FEEDBACK", "已劝下天台"), "hidden, not lost"
    now = hall.clock.now()
    log = hall.store.read(lambda r: shift_log.read(r, Ms(now - HOUR), now, Speech.of("zh")))
    assert any("个人危机" in entry.what for entry in log.entries) and not leaks(log.entries)


def test_it_is_read_with_a_reason_that_is_written_down(hall: Any) -> None:
    def refused(act: Any, **args: Any) -> str:
        with pytest.raises(Refused) as why:
            hall.do(act, **args)
        return str(why.value.reason.code)

    assert refused(unmasking.unmask, kind="event", subject="e1", reason="回拨") == "restricted"
    assert refused(unmasking.unmask_restricted, event="e1", reason=" ") in ("missing", "right")
    hall.do(unmasking.unmask_restricted, event="e1", reason="派心理援助")
    (look,) = hall.store.read(lambda r: r.find(unmasking.Unmasking))
    assert (look.subject, look.reason, look.name) == ("e1", "派心理援助", "")
    came = hall.store.read(lambda r: events.as_it_came(r, "e1"))
    assert came.title == CRISIS.title
    hall.desk.take_post("front", "李").result()
    assert refused(unmasking.unmask_restricted, event="e1", reason="看看") == "right"
    lines = hall.store.read(lambda r: r.rows("SELECT body FROM journal"))
    assert not leaks(lines), "the journal of a look tells nothing of it"
