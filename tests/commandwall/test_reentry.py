"""Re-entry from paper: the moment as told beside the moment written, and clocks go by the told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from world import City

from commandwall import deadlines, events, handover, reentry
from commandwall.clock import DAY, HOUR, MINUTE, Ms
from commandwall.events import EventNote, FiledEvent
from commandwall.reentry import OnPaper, PaperEntry
from commandwall.registering import Matter
from commandwall.reports import shift_log
from commandwall.reports.speech import Speech
from commandwall.store.store import Refused

AT = Ms(NOW + HOUR)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    made.copied(an_event(state="NEW", reported_at=NOW, received_at=NOW))
    made.clock.at = NOW + 3 * HOUR
    made.desk.take_post("p3", "陈一").result()
    yield made
    made.desk.close()
    made.store.close()


def enter(city: City, act: Any, told_at: int = AT, reason: str = "", **facts: Any) -> None:
    city.desk.do(act, paper=OnPaper(Ms(told_at), "王五", reason), **facts).result()


def kept(city: City, kind: type[Any]) -> list[Any]:
    return city.store.read(lambda r: r.find(kind))


def test_an_event_of_the_paper_has_its_clocks_from_the_moment_on_the_paper(city: City) -> None:
    matter = Matter("楼道燃气味", source="duty", cls="gas", urgency=1, area="t1")
    enter(city, reentry.enter_event, matter=matter)
    (filed,), (entry,) = kept(city, FiledEvent), kept(city, PaperEntry)
    assert filed.reported_at == AT
    assert (entry.told_at, entry.at, entry.writer, entry.by) == (AT, NOW + 3 * HOUR, "王五", "陈一")
    assert entry.subject == filed.id
    view = city.store.read(lambda r: events.view(r, filed.id))
    clock = deadlines.running(view)
    assert clock is not None and clock.start == AT and clock.due < city.clock.at


def test_steps_are_done_as_of_the_paper_and_told_in_order(city: City) -> None:
    enter(city, reentry.enter_step, event="e1", step="dispatch", text="燃气公司")
    enter(city, reentry.enter_step, AT + MINUTE, event="e1", step="note", text="已到楼下")
    view = city.store.read(lambda r: events.view(r, "e1"))
    assert view.state == events.DISPATCHED and view.unit == "燃气公司"
    assert view.work is not None and view.work.dispatched_at == AT
    (note,) = kept(city, EventNote)
    assert note.at == AT + MINUTE
    with pytest.raises(Refused) as why:  # it was dispatched later than that
        enter(city, reentry.enter_step, AT - MINUTE, event="e1", step="sign")
    assert why.value.reason.code == "paper_order"
    with pytest.raises(Refused) as why:  # the flow still says what may follow
        enter(city, reentry.enter_step, AT + HOUR, event="e1", step="arrive")
    assert why.value.reason.code != "paper_order"
    now = Ms(city.clock.at)
    log = city.store.read(lambda r: shift_log.read(r, NOW, now, Speech.of("zh")))
    told = [(e.at, e.act, e.what) for e in log.entries if "补录" in e.act]
    assert told[0][:2] == (AT, "派单（补录）")
    assert "燃气公司" in told[0][2] and "王五 纸上记" in told[0][2]


def test_no_moment_is_to_come_and_none_is_of_a_shift_that_was_handed_over(city: City) -> None:
    with pytest.raises(Refused) as why:
        enter(city, reentry.enter_line, NOW + DAY, text="停电")
    assert why.value.reason.code == "future"
    city.desk.do(handover.offer, seat="p3", note="").result()
    (offer,) = kept(city, handover.Handover)
    items = city.store.read(lambda r: handover.open_items(r, "p3"))
    city.desk.take_over("李二", "", offer.id, [item.key for item in items]).result()
    with pytest.raises(Refused) as why:
        enter(city, reentry.enter_line, text="停电")
    assert why.value.reason.code == "handed_over"
    enter(city, reentry.enter_line, reason="交班后才找到这一页", text="停电")
    assert [e.text for e in kept(city, PaperEntry)] == ["停电"]


def test_a_look_back_shows_what_was_known_then(city: City) -> None:
    """What is told as of a past moment was not known at it."""
    before = Ms(city.clock.at)
    city.clock.at += HOUR
    enter(city, reentry.enter_step, event="e1", step="accept")
    rows = city.store.read(lambda r: r.rows("SELECT at FROM wall_log ORDER BY at DESC LIMIT 1"))
    assert rows[0][0] == before + HOUR


def test_a_post_does_by_paper_no_more_than_it_may_do_itself(city: City) -> None:
    """Who takes calls sends to what is not grave alone."""
    city.copied(an_event(id="grave", urgency=1, state="NEW", reported_at=NOW, received_at=NOW))
    city.desk.post = "p1"
    with pytest.raises(Refused) as why:
        enter(city, reentry.enter_step, event="grave", step="dispatch", text="燃气公司")
    assert why.value.reason.code == "right"
    assert why.value.reason.facts["act"] == "events.dispatch"
    enter(city, reentry.enter_step, event="grave", step="accept")
    assert [e.step for e in kept(city, PaperEntry)] == ["accept"]
