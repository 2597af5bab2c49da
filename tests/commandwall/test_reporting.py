"""Reports upward: their clocks, their numbers, and that a sent one stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, an_opening

from commandwall import codes, incidents, reporting, reviewing
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.desk import Desk
from commandwall.incidents import Incident
from commandwall.reporting import (
    DRAFT,
    FINAL,
    FIRST,
    FOLLOW,
    PHONE,
    SENT,
    Elements,
    Losses,
    PhoneReport,
    Report,
    Statement,
    reports_due,
    running,
)  # fmt: skip
from commandwall.store.migrate import open_store
from commandwall.store.store import Refused

SAID = Elements(place="港五路 12 号", nature="危化品泄漏", people="无伤亡")


class Office:
    """A desk with one open incident, and what its store holds."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.store = StillClock(), open_store(folder)
        self.desk = Desk(self.store, self.clock)
        self.desk.person, self.desk.post = "周", "chief"  # who may decide the grade
        done = self.do(incidents.open_incident, opening=an_opening(grade=2))
        self.desk.post = "p6"
        (self.incident,) = done.of(Incident)

    def do(self, act: Any, **args: Any) -> Any:
        return self.desk.do(act, **args).result()

    def all(self, kind: Any) -> list[Any]:
        return self.store.read(lambda r: r.find(kind))

    def send(self, kind: str, said: Elements = SAID, **more: Any) -> Report:
        statement = Statement(self.incident.id, kind, said, **more)
        done = self.do(reporting.send_report, statement=statement, recipients="市委市政府值班室",
                       way="written")  # fmt: skip
        (report,) = done.of(Report)
        return report

    def due(self) -> dict[str, reporting.Due]:
        incident = self.all(Incident)[0]
        losses = next(iter(self.all(Losses)), None)
        found = reports_due(incident, self.all(Report), self.all(PhoneReport), losses)
        return {d.step: d for d in found}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.desk.close()
    made.store.close()


def test_what_was_sent_is_never_written_again(office: Office) -> None:
    first = office.send(FIRST)
    office.clock.at += HOUR
    with pytest.raises(Refused, match="state"):
        office.send(FIRST, replace(SAID, people="3 人受伤"), draft=first.id)
    second = office.send(FIRST, replace(SAID, people="3 人受伤"), corrects=first.id)
    kept = {r.id: r for r in office.all(Report)}
    assert kept[first.id] == first
    assert (second.version, second.no, second.changed) == (2, 0, "people")


def test_a_draft_goes_on_and_is_sent_once(office: Office) -> None:
    draft = Statement(office.incident.id, FIRST, replace(SAID, people=""))
    (kept,) = office.do(reporting.draft_report, statement=draft).of(Report)
    assert kept.state == DRAFT
    assert running(office.due().values())[0].step == PHONE
    sent = office.send(FIRST, draft=kept.id)
    assert (sent.id, sent.state, sent.sent_at) == (kept.id, SENT, NOW)
    assert len(office.all(Report)) == 1


def test_reports_are_numbered_and_stand_in_their_order(office: Office) -> None:
    for kind in (FOLLOW, FINAL):
        with pytest.raises(Refused, match="no_first_report"):
            office.send(kind)
    office.send(FIRST)
    assert [office.send(FOLLOW).no for _ in range(2)] == [1, 2]
    with pytest.raises(Refused, match="reported"):
        office.send(FIRST)
    office.send(FINAL)
    with pytest.raises(Refused, match="reported"):
        office.send(FOLLOW)


def test_a_report_that_says_neither_where_nor_what_is_not_sent(office: Office) -> None:
    with pytest.raises(Refused, match="nature"):
        office.send(FIRST, replace(SAID, nature=" "))
    with pytest.raises(Refused, match="recipients"):
        office.do(reporting.send_report, statement=Statement(office.incident.id, FIRST, SAID),
                  recipients="", way="written")  # fmt: skip
    assert office.all(Report) == []


def test_the_clocks_follow_the_grade(office: Office) -> None:
    sent = office.send(FIRST)
    for grade, phone, first, follow in (
        (1, 15, 30, 2), (2, 15, 30, 4), (3, 30, 60, 12), (4, 30, 120, 24), (None, 30, 120, 24),
    ):  # fmt: skip
        i = replace(office.incident, grade=grade)
        clocks = {d.step: d.due - i.opened_at for d in reports_due(i, [], [])}
        assert clocks == {PHONE: phone * MINUTE, FIRST: first * MINUTE}
        (later,) = running(reports_due(i, [sent], []))
        assert (later.step, later.due) == (FOLLOW, NOW + follow * HOUR)


def test_a_call_ends_its_clock_and_tells_how_late_it_was(office: Office) -> None:
    office.clock.at += 20 * MINUTE
    assert office.due()[PHONE].over(office.clock.now()) == 5 * MINUTE
    office.do(reporting.phone_report, incident=office.incident.id, told="省厅值班 王",
              reporter="陈", words="", ago=8)  # fmt: skip
    clocks = office.due()
    assert clocks[PHONE].over(office.clock.now()) == -3 * MINUTE
    assert [d.step for d in running(clocks.values())] == [FIRST]
    (call,) = office.all(PhoneReport)
    assert (call.told, call.reporter, call.by, call.noted_at) == (
        "省厅值班 王", "陈", "周", office.clock.at,
    )  # fmt: skip


def test_changed_losses_make_a_follow_up_due_at_once(office: Office) -> None:
    office.send(FIRST)
    office.clock.at += MINUTE

    def tell(*people: int) -> None:
        office.do(reporting.tell_losses, incident=office.incident.id, people=people, source="前指")

    tell(0, 0, 1, 3)
    hurried = office.due()[FOLLOW]
    assert hurried.losses
    assert hurried.due == office.clock.at + 30 * MINUTE
    office.clock.at += MINUTE
    tell(0, 0, 1, 3)  # told again, and no other numbers: the clock does not begin anew
    assert office.due()[FOLLOW] == hurried
    office.send(FOLLOW)
    assert office.due()[FOLLOW].due == office.clock.at + 4 * HOUR


def test_what_is_over_owes_the_final_report_and_no_follow_up(office: Office) -> None:
    office.send(FIRST)
    over = replace(office.incident, state=incidents.CLOSED, closed_at=Ms(NOW + HOUR))
    (final,) = running(reports_due(over, office.all(Report), []))
    assert (final.step, final.due) == (FINAL, NOW + 25 * HOUR)


def test_every_grade_has_every_clock() -> None:
    rows = [r for r in codes.load("report_limit").values() if r.id != reviewing.REVIEW]
    assert {(r.facts["grade"], r.facts["step"]) for r in rows} == {
        (grade, step) for grade in range(5) for step in (PHONE, FIRST, FOLLOW, FINAL)
    }
    assert list(codes.load("report_element")) == list(reporting.ELEMENTS)


def test_a_review_is_due_after_the_end_and_an_improvement_is_followed(office: Office) -> None:
    assert reviewing.review_due(office.incident, []) is None
    over = replace(office.incident, state=incidents.CLOSED, closed_at=Ms(NOW))
    due = reviewing.review_due(over, [])
    assert due is not None and due.done_at is None and due.due == NOW + 5 * 24 * HOUR
    office.do(reporting.hand_out, incident=over.id, what="review", purpose="归档", name="a.pdf",
              sha256="")  # fmt: skip
    made = reviewing.review_due(over, office.all(reporting.HandOut))
    assert made is not None and made.done_at == NOW
    args = {"incident": over.id, "kind": "improvement", "text": "补充泡沫液", "days": 10}
    with pytest.raises(Refused, match="owner"):
        office.do(reviewing.note_finding, **args)
    office.do(reviewing.note_finding, **args, owner="应急局 王")
    (still,) = reviewing.owed(office.all(reviewing.Finding))
    assert still.due_at == NOW + 10 * 24 * HOUR
    office.do(reviewing.settle_finding, finding=still.id, result="已入库 6 吨")
    assert reviewing.owed(office.all(reviewing.Finding)) == []
    with pytest.raises(Refused, match="closed"):
        office.do(reviewing.settle_finding, finding=still.id, result="已入库 6 吨")
