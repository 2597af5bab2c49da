"""Plans 预案 as files: each names kinds and levels of incidents, and the tasks that it sets.

They stand in assets/plans; a city adds its own in a folder of the setting `plans`, where a plan
with an id of ours stands for ours. One that is wrong is kept aside with the row, the field and the
reason; all others are used.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any

from commandwall import codes
from commandwall.config import ASSETS
from commandwall.directives import DIRECTIVE_LIMIT, PHOTO, POSITION, USUAL
from commandwall.posts import side_of

ACK = "ack"
NEEDS = frozenset({ACK, PHOTO, POSITION})
PLACES = frozenset({"place", "time", "kind"})
"""Facts of an incident that the text of a task may name in braces."""
LEVELS = (1, 2, 3, 4)
"""Of a response or a grade: 1 is the highest."""
TITLE = "plan"
"""What a fault names as its row where it is in the head of a file."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlanTask:
    """One row of a plan: from `level` on, `giver` orders it to `to`."""

    id: str
    level: int
    phase: str  # code list incident_phase
    zh: str  # its short name
    en: str
    verb: str  # code list directive_verb
    text: str  # of the order, with {place}, {time}, {kind} of the incident
    giver: str
    to: str
    minutes: int  # after the opening
    cc: tuple[str, ...] = ()
    priority: int = USUAL
    needs: tuple[str, ...] = (ACK,)
    outside: bool = False  # help that comes from outside the scene


@dataclass(frozen=True, slots=True)
class Plan:
    """Tasks in their order, for incidents of these kinds at these levels."""

    id: str
    version: str
    zh: str
    en: str
    kinds: tuple[str, ...]  # code list incident_kind
    tasks: tuple[PlanTask, ...]
    valid_from: date
    valid_to: date = date.max
    levels: tuple[int, ...] = LEVELS

    def fits(self, kind: str, level: int) -> bool:
        return kind in self.kinds and level in self.levels

    def at(self, level: int) -> tuple[PlanTask, ...]:
        """The tasks of a level: those of the lower ones belong to it."""
        return tuple(task for task in self.tasks if task.level >= level)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a plan is not used: its file, row and field, and a row of the list `plan_fault`."""

    file: str
    row: str
    field: str
    why: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """All plans that can be used, and what was wrong with others."""

    plans: tuple[Plan, ...] = ()
    faults: tuple[Fault, ...] = ()

    def on(self, day: date) -> tuple[Plan, ...]:
        """Those in force on a day: of several with one id the newest."""
        valid = [plan for plan in self.plans if plan.valid_from <= day <= plan.valid_to]
        newest = {plan.id: plan for plan in sorted(valid, key=lambda plan: plan.valid_from)}
        return tuple(plan for plan in valid if newest[plan.id] is plan)


class Wrong(Exception):
    """What is wrong with one row."""

    def __init__(self, row: str, field: str, why: str, value: object = "") -> None:
        super().__init__(f"{row} {field}: {why} {value}")
        self.row, self.field, self.why, self.value = row, field, why, str(value)


def read(own: str = "") -> Book:
    """The plans of assets/plans, and those of a city's folder, which stand for ours of their id."""
    ours, theirs = _folder(ASSETS / "plans"), _folder(Path(own)) if own else Book()
    ids = {plan.id for plan in theirs.plans}
    plans = (*(plan for plan in ours.plans if plan.id not in ids), *theirs.plans)
    book = Book(plans, (*ours.faults, *theirs.faults))
    for f in book.faults:
        log.warning("plan %s is not used: %s %s: %s %s", f.file, f.row, f.field, f.why, f.value)
    return book


def _folder(folder: Path) -> Book:
    plans: list[Plan] = []
    faults: list[Fault] = []
    if not folder.is_dir():
        return Book((), (Fault(str(folder), TITLE, "", "folder"),))
    for file in sorted(folder.glob("*.toml")):
        try:
            plan = _plan(tomllib.loads(file.read_text(encoding="utf-8")))
            if any((p.id, p.valid_from) == (plan.id, plan.valid_from) for p in plans):
                raise Wrong(TITLE, "id", "twice", plan.id)
            plans.append(plan)
        except RecursionError:
            faults.append(Fault(file.name, TITLE, "", "unreadable", "nested"))
        except Wrong as wrong:
            faults.append(Fault(file.name, wrong.row, wrong.field, wrong.why, wrong.value))
        except (OSError, ValueError) as error:  # ValueError: no TOML, or no text at all
            faults.append(Fault(file.name, TITLE, "", "unreadable", str(error)))
    return Book(tuple(plans), tuple(faults))


_PLAN: Mapping[str, type[Any]] = {
    "id": str, "version": str, "zh": str, "en": str, "kinds": list, "valid_from": date,
    "task": list,
}  # fmt: skip
_PLAN_MAY: Mapping[str, type[Any]] = {"valid_to": date, "levels": list}
_TASK: Mapping[str, type[Any]] = {
    "id": str, "level": int, "phase": str, "zh": str, "en": str, "verb": str, "text": str,
    "from": str, "to": str, "minutes": int,
}  # fmt: skip
_TASK_MAY: Mapping[str, type[Any]] = {
    "cc": list, "priority": int, "needs": list, "outside": bool,
}  # fmt: skip
"""Fields of a plan and of a task: those it has, and those it may have."""


def _plan(data: Mapping[str, Any]) -> Plan:
    _shaped(TITLE, data, _PLAN, _PLAN_MAY)
    kinds, levels = tuple(data["kinds"]), tuple(data.get("levels", LEVELS))
    _among(TITLE, "kinds", kinds, codes.load("incident_kind"))
    _among(TITLE, "levels", levels, LEVELS)
    _check_id(TITLE, data["id"])
    if data.get("valid_to", date.max) < data["valid_from"]:
        raise Wrong(TITLE, "valid_to", "before", data["valid_to"])
    tasks = tuple(_tasks(data["task"]))
    d, until = data, data.get("valid_to", date.max)
    return Plan(
        d["id"], d["version"], d["zh"], d["en"], kinds, tasks, d["valid_from"], until, levels
    )


def _tasks(rows: list[Any]) -> Iterator[PlanTask]:
    known: set[str] = set()
    posts = [code.id for code in codes.load("post").values() if side_of(code.id)]
    if not rows:
        raise Wrong(TITLE, "task", "missing")
    for number, data in enumerate(rows, 1):
        row = str(data.get("id") or number) if isinstance(data, dict) else str(number)
        if not isinstance(data, dict):
            raise Wrong(row, "task", "type", data)
        _shaped(row, data, _TASK, _TASK_MAY)
        _check_id(row, data["id"])
        if row in known:
            raise Wrong(row, "id", "twice", row)
        known.add(row)
        yield _task(row, data, posts)


def _task(row: str, data: Mapping[str, Any], posts: list[str]) -> PlanTask:
    cc, needs = tuple(data.get("cc", ())), tuple(data.get("needs", (ACK,)))
    priority = data.get("priority", USUAL)
    for field, values, known in (
        ("level", (data["level"],), LEVELS),
        ("priority", (priority,), LEVELS),
        ("phase", (data["phase"],), codes.load("incident_phase")),
        ("verb", (data["verb"],), codes.load("directive_verb")),
        ("from", (data["from"],), posts),
        ("to", (data["to"],), posts),
        ("cc", cc, codes.load("post")),
        ("needs", needs, NEEDS),
    ):
        _among(row, field, values, known)
    if data["minutes"] < 1:
        raise Wrong(row, "minutes", "number", data["minutes"])
    if data["minutes"] > codes.limit("plan_minutes"):
        raise Wrong(row, "minutes", "far", data["minutes"])
    _check_text(row, data["text"])
    d = data
    return PlanTask(
        row, d["level"], d["phase"], d["zh"], d["en"], d["verb"], d["text"], d["from"], d["to"],
        d["minutes"], cc, priority, needs, d.get("outside", False),
    )  # fmt: skip


def _check_id(row: str, id_: str) -> None:
    """A directive names its plan and its task with a colon between them."""
    if ":" in id_:
        raise Wrong(row, "id", "colon", id_)


def _check_text(row: str, text: str) -> None:
    if len(text) > DIRECTIVE_LIMIT:
        raise Wrong(row, "text", "long", len(text))
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise Wrong(row, "text", "place", error) from error
    for _, name, style, turn in parts:
        if name is not None and (name not in PLACES or style or turn):
            raise Wrong(row, "text", "place", name)


def _shaped(
    row: str, data: Mapping[str, Any], has: Mapping[str, type[Any]], may: Mapping[str, type[Any]]
) -> None:
    """Wrong where a field is missing, empty, of another type, or one that nobody knows."""
    for field in data:
        if field not in has and field not in may:
            raise Wrong(row, field, "field")
    for field, kind in {**has, **may}.items():
        if field not in data:
            if field in has:
                raise Wrong(row, field, "missing")
        elif type(data[field]) is not kind:  # true is an int, and a moment is a date
            raise Wrong(row, field, "type", data[field])
        elif field in has and (data[field] == [] or str(data[field]).strip() == ""):
            raise Wrong(row, field, "missing")


def _among(row: str, field: str, values: tuple[Any, ...], known: Any) -> None:
    """Wrong with the first value that no list has."""
    for value in values:
        if not isinstance(value, str | int) or value not in known:
            raise Wrong(row, field, "unknown", value)
