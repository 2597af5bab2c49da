"""Plans 预案 in an incident: started once, each task a directive that somebody signs.

A task has no state of its own: it is that of its directive. The ids follow from incident, plan and
task, so that stations that start the same plan make one set.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from commandwall import codes
from commandwall.clock import MINUTE, Ms, to_datetime
from commandwall.directives import CANCELLED, DONE, DRAFT, ENDED, VERIFIED, Directive
from commandwall.incidents import GradeProposal, Incident, Opening, opened, still_open
from commandwall.plain import clean
from commandwall.planbook import ACK, LEVELS, Book, Plan, PlanTask
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Refused, Tx

SOURCE = "plan:"
"""Begins the source of a directive that a plan set; its plan and its task follow."""
PLACE = 60
"""Characters of a place in an order."""
NAMESPACE = uuid.UUID("5f0d3f0e-53d5-4a42-bb35-9d0f0f8f6c1e")


@record(WALL, index=("incident",), meeting=Meeting(("at",), ("by", "post")))
@dataclass(frozen=True, slots=True)
class StartedPlan:
    """A plan that was started in an incident; `id` is both of them."""

    id: str
    incident: str
    plan: str
    version: str
    zh: str
    en: str
    at: Ms
    by: str
    post: str


def level_of(response: int | None, grade: int | None) -> int:
    """The level by which a plan counts: the response that was decided, else the grade, else the
    lowest."""
    return response or grade or LEVELS[-1]


def proposed(book: Book, kind: str, level: int, now: Ms) -> list[Plan]:
    """The plans in force that are for this kind at this level, the first one to be preselected."""
    return [plan for plan in book.on(to_datetime(now).date()) if plan.fits(kind, level)]


def started(plan: str, incident: str) -> str:
    """The id of a started plan."""
    return f"{incident}:{plan}"


def directive_of(incident: str, plan: str, task: str) -> str:
    """The id of the directive of a task, at every station."""
    return str(uuid.uuid5(NAMESPACE, f"{incident}|{plan}|{task}"))


def lacking(plan: Plan, incident: Incident, known: Iterable[str]) -> list[PlanTask]:
    """The tasks of the present level that have no directive among those whose ids are known."""
    held, level = set(known), level_of(incident.response, incident.grade)
    return [t for t in plan.at(level) if directive_of(incident.id, plan.id, t.id) not in held]


def by_plan(directive: Directive) -> bool:
    """Whether a plan set it."""
    return directive.source.startswith(SOURCE)


def task_of(directive: Directive) -> tuple[str, str]:
    """The plan and the task that set a directive; two empty texts where none did."""
    plan, _, task = directive.source.removeprefix(SOURCE).partition(":")
    return (plan, task) if by_plan(directive) else ("", "")


def task(
    plans: Sequence[Plan], directives: Mapping[str, Directive], directive: Directive
) -> PlanTask | None:
    """The task that a directive, or the one that it stands for, was set by; None where none of
    these plans knows of it."""
    seen = {directive.id}
    while (before := directives.get(directive.supersedes)) and before.id not in seen:
        directive = before
        seen.add(directive.id)
    name, key = task_of(directive)
    return next((t for p in plans if p.id == name for t in p.tasks if t.id == key), None)


def skipped(directive: Directive) -> bool:
    """略过: taken back before it was ever given, for a reason."""
    d = directive
    return d.state == CANCELLED and not (d.issued_at or d.delivered_at)


def done(directive: Directive) -> bool:
    return directive.state in (DONE, VERIFIED)


def over(directive: Directive) -> bool:
    """Whether it is done or taken back; a refused one waits for a decision."""
    return done(directive) or directive.state in ENDED


def late(directive: Directive, now: Ms) -> bool:
    """Whether its time is over before it is."""
    d = directive
    return not over(d) and d.due_at is not None and d.due_at < now


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the tasks of an incident's plans are, in numbers of tasks."""

    tasks: int
    given: int
    done: int
    late: int
    skipped: int


def current(tasks: Iterable[Directive], every: Iterable[Directive]) -> list[Directive]:
    """Each task as it stands: where another directive stands for it, by that one."""
    after = {d.supersedes: d for d in every if d.supersedes}
    return [_last(task, after) for task in tasks]


def _last(directive: Directive, after: dict[str, Directive]) -> Directive:
    seen = {directive.id}
    while (found := after.get(directive.id)) is not None and found.id not in seen:
        directive = found
        seen.add(found.id)
    return directive


def progress(tasks: Sequence[Directive], now: Ms) -> Progress:
    """Of tasks as they stand."""
    return Progress(
        len(tasks),
        sum(d.issued_at > 0 for d in tasks),
        sum(map(done, tasks)),
        sum(late(d, now) for d in tasks),
        sum(map(skipped, tasks)),
    )


# Acts.


def open_with_plan(tx: Tx, opening: Opening, plan: Plan) -> None:
    """开设并启用预案: open an incident, and start the plan that a person left or chose for it."""
    _start(tx, opened(tx, opening), plan)


def start_plan(tx: Tx, incident: str, plan: Plan) -> None:
    """启用预案: its tasks become drafts of the posts that give them.

    Started once more, after the level rose, it adds what the higher level asks for.
    Refused("plan_whole") where that is nothing.
    """
    _start(tx, still_open(tx, incident), plan)


def _start(tx: Tx, incident: Incident, plan: Plan) -> None:
    key = started(plan.id, incident.id)
    again = tx.get(StartedPlan, key) is not None
    ids = [directive_of(incident.id, plan.id, task.id) for task in plan.tasks]
    missing = lacking(plan, incident, (d.id for d in tx.many(Directive, ids)))
    if again and not missing:
        raise Refused("plan_whole", plan=plan.zh)
    if not again:
        p = plan
        tx.put(StartedPlan(key, incident.id, p.id, p.version, p.zh, p.en, tx.now, tx.by, tx.post))
    since = _decided(tx, incident) if again else incident.opened_at
    tx.put(*(_draft(tx, incident, plan, task, since) for task in missing))


def _decided(tx: Reader, incident: Incident) -> Ms:
    """When the level was decided last: the tasks that it adds count from then on."""
    known = tx.get(GradeProposal, incident.id)
    return known.at if known is not None else incident.opened_at


def _draft(tx: Tx, incident: Incident, plan: Plan, task: PlanTask, since: Ms) -> Directive:
    t = task
    needs = [need for need in t.needs if need != ACK] or [ACK]
    return Directive(
        directive_of(incident.id, plan.id, t.id), 0, incident.id, t.giver, t.to, ",".join(t.cc),
        t.verb, _text(task, incident), "", None, None, Ms(since + t.minutes * MINUTE), t.priority,
        ",".join(needs), "", "", DRAFT, "", "", tx.now, Ms(0), by=tx.by, post=tx.post,
        source=f"{SOURCE}{plan.id}:{t.id}",
    )  # fmt: skip


def _text(task: PlanTask, incident: Incident) -> str:
    """The words of an order: the same at every station, whatever language it shows."""
    kinds = codes.load("incident_kind")
    return task.text.format(
        place=clean(incident.place or incident.title, PLACE),
        time=f"{to_datetime(incident.opened_at):%H:%M}",
        kind=kinds[incident.kind].zh if incident.kind in kinds else incident.title,
    )
