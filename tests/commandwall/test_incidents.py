"""Incidents: opened from what, graded by whom, and what is kept beside the decision."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import NOW, StillClock, an_opening

from commandwall import incidents
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
