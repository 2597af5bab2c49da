"""What each post may do: the table of rights, cell by cell, through a real desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, an_event, an_opening, an_order

from commandwall import codes, conflicts, rights, sources
from commandwall.alarm_groups import acknowledge_group
from commandwall.alarms import UNACK, Alarm, acknowledge, rules
from commandwall.areas import Building, recolour
from commandwall.closing import close_incident
from commandwall.countersign import Second
from commandwall.desk import Desk
from commandwall.directives import Directive, complete, issue, verify
from commandwall.directives import acknowledge as take_order
from commandwall.dispatch import Sending, send
from commandwall.events import accept, dispatch, note
from commandwall.exports import export_list
from commandwall.incidents import (
    GradeProposal,
    Incident,
    Levels,
    join_event,
    open_incident,
    set_levels,
)
from commandwall.modes import Entering, enter_mode, propose_mode
from commandwall.reporting import Elements, Statement, draft_report, hand_out, tell_losses
from commandwall.reviewing import note_finding
from commandwall.rule_rows import Change, approve_rule, propose_rule
from commandwall.saved_views import Filter, save_view
from commandwall.shelving import shelve, take_out
from commandwall.store import sight
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.sight import Sight
from commandwall.store.store import Refused
from commandwall.unmasking import unmask

ROLES = (
    "display", "intake", "dispatch", "chief", "leader", "front", "department", "drill", "support",
    "system", "security", "audit",
)  # fmt: skip
POSTS = {
    role: next(c.id for c in codes.load("post").values() if c.facts["role"] == role)
    for role in ROLES
}
"""A post of each role."""
LISTED = {
    "name": "a.csv",
    "purpose": "会商",
    "asked": "全池",
    "within": "",
    "rows": 1,
    "sha256": "",
}
CELLS = {"do", "no", "see", "mask", "own", "reason", "propose", "scene", "drill", "U3", "P2", "P3"}


def row(record: Any) -> tuple[Any, ...]:
    return tuple(getattr(record, f.name) for f in fields(record))


class Hall:
    """One station of the whole city, at which every post sits down in turn."""

    def __init__(self, folder: Path) -> None:
        events = [
            an_event(id=f"{what}{n}{role}", urgency=n, area=area, source_id=f"{what}{n}{role}")
            for role in ROLES for n in (2, 3)
            for what, area in (("e", "320281001"), ("far", "330100001"))
        ]  # fmt: skip
        houses = [Building(role, "320281001", "", "home", 3, 120.0, 31.0, b"", "green")
                  for role in ROLES]  # fmt: skip
        with_mirror = Mirror(folder / "m1.db")
        with_mirror.take(
            {"event": [row(e) for e in events], "building": list(map(row, houses))}, {}
        )
        with_mirror.close()
        use(folder, "m1.db")
        self.folder, self.store = folder, open_store(folder)
        self.desk = Desk(self.store, StillClock())

    def asked(self, post: str, act: Callable[..., None], **args: Any) -> dict[str, Any]:
        """What is missing for an act, as facts; nothing where it was done or was not refused for
        want of a right."""
        self.desk.take_post(post, "陈").result()
        return refusal(self.desk.do(act, **args))

    def opened(self, **kw: Any) -> str:
        self.desk.take_post("chief", "陈").result()
        done = self.desk.do(open_incident, opening=an_opening(**kw)).result()
        return done.of(Incident)[0].id

    def ordered(self, incident: str, **kw: Any) -> str:
        self.desk.take_post("chief", "陈").result()
        done = self.desk.do(issue, order=an_order(incident, **kw)).result()
        return done.of(Directive)[0].id

    def close(self) -> None:
        self.desk.close()
        self.store.close()


def refusal(answer: Future[Any]) -> dict[str, Any]:
    try:
        answer.result()
    except Refused as refused:
        return refused.reason.facts if refused.reason.code == rights.CODE else {}
    return {}


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    made = Hall(tmp_path_factory.mktemp("hall"))
    yield made
    made.close()


Asks = Callable[[Hall, str], tuple[Callable[..., None], dict[str, Any]]]
"""An act and its arguments, anew for each role."""


def _alarmed(hall: Hall, role: str, severity: int = 3) -> str:
    """An alarm for one role."""
    place = ("320281001", 120.2, 31.1, NOW, NOW)
    alarm = Alarm(f"a{role}", "s0", "GAS-2", "GAS", severity, UNACK, 27.0, "%LEL", *place)
    hall.desk.run(lambda tx: tx.put(alarm), {}, local=True)
    return alarm.id


def _ended(hall: Hall, role: str) -> dict[str, Any]:
    return {"incident": hall.opened(), "reason": "险情排除"}


def _stated(hall: Hall) -> Statement:
    return Statement(hall.opened(), "first", Elements())


HUSHED = {"reason": "检修", "minutes": 20, "second": Second("周", "phone")}
GIVEN = {"what": "map", "purpose": "会商", "name": "map.html", "sha256": ""}
FOUND = {"kind": "strength", "text": "到场快"}
LOST = {"people": (0, 0, 1, 2), "source": "前指"}
WATCH = Entering("320281", "watch", "", "暴雨黄色预警", 2)
RED = {"colour": "red", "reason": "查实"}
CALLER = {"kind": "event", "reason": "回访来电人"}
RULE = Change(next(rule for rule in rules() if rule.id == "GAS-3"), "季度复核")
ASKS: dict[str, Asks] = {
    "event": lambda h, r: (accept, {"event": f"e3{r}"}),
    "note": lambda h, r: (note, {"event": f"e3{r}", "text": "到场"}),
    "dispatch": lambda h, r: (dispatch, {"event": f"far3{r}", "unit": "水务"}),
    "dispatch, urgent": lambda h, r: (dispatch, {"event": f"e2{r}", "unit": "水务"}),
    "directive": lambda h, r: (issue, {"order": an_order(h.opened())}),
    "directive, slow": lambda h, r: (issue, {"order": an_order(h.opened(event=f"far3{r}"))}),
    "answer": lambda h, r: (take_order, {"directive": h.ordered(h.opened())}),
    "incident": lambda h, r: (open_incident, {"opening": an_opening()}),
    "incident, end": lambda h, r: (close_incident, _ended(h, r)),
    "grade": lambda h, r: (set_levels, {**_ended(h, r), "levels": Levels(2, None, 2)}),
    "mode": lambda h, r: (enter_mode, {"entering": WATCH, "second": Second("周", "phone")}),
    "mode, proposed": lambda h, r: (propose_mode, {"entering": WATCH}),
    "report": lambda h, r: (draft_report, {"statement": _stated(h)}),
    "losses": lambda h, r: (tell_losses, {"incident": h.opened(), **LOST}),
    "hand_out": lambda h, r: (hand_out, {"incident": h.opened(), **GIVEN}),
    "export": lambda h, r: (export_list, LISTED),
    "view": lambda h, r: (save_view, {"name": r, "whose": "all", "filter": Filter()}),
    "review": lambda h, r: (note_finding, {"incident": h.opened(), **FOUND}),
    "alarm": lambda h, r: (acknowledge, {"alarm": _alarmed(h, r)}),
    "shelve": lambda h, r: (shelve, {"alarm": _alarmed(h, r), **HUSHED}),
    "shelve, grave": lambda h, r: (shelve, {"alarm": _alarmed(h, r, 2), **HUSHED}),
    "service": lambda h, r: (take_out, {"alarm": _alarmed(h, r), "work_order": "W1", "days": 3}),
    "alarms": lambda h, r: (acknowledge_group, {"alarms": [_alarmed(h, r)]}),
    "building": lambda h, r: (recolour, {"buildings": [r], **RED}),
    "unmask": lambda h, r: (unmask, {"kind": "event", "subject": f"far3{r}"}),
    "unmask, with a reason": lambda h, r: (unmask, {**CALLER, "subject": f"far3{r}"}),
    "threshold": lambda h, r: (approve_rule, {"proposal": "none"}),
    "threshold, proposed": lambda h, r: (propose_rule, {"rule": RULE}),
    "source": lambda h, r: (sources.switch_off, {"source": f"s{r}", "reason": "重复"}),
    "dispute": lambda h, r: (conflicts.decide, {"dispute": "none", "keep": "held"}),
    "conflict": lambda h, r: (conflicts.settle, {"conflict": "none", "keep": "kept"}),
}
TABLE = {
    "event": "- x x x - x - - x - - -",
    "note": "- x x x x x x - x - - -",
    "dispatch": "- x x x - x - - x - - -",
    "dispatch, urgent": "- - x x - x - - - - - -",
    "directive": "- - x x x x - - - - - -",
    "directive, slow": "- x x x x x - - x - - -",
    "answer": "- x x x x x x - x - - -",
    "incident": "- x x x x x - - x - - -",
    "incident, end": "- - - x x - - - - - - -",
    "grade": "- - - x x - - - - - - -",
    "mode": "- - - x x - - - - - - -",
    "mode, proposed": "- x x x x x - - x - - -",
    "report": "- x x x - - - - - - - -",
    "losses": "- x x x - x - - - - - -",
    "hand_out": "- x x x x x - - - - - -",
    "export": "- x x x x x - - - - - -",
    "view": "- x x x x x x - x - - -",
    "review": "- x x x x x - - - - - -",
    "alarm": "- x x x - x - - x - - -",
    "shelve": "- x x x - - - - - - - -",
    "shelve, grave": "- - x x - - - - - - - -",
    "service": "- - - x - - - - x x - -",
    "alarms": "- x x x - x - - x - - -",
    "building": "- x x x - x x - - - - -",
    "unmask": "- - - x x - - - - - - -",
    "unmask, with a reason": "- x x x x x - - - - - -",
    "threshold": "- - - x - - - - - - - -",
    "threshold, proposed": "- - - x - - x - - x - -",
    "source": "- - x x - - - - x x - -",
    "dispute": "- x x x - - - - x - - -",
    "conflict": "- - x x - - - - - - - -",
}
"""The lines of domain/spec 5.14 and of what acts there are beside it, by ROLES: x does, - is
refused."""


@pytest.mark.parametrize("line", TABLE)
def test_each_post_may_do_what_the_table_says_and_nothing_else(hall: Hall, line: str) -> None:
    told = {}
    for role in ROLES:
        act, args = ASKS[line](hall, role)
        told[role] = "-" if hall.asked(POSTS[role], act, **args) else "x"
    assert told == dict(zip(ROLES, TABLE[line].split(), strict=True))


UNUSED = {
    "audit": "no own own do no no no no no no no do",
}
"""Lines of the table for which there is no act yet."""


@pytest.mark.parametrize("line", UNUSED)
def test_lines_without_an_act_say_what_the_table_says(line: str) -> None:
    right = codes.load("right")[line]
    told = [rights.cell_of(right, POSTS[role]) for role in ROLES]
    assert told == UNUSED[line].split()


def test_every_cell_is_one_that_is_understood() -> None:
    for right in codes.load("right").values():
        assert {right.facts[role] for role in ROLES} <= CELLS, right.id


@pytest.mark.parametrize(
    ("cell", "about", "lacking"),
    [
        ("do", rights.About(), ""),
        ("reason", rights.About(), "reason"),
        ("reason", rights.About(reason=True), ""),
        ("scene", rights.About(), "scene"),
        ("scene", rights.About(scene=True), ""),
        ("U3", rights.About(urgency=2), "U"),
        ("U3", rights.About(urgency=3), ""),
        ("U3", rights.About(), "U"),  # nobody knows how urgent
        ("P2", rights.About(priority=1), "P"),
        ("P2", rights.About(priority=2), ""),
        ("P2", rights.About(urgency=5), "P"),
        ("propose", rights.About(), "propose"),
        ("nonsense", rights.About(), "nonsense"),
    ],
)
def test_what_a_cell_lacks(cell: str, about: rights.About, lacking: str) -> None:
    assert rights.missing(cell, about) == lacking


def test_who_may_propose_may_ask_for_what_he_may_not_do() -> None:
    assert rights.missing("propose", rights.About(), proposal=True) == ""


def test_a_refusal_says_what_is_missing_and_who_may(hall: Hall) -> None:
    told = hall.asked("p1", dispatch, event="e2drill", unit="水务")
    assert told["lacking"] == "U" and told["cell"] == "U3" and told["post"] == "p1"
    assert told["may"] == "chief,p2,front"
    told = hall.asked(POSTS["display"], note, event="e3drill", text="在看")
    assert told["lacking"] == "no" and "p1" in told["may"].split(",")


def test_a_blank_reason_is_none(hall: Hall) -> None:
    args = {"buildings": ["drill"], "colour": "red", "reason": " "}
    assert hall.asked("p1", recolour, **args)["lacking"] == "reason"


def test_a_post_that_no_list_names_may_do_nothing(hall: Hall) -> None:
    for post in ("", "root", "chief "):
        assert hall.asked(post, note, event="e3drill", text="在看")["lacking"] == "post"


def _unheard(tx: Any) -> None:
    raise AssertionError("it must not run")


def test_an_act_that_no_row_names_is_refused_to_everybody(hall: Hall) -> None:
    for post in POSTS.values():
        assert hall.asked(post, _unheard)["lacking"] == "listed"


def test_a_refused_act_leaves_no_line(hall: Hall) -> None:
    before = hall.store.read(lambda r: r.value("SELECT count(*) FROM journal"))
    hall.asked(POSTS["display"], note, event="e3drill", text="在看")
    assert hall.store.read(lambda r: r.value("SELECT count(*) FROM journal")) == before


def test_a_file_follows_the_right_of_what_it_belongs_to(hall: Hall) -> None:
    hall.desk.take_post(POSTS["display"], "陈").result()
    answer = hall.desk.attach(b"%PDF-1.7\n%%EOF\n", "现场.pdf", "event", "e3drill")
    assert refusal(answer)["lacking"] == "no"
    assert hall.store.read(lambda r: r.value("SELECT count(*) FROM attachedfile")) == 0


def test_a_station_of_one_area_acts_on_nothing_outside_it(hall: Hall) -> None:
    incident = hall.opened(area="330100")
    sight.write(hall.folder, Sight(area="320281"))
    try:
        assert hall.asked("chief", accept, event="far2drill")["lacking"] == "area"
        assert hall.asked("chief", note, event="e3drill", text="到场") == {}
        order = an_order(incident)
        assert hall.asked("chief", issue, order=order)["area"] == "330100"
        opening = an_opening(area="320281", event="far2drill")
        assert hall.asked("chief", open_incident, opening=opening)["lacking"] == "area"
        assert hall.asked("chief", sources.switch_off, source="s", reason="重复")["area"] == ""
    finally:
        sight.write(hall.folder, Sight())


def test_everything_that_an_act_names_must_lie_within_the_area(hall: Hall) -> None:
    incident = hall.opened(area="320281")
    sight.write(hall.folder, Sight(area="320281"))
    far = "far3system"
    try:
        for args in ({"incident": incident, "event": far}, {"event": far, "incident": incident}):
            assert hall.asked("chief", join_event, **args)["area"] == "330100001"
        assert hall.asked("chief", join_event, incident=incident, event="e3system") == {}
    finally:
        sight.write(hall.folder, Sight())


def test_an_incident_is_as_urgent_as_its_most_urgent_event(hall: Hall) -> None:
    incident = hall.opened()
    assert hall.asked("p1", join_event, incident=incident, event="e3security") == {}
    assert hall.asked("p1", issue, order=an_order(incident)) == {}
    assert hall.asked("p1", join_event, incident=incident, event="e2security") == {}
    assert hall.asked("p1", issue, order=an_order(incident))["lacking"] == "U"


def test_no_post_makes_an_event_less_urgent_by_what_it_states(hall: Hall) -> None:
    sending = Sending("event", "e2intake", "u1", 120.2, 31.1, 4)
    assert hall.asked(POSTS["intake"], send, sending=sending)["lacking"] == rights.URGENCY
    assert hall.asked(POSTS["dispatch"], send, sending=sending) == {}


def test_the_whole_way_of_a_directive_is_open_to_the_pair(hall: Hall) -> None:
    key = hall.ordered(hall.opened())
    assert hall.asked("front", take_order, directive=key) == {}
    assert hall.asked("front", complete, directive=key, evidence="已封控") == {}
    assert hall.asked("chief", verify, directive=key) == {}


@pytest.mark.parametrize("stated", [{"grade": 2}, {"warning": 3}, {"response": 2}])
@pytest.mark.parametrize("role", ["intake", "dispatch", "front", "support", "chief", "leader"])
def test_an_opening_decides_no_level_that_its_post_may_only_propose(
    hall: Hall, role: str, stated: dict[str, int]
) -> None:
    lacking = hall.asked(POSTS[role], open_incident, opening=an_opening(**stated))
    assert lacking.get("act") == (None if role in ("chief", "leader") else "incidents.set_levels")


def test_what_a_post_proposes_is_kept_as_a_proposal_of_its_own(hall: Hall) -> None:
    hall.desk.take_post(POSTS["dispatch"], "陈").result()
    done = hall.desk.do(open_incident, opening=an_opening(grade=None, proposed=2)).result()
    (incident,), (proposal,) = done.of(Incident), done.of(GradeProposal)
    assert incident.grade is None
    assert (proposal.grade, proposal.rule, proposal.post) == (2, "", POSTS["dispatch"])
