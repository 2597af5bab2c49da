"""Plans: read with what is wrong with them, started once in an incident, signed by people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, StillClock, an_opening

from commandwall import codes, directives, incidents, owed, planbook, plans
from commandwall.clock import MINUTE, SECOND
from commandwall.desk import Desk
from commandwall.directives import CANCELLED, DRAFT, ISSUED, Directive
from commandwall.incidents import Incident, Levels
from commandwall.planbook import Plan
from commandwall.plans import StartedPlan
from commandwall.store import lines
from commandwall.store.migrate import open_store
from commandwall.store.store import Refused
from commandwall.store.tables import Conflict

GAS = next(plan for plan in planbook.read().plans if plan.id == "gas")
HEAD = """\
id = "gas"
version = "9"
zh = "本市燃气预案"
en = "Our gas plan"
kinds = ["gas"]
valid_from = 2026-01-01
"""
TASK = """
[[task]]
id = "cordon"
level = 4
phase = "response"
zh = "警戒"
en = "Cordon"
verb = "cordon"
text = "封{place}"
from = "front"
to = "front"
minutes = 5
"""


class Desks:
    """Two stations of one hall that exchange their lines when a test says so."""

    def __init__(self, folder: Path) -> None:
        self.clock = StillClock()
        self.stores = [open_store(folder / name) for name in "ab"]
        self.desks = [Desk(store, self.clock) for store in self.stores]
        self.sent = [0, 0]

    def do(self, at: int, act: Any, post: str = "chief", **args: Any) -> None:
        self.clock.at += SECOND
        self.desks[at].run(act, args, f"员{at}", post)

    def exchange(self) -> None:
        """Each gets what the other one wrote and it has not."""
        for at, other in ((0, 1), (1, 0)):
            origin = self.desks[at].origin
            new = self.stores[at].read(lambda r, o=origin, n=self.sent[at]: lines.unsent(r, o, n))
            self.desks[other].receive(new)
            self.sent[at] = max((line.seq for line in new), default=self.sent[at])

    def find(self, kind: type[Any], at: int = 0) -> list[Any]:
        return self.stores[at].read(lambda r: r.find(kind))

    def task(self, name: str, at: int = 0) -> Directive:
        return next(d for d in self.find(Directive, at) if d.source == f"plan:gas:{name}")

    @property
    def incident(self) -> str:
        (found,) = self.find(Incident)
        return str(found.id)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Desks]:
    for name in "ab":
        (tmp_path / name).mkdir()
    made = Desks(tmp_path)
    yield made
    for desk, store in zip(made.desks, made.stores, strict=True):
        desk.close()
        store.close()


def with_gas(two: Desks, plan: Plan = GAS, **kw: Any) -> None:
    opening = an_opening(kind="gas", place="花园路 18 号", grade=4, **kw)
    two.do(0, plans.open_with_plan, opening=opening, plan=plan)
    two.exchange()


# What stands in files.


def test_every_plan_that_comes_with_the_program_is_used_and_covers_the_kinds() -> None:
    book = planbook.read()
    assert book.faults == ()
    kinds = {kind for plan in book.plans for kind in plan.kinds}
    assert (
        {"gas", "fire", "flood", "dispute", "hazmat", "missing"}
        <= kinds
        <= {*codes.load("incident_kind")}
    )
    for plan in book.plans:
        sizes = [len(plan.at(level)) for level in (4, 3, 2, 1)]
        assert sizes == sorted(set(sizes)), plan.id  # each level adds something


def test_who_gives_what_is_divided_as_authority_is() -> None:
    """Scene tactics are the front's; what is asked from outside or reported upward the back's."""
    posts = codes.load("post")
    for plan in planbook.read().plans:
        for task in plan.tasks:
            side = posts[task.giver].facts["side"]
            if task.outside or task.verb == "evacuate" or "上级" in task.text:
                assert side == "back", (plan.id, task.id)
            if task.verb == "evacuate":  # a second person, or a post that signs
                assert posts[task.giver].facts.get("signs"), (plan.id, task.id)


WRONG = {
    "type": ("minutes = 5", 'minutes = "5"', "minutes", "5"),
    "number": ("minutes = 5", "minutes = 0", "minutes", "0"),
    "unknown": ('to = "front"', 'to = "fireman"', "to", "fireman"),
    "missing": ('verb = "cordon"\n', "", "verb", ""),
    "field": ("minutes = 5", "minutes = 5\nminuts = 6", "minuts", ""),
    "place": ("封{place}", "封{place.__class__}", "text", "place.__class__"),
    "long": ("封{place}", "封" * 301, "text", "301"),
    "far": ("minutes = 5", "minutes = 10000000000000", "minutes", "10000000000000"),
    "colon": ('id = "cordon"', 'id = "cordon:2"', "id", "cordon:2"),
    "twice": ("minutes = 5\n", "minutes = 5\n" + TASK, "id", "cordon"),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_wrong_plan_is_kept_aside_with_row_field_and_reason(why: str, tmp_path: Path) -> None:
    text, instead, field, value = WRONG[why]
    (tmp_path / "a.toml").write_text(HEAD + TASK.replace(text, instead), encoding="utf-8")
    (tmp_path / "b.toml").write_text(HEAD.replace('"gas"\nv', '"own"\nv') + TASK, encoding="utf-8")
    book = planbook.read(str(tmp_path))
    (fault,) = book.faults
    row = "cordon:2" if why == "colon" else "cordon"
    assert fault == planbook.Fault("a.toml", row, field, why, value)
    assert fault.why in codes.load("plan_fault")
    assert {plan.id for plan in book.plans} >= {"own", "gas", "fire"}  # the rest is used


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("id = [", "unreadable"),
        ("", "missing"),
        (HEAD.replace("2026-01-01", '"今天"') + TASK, "type"),
        ("id = " + "[" * 100_000, "unreadable"),
        (HEAD + TASK.replace("封{place}", "  "), "missing"),
        (HEAD.replace('"gas"', '"a:b"', 1) + TASK, "colon"),
        (HEAD + "valid_to = 2025-12-31\n" + TASK, "before"),
    ],
)
def test_what_is_no_plan_at_all_is_said(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    assert [fault.why for fault in planbook.read(str(tmp_path)).faults] == [why]
    assert [f.why for f in planbook.read(str(tmp_path / "none")).faults] == ["folder"]
    assert why in codes.load("plan_fault")


def test_two_files_of_one_plan_for_one_day_are_said(tmp_path: Path) -> None:
    """Else nobody knew which of them counts."""
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(HEAD + TASK, encoding="utf-8")
    (fault,) = planbook.read(str(tmp_path)).faults
    assert fault == planbook.Fault("b.toml", "plan", "id", "twice", "gas")


def test_a_plan_of_the_city_stands_for_ours_and_the_newest_in_force_counts(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(HEAD + TASK, encoding="utf-8")
    later = HEAD.replace("2026-01-01", "2126-01-01").replace('"9"', '"10"')
    (tmp_path / "b.toml").write_text(later + TASK, encoding="utf-8")
    book = planbook.read(str(tmp_path))
    (found,) = plans.proposed(book, "gas", 4, NOW)
    assert (found.version, len(found.tasks)) == ("9", 1)
    assert plans.proposed(book, "fire", 4, NOW) != [] == plans.proposed(book, "storm", 4, NOW)


# What becomes of them.


def test_an_incident_opens_with_its_plan_as_drafts_and_nothing_is_sent(two: Desks) -> None:
    with_gas(two)
    (started,) = two.find(StartedPlan)
    assert (started.plan, started.version, started.by) == ("gas", GAS.version, "员0")
    drafts = two.find(Directive)
    assert {d.state for d in drafts} == {DRAFT} and len(drafts) == len(GAS.at(4))
    cordon, (incident,) = two.task("cordon"), two.find(Incident)
    assert "花园路 18 号" in cordon.text and cordon.due_at == incident.opened_at + 5 * MINUTE
    assert (cordon.from_post, cordon.to_post, cordon.needs) == ("front", "f_cordon", "photo")
    assert owed.listed(drafts) == []


def test_two_stations_that_start_one_plan_at_once_make_one_set(two: Desks) -> None:
    two.do(0, incidents.open_incident, opening=an_opening(kind="gas", grade=4))
    two.exchange()
    for at in (0, 1):
        two.do(at, plans.start_plan, incident=two.incident, plan=GAS)
    keys = [two.task("valve").id]
    two.do(0, directives.sign_all, incident=two.incident, directives=keys)  # before they meet
    two.do(1, directives.cancel, directive=two.task("power", 1).id, reason="无电")
    two.exchange()
    assert two.find(Directive) == two.find(Directive, 1)
    assert len(two.find(Directive)) == len(GAS.at(4)) and len(two.find(StartedPlan)) == 1
    assert two.task("valve").state == ISSUED and two.task("power").state == CANCELLED
    assert two.find(Conflict) == [] == two.find(Conflict, 1)


def test_two_who_sign_one_order_at_once_have_nothing_to_decide(two: Desks) -> None:
    with_gas(two)
    keys = [two.task(name).id for name in ("phone", "valve")]
    for at in (0, 1):
        two.do(at, directives.sign_all, incident=two.incident, directives=keys)
    two.exchange()
    assert two.find(Directive) == two.find(Directive, 1)
    assert [two.task(name).no for name in ("phone", "valve")] == [1, 2]
    assert two.find(Conflict) == [] == two.find(Conflict, 1)


def test_a_higher_level_adds_its_tasks_once_and_they_count_from_then(two: Desks) -> None:
    with_gas(two)
    with pytest.raises(Refused, match="plan_whole"):
        two.do(0, plans.start_plan, incident=two.incident, plan=GAS)
    two.clock.at += 40 * MINUTE
    two.do(0, incidents.set_levels, incident=two.incident, levels=Levels(4, None, 2), reason="扩大")
    decided = two.clock.at
    two.do(0, plans.start_plan, incident=two.incident, plan=GAS)
    assert len(two.find(Directive)) == len(GAS.at(2))
    assert two.task("support").due_at == decided + 30 * MINUTE
    assert two.task("cordon").due_at < decided


def test_all_that_a_post_may_sign_is_signed_and_numbered_in_order(two: Desks) -> None:
    with_gas(two, response=3)
    back = [two.task(name).id for name in ("phone", "valve", "camera")]
    two.do(0, directives.sign_all, incident=two.incident, directives=back)
    assert [two.task(n).no for n in ("phone", "valve", "camera")] == [1, 2, 3]
    assert {two.task("valve").from_post, two.task("phone").state} == {"chief", ISSUED}
    with pytest.raises(Refused, match="state"):  # somebody has signed them meanwhile
        two.do(0, directives.sign_all, incident=two.incident, directives=back)
    refused = {"cordon": "not_issuer", "evacuate": "second"}
    for name, why in refused.items():
        keys = [two.task(name).id, two.task("notice").id]
        with pytest.raises(Refused, match=why):
            two.do(0, directives.sign_all, "p3", incident=two.incident, directives=keys)
    assert two.task("notice").state == DRAFT  # all or nothing
    two.do(0, directives.sign_all, "front", incident=two.incident,
           directives=[two.task("cordon").id])  # fmt: skip
    assert two.task("cordon").state == ISSUED


def test_progress_is_that_of_the_directives_also_of_those_that_stand_for_them(two: Desks) -> None:
    with_gas(two)
    signed = [two.task(name).id for name in ("valve", "phone")]
    two.do(0, directives.sign_all, incident=two.incident, directives=signed)
    order = directives.Order(two.incident, "p5", "改由热力公司关阀", due_at=NOW)
    two.do(0, directives.supersede, directive=signed[0], order=order)
    (new,) = [d for d in two.find(Directive) if d.supersedes]
    two.do(0, directives.acknowledge, "p5", directive=new.id)
    two.do(0, directives.complete, "p5", directive=new.id, evidence="已关")
    two.do(0, directives.cancel, directive=two.task("camera").id, reason="无人机已升空")
    every = two.find(Directive)
    tasks = plans.current(filter(plans.by_plan, every), every)
    told = plans.progress(tasks, two.task("measure").due_at + 1)
    assert (told.tasks, told.given, told.done, told.skipped) == (len(GAS.at(4)), 2, 1, 1)
    late = {"cordon", "clear", "measure", "medical", "traffic"}  # due by then, and not done
    assert told.late == len(late)
