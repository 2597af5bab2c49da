"""Of a crisis of a person no list, map, search or paper says more than its class and area."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from station import Station
from world import an_area

from commandwall import (
    clues,
    codes,
    event_acts,
    event_lists,
    events,
    handover,
    hotwords,
    recurring,
    repeats,
    unmasking,
)
from commandwall.areas import TOWN
from commandwall.attachments import AttachedFile
from commandwall.clock import DAY, HOUR, Ms
from commandwall.clues import Tip
from commandwall.dispatch import Assignment, AssignmentStep
from commandwall.events import AREA, EventView
from commandwall.ladders import Supervision
from commandwall.playing import snapshots
from commandwall.reports import basis, fallback, shift_log, study, table
from commandwall.reports.listing import Wanted
from commandwall.reports.speech import Speech
from commandwall.saved_views import ALL, POOL, Filter
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused, Tx
from commandwall.studies import Scope
from commandwall.whistles import Whistle

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
    town = an_area("320281001", TOWN, "澄江街道", "")
    found = {"event": [astuple(row) for row in rows], "area": [astuple(town)]}
    mirror.take(found, {}, cursor="1")
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


def put(tx: Tx, record: Any) -> None:
    tx.put(record)


def handled(hall: Any) -> None:
    """Somebody works on it, and says so in words."""
    hall.do(events.dispatch, event="e1", unit="卫健委")
    hall.do(event_acts.sign, event="e1")
    hall.do(event_acts.feed_back, event="e1", result="已劝下天台", evidence="回执")


def test_a_written_table_has_its_class_and_nothing_that_was_said(hall: Any, tmp_path: Path) -> None:
    handled(hall)
    hall.do(event_acts.classify, event="e2", cls="crisis")
    target = tmp_path / "out" / "made.csv"
    target.parent.mkdir()
    wanted = Wanted(str(target), Filter(POOL), None, int(NOW) + HOUR, (), "zh")
    made = hall.store.read(lambda r: table.make(r, wanted, target.parent))
    told = target.read_text(encoding="utf-8-sig")
    assert made["rows"] == 2 and told.count("个人危机") == 4 and "卫健委" in told
    assert not leaks(told) and "噪声" not in told, "also what a station set the class of"


def test_a_study_by_its_words_does_not_count_it(hall: Any) -> None:
    def rows(words: str) -> list[str]:
        scope = Scope(Ms(NOW - DAY), Ms(NOW + HOUR), words=words)
        return [row.id for row in hall.store.read(lambda r: basis.read(r, scope, NOW)).rows]

    assert sorted(rows("")) == ["e1", "e2"] and rows("天台") == [] and rows("锦绣园") == ["e2"]
    hall.do(event_acts.classify, event="e2", cls="crisis")
    assert rows("锦绣园") == []
    scope = Scope(Ms(NOW - DAY), Ms(NOW + HOUR))
    asked = study.Asked("day", "day", list(codes.load("study_block")), scope)
    draft = hall.store.read(lambda r: study.draft(r, asked, NOW, Speech.of("zh")))
    assert not leaks(draft)


def test_who_types_the_same_words_does_not_learn_of_it(hall: Any) -> None:
    again = an_event(id="new", title=CRISIS.title, body=CRISIS.body)
    assert hall.store.read(lambda r: repeats.around(r, again)) == []


def test_the_paper_of_a_shift_and_a_snapshot_for_drills_tell_nothing(hall: Any) -> None:
    handled(hall)
    hall.do(event_acts.classify, event="e2", cls="crisis")
    asked = fallback.Asked("zh", hall.clock.now(), "指挥长 陈", whole=True)
    paper = hall.store.read(lambda r: fallback.collect(r, asked))
    assert "个人危机" in repr(paper.data) and not leaks(paper.data)
    taken = snapshots.take(hall.folder, "now", hall.clock.now())
    assert [e.title for e in taken.events] == ["个人危机"] * 2 and not leaks(taken)
    assert {(e.lon, e.lat) for e in taken.events} == {(None, None)}


def test_the_log_of_a_shift_names_no_file_no_clue_and_no_reason_of_it(hall: Any) -> None:
    hall.do(clues.add_clue, tip=Tip("锦绣园有人轻生", source="duty"))
    (clue,) = hall.store.read(lambda r: r.find(clues.Clue))
    hall.do(clues.join_clue, clue=clue.id, event="e1")
    now = hall.clock.now()
    file = AttachedFile("f", "event", "e1", "0", "王小明天台.jpg", "image/jpeg", 9, now, "陈", "p3")
    sent = Assignment("a", "event", "e1", "u", 1, "", 120.2, 31.9, None, None, None, "road", now,
                      "陈", "p3", reason="天台无人")  # fmt: skip
    late = AssignmentStep("s", "a", "", "LATE", now, "told", "天台门锁", "陈", "p3")
    for record in (file, sent, late):
        hall.desk.run(put, {"record": record}, "陈", "chief")
    log = hall.store.read(lambda r: shift_log.read(r, Ms(now - HOUR), now, Speech.of("zh")))
    assert not leaks(log.entries)
    assert [e.id for e in log.entries].count("e1") >= 6, "each leads to it"


def test_what_is_handed_over_says_its_class_alone(hall: Any) -> None:
    who = (hall.clock.now(), "陈", "chief")
    hall.desk.run(put, {"record": Supervision(
        "e1", "锦绣园轻生", "320281001", "WATCHED", NOW, "", None, "chief", *who)})  # fmt: skip
    hall.desk.run(put, {"record": Whistle(
        "w", "e1", "320281001", "emergency", "锦绣园轻生", "3 栋天台", 120.2, 31.9, "BLOWN", "", "",
        NOW, "陈", "chief", None, *who)})  # fmt: skip
    items = hall.store.read(lambda r: handover.open_items(r, "chief"))
    assert len(items) == 2 and repr(items).count("个人危机") == 2 and not leaks(items)


@pytest.mark.parametrize(("one", "main"), [("e1", "e2"), ("e2", "e1")])
def test_what_is_merged_with_it_tells_of_it_and_is_hidden_too(
    hall: Any, one: str, main: str
) -> None:
    hall.do(event_acts.merge, event=one, main=main)
    assert view(hall, "e1").restricted and view(hall, "e2").restricted
    hall.do(event_acts.unmerge, event=one)
    assert view(hall, "e2").event.headline == "个人危机"


def test_what_was_merged_is_hidden_with_its_main(hall: Any) -> None:
    hall.desk.run(put, {"record": event_acts.EventWork(
        "e1", "NEW", "", "", NOW, "陈", "p3", cls="noise")})  # fmt: skip
    assert not view(hall).restricted, "somebody set the class wrongly"
    hall.do(event_acts.merge, event="e1", main="e2")
    hall.do(event_acts.classify, event="e2", cls="crisis")
    assert view(hall).restricted and view(hall, "e2").restricted
    assert not leaks([view(hall), view(hall, "e2")])


def test_who_arrives_may_show_it_by_his_position(hall: Any) -> None:
    hall.do(events.dispatch, event="e1", unit="卫健委")
    hall.do(event_acts.sign, event="e1")
    with pytest.raises(Refused):
        hall.do(event_acts.arrive, event="e1", lon=120.3, lat=31.9)
    hall.do(event_acts.arrive, event="e1", lon=CRISIS.lon, lat=CRISIS.lat)
    assert view(hall).state == "ON_SCENE"


def test_no_topic_and_no_hot_word_is_made_of_it(hall: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read, told = list[Any](), hotwords._telling
    monkeypatch.setattr(recurring, "find", lambda rows, town: read.extend(rows) or [])

    def telling(event: Any, town: str) -> Any:
        read.append(event)
        return told(event, town)

    monkeypatch.setattr(hotwords, "_telling", telling)
    hall.store.read(lambda r: recurring.of_pool(r, Ms(NOW)))
    assert [event.id for event in read] == ["e2"]
    hall.store.read(lambda r: hotwords.of_pool(r, Ms(NOW)))
    assert [event.id for event in read] == ["e2", "e2"]
    hall.do(event_acts.classify, event="e2", cls="crisis")
    hall.store.read(lambda r: recurring.of_pool(r, Ms(NOW)))
    hall.store.read(lambda r: hotwords.of_pool(r, Ms(NOW)))
    assert len(read) == 2, "the class that a station set counts"


def test_who_sets_its_class_hides_it_at_once_and_what_is_done_keeps_its_words(hall: Any) -> None:
    hall.do(event_acts.classify, event="e2", cls="crisis")
    assert view(hall, "e2").event.headline == "个人危机"
    handled(hall)
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
