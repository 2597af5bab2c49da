"""Incidents: opened from what, graded by whom, and what is kept beside the decision."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import NOW, StillClock, an_opening, an_order

from commandwall import closing, directives, incidents
from commandwall.desk import Desk
from commandwall.grading import Harm, suggest
from commandwall.incidents import GradeProposal, Incident, Levels
from commandwall.store.migrate import open_store
from commandwall.store.store import Refused


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = open_store(tmp_path)
    made = Desk(store, StillClock())
    made.take_post("chief", "陈").result()
    yield made
    made.close()
    store.close()


def kept(desk: Desk, kind: type) -> list:
    return desk.ask(lambda reader: reader.find(kind)).result()


@pytest.mark.parametrize(
    ("harm", "grade", "rule"),
    [
        (Harm(dead=30), 1, "dead-1"),
        (Harm(dead=29), 2, "dead-2"),
        (Harm(dead=10), 2, "dead-2"),
        (Harm(dead=9), 3, "dead-3"),
        (Harm(dead=2), 4, "dead-4"),
        (Harm(hurt=100), 1, "hurt-1"),
        (Harm(hurt=49), 3, "hurt-3"),
        (Harm(loss=10_000), 1, "loss-1"),
        (Harm(loss=4_999), 3, "loss-3"),
        (Harm(dead=1, hurt=50, loss=999), 2, "hurt-2"),
    ],
)
def test_the_worst_criterion_proposes_the_grade_and_its_number_is_included(
    harm: Harm, grade: int, rule: str
) -> None:
    found = suggest(harm, "gas", NOW)
    assert found is not None
    assert (found.grade, found.rule) == (grade, rule)


def test_nothing_is_proposed_without_harm_or_where_the_law_knows_no_grades() -> None:
    assert suggest(Harm(), "gas", NOW) is None
    assert suggest(Harm(dead=9), "dispute", NOW) is None


def test_what_was_proposed_is_kept_apart_from_what_was_decided(desk: Desk) -> None:
    opening = an_opening(kind="gas", grade=4, response=3, harm=Harm(dead=3), alarm="A1")
    desk.do(incidents.open_incident, opening=opening).result()
    (incident,) = kept(desk, Incident)
    (known,) = kept(desk, GradeProposal)
    assert (incident.grade, incident.warning, incident.response) == (4, None, 3)
    assert incident.alarm == "A1"
    assert (known.id, known.grade, known.rule) == (incident.id, 3, "dead-3")
    levels = Levels(2, None, 2, Harm(dead=3, hurt=12))
    with pytest.raises(Refused, match="missing"):
        desk.do(incidents.set_levels, incident=incident.id, levels=levels, reason="").result()
    desk.do(incidents.set_levels, incident=incident.id, levels=levels, reason="失联 8 人").result()
    assert kept(desk, Incident)[0].grade == 2
    assert kept(desk, GradeProposal)[0].grade == 3


def test_an_event_leads_to_one_open_incident(desk: Desk) -> None:
    desk.do(incidents.open_incident, opening=an_opening(event="e1")).result()
    with pytest.raises(Refused, match="has_incident"):
        desk.do(incidents.open_incident, opening=an_opening(event="e1")).result()


def opened(desk: Desk, **kw) -> Incident:
    desk.do(incidents.open_incident, opening=an_opening(**kw)).result()
    return max(kept(desk, Incident), key=lambda i: i.title == kw.get("title"))


def test_an_event_is_joined_to_one_incident_and_may_be_taken_out(desk: Desk) -> None:
    one, other = opened(desk, title="甲", event="e1"), opened(desk, title="乙")
    with pytest.raises(Refused, match="has_incident"):
        desk.do(incidents.join_event, incident=other.id, event="e1").result()
    desk.do(incidents.join_event, incident=one.id, event="e2").result()
    with pytest.raises(Refused, match="has_incident"):
        desk.do(incidents.join_event, incident=other.id, event="e2").result()
    assert desk.ask(lambda r: incidents.events_of(r, one)).result() == ["e1", "e2"]
    desk.do(incidents.part_event, incident=one.id, event="e2").result()
    assert desk.ask(lambda r: incidents.events_of(r, one)).result() == ["e1"]
    desk.do(incidents.join_event, incident=other.id, event="e2").result()


def test_what_blocks_the_end_and_what_is_only_said_is_data(desk: Desk) -> None:
    incident = opened(desk)
    desk.do(directives.issue, order=an_order(incident.id)).result()
    checks = desk.ask(lambda r: closing.checklist(r, incident)).result()
    told = {check.id: (check.open, check.blocks) for check in checks}
    assert told["owed"] == (1, True)
    assert told["phase"] == told["report"] == (1, False)
    assert set(told) == set(closing.CHECKS)
    with pytest.raises(Refused, match="owing"):
        desk.do(closing.close_incident, incident=incident.id, reason="处置完毕").result()


def test_a_closed_incident_is_taken_up_again_for_a_reason(desk: Desk) -> None:
    incident = opened(desk)
    desk.do(incidents.set_phase, incident=incident.id, phase="recovery").result()
    desk.do(closing.close_incident, incident=incident.id, reason="处置完毕").result()
    with pytest.raises(Refused, match="closed"):
        desk.do(incidents.set_phase, incident=incident.id, phase="response").result()
    with pytest.raises(Refused, match="missing"):
        desk.do(incidents.reopen, incident=incident.id, reason="").result()
    desk.do(incidents.reopen, incident=incident.id, reason="复燃").result()
    (again,) = kept(desk, Incident)
    assert (again.state, again.closed_at, again.phase, again.reason) == (
        "OPEN", None, "recovery", "复燃",
    )  # fmt: skip
    with pytest.raises(Refused, match="unknown"):
        desk.do(incidents.reopen, incident=incident.id, reason="复燃").result()
