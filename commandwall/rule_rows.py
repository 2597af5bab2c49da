"""Rows of alarm rules that people change 规则修订: one person proposes, another one approves.

The list `alarm_rules` is what a city begins with. Over it lie the approved rows, each from its
moment on and until a later one of the same rule: nothing that held is ever written again. Readings
meet the rules of their own moment, so every station judges alike, whenever it hears of a row.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from commandwall import codes, rulecheck
from commandwall.alarms import NEVER, Rule, rules
from commandwall.clock import SECOND, Ms, day
from commandwall.rulecheck import Fault
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import TITLE_LIMIT, present, written

PROPOSED, APPROVED, REFUSED, WITHDRAWN = "PROPOSED", "APPROVED", "REFUSED", "WITHDRAWN"
FURTHER = {PROPOSED: frozenset({APPROVED, REFUSED, WITHDRAWN})}
DECIDING = ("decided_by", "decided_post", "answer")
_THRESHOLD = re.compile(r"[≥≤]\s*-?[\d.,]+")
Rules = Mapping[str, Rule]


@record(WALL, index=("state",), meeting=Meeting(("since", "decided_at"), DECIDING, FURTHER))
@dataclass(frozen=True, slots=True)
class RuleRow:
    """A changed or new rule, as one person proposed it and another one decided."""

    id: str
    rule: str  # id of the rule, in the list `alarm_rules` or new
    zh: str
    en: str
    cls: str
    severity: int
    low_bad: int  # 1: worse when lower
    threshold: float
    on_s: float
    off_s: float
    deadband: float
    files_event: int
    urgency: int
    event_class: str
    unit: str
    light: str
    mode: str
    samples: int
    lift_rate: float
    lift_pair_s: float
    from_h: float
    until_h: float
    retired: int  # 1: from then on there is no such rule
    asked: Ms  # from when it should count
    reason: str
    tried_days: float  # of the dry run: over how many days,
    tried: int  # how many alarms it would have raised,
    tried_now: int  # and how many those in force
    state: str
    at: Ms
    by: str
    post: str
    decided_at: Ms | None = None
    since: Ms | None = None  # from when it counts, once approved
    decided_by: str = ""
    decided_post: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a dry run said: alarms in the last days by the proposed rules, and by those in force."""

    days: float
    raised: int
    now: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a person proposes: the whole rule as it should be."""

    rule: Rule
    reason: str
    since: Ms = NEVER  # as soon as it is approved, where it is not later
    retired: bool = False
    tried: Tried | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """All rules that count from a moment on."""

    since: Ms
    rules: Sequence[Rule]


# What counts.


def editions(rows: Iterable[RuleRow], on: date | None = None, back: Ms = NEVER) -> list[Edition]:
    """What counts from when: the first of these from `back` on, of which nothing older is asked.
    `on`: the day whose list they lie over, today where none is given."""
    made = _laid(rows, on)[0]
    past = sum(edition.since <= back for edition in made)
    return made[max(0, past - 1) :]


def in_force(rows: Iterable[RuleRow], at: Ms) -> Rules:
    """The rules of a moment by their ids."""
    now = [edition for edition in editions(rows, day(at)) if edition.since <= at][-1]
    return {rule.id: rule for rule in now.rules}


def rule_at(rows: Iterable[RuleRow], rule: str, at: Ms) -> Rule | None:
    """A rule as it was at a moment; None where there was none, or it is one of the list's past."""
    return in_force(rows, at).get(rule)


def in_mode(rule: Rule, mode: str, table: Rules) -> Rule:
    """The rule of this place that a mode has: the one there is, else this one for that mode."""
    found = (r for r in table.values() if r.mode == mode and _place(r) == _place(rule))
    base = rule.id.removesuffix(f"-{rule.mode}") if rule.mode else rule.id
    return next(found, replace(rule, id=f"{base}-{mode}" if mode else base, mode=mode))


def _place(rule: Rule) -> tuple[str, str, str, int]:
    return rule.cls, rule.unit, rule.light, rule.severity


def named_after(rule: Rule) -> Rule:
    """With the threshold it has in its names, where they tell one."""
    if not isinstance(rule.threshold, int | float):
        return rule
    told = f"{'≤' if rule.low_bad else '≥'} {rule.threshold:,g}"
    zh, en = (_THRESHOLD.sub(told, name, count=1) for name in (rule.zh, rule.en))
    return replace(rule, zh=zh, en=en)


def rule_of(row: RuleRow) -> Rule:
    """The rule that a row states."""
    told = {f.name: getattr(row, f.name) for f in fields(Rule) if f.name != "id"}
    told |= {name: bool(told[name]) for name in rulecheck.FLAGS}
    return Rule(id=row.rule, **told)


def stated(rule: Rule) -> dict[str, Any]:
    """What a rule states beside its id and names."""
    told = {f.name: getattr(rule, f.name) for f in fields(rule)}
    return {name: value for name, value in told.items() if name not in codes.FIXED}


def what_is_wrong(change: Change, rows: Iterable[RuleRow], now: Ms) -> Fault | None:
    """Why a rule cannot be so: its row, field and reason; None where it can."""
    row = _row(change, now)
    return _unfit(row, rows, now) or _idle(row, rows)


# Acts.


def propose_rule(tx: Tx, rule: Change) -> None:
    """提议: a changed or new rule, from a moment on and for a reason, after a dry run.

    Refused("rule") names field and reason of what cannot be; Refused("rule_untried") where no dry
    run was made.
    """
    reason = written("reason", rule.reason, TITLE_LIMIT)
    if wrong := what_is_wrong(rule, approved(tx), tx.now):
        raise _refused(wrong)
    if rule.tried is None:
        raise Refused("rule_untried")
    row = _row(rule, tx.now)
    tx.put(replace(row, id=str(uuid.uuid4()), reason=reason, by=tx.by, post=tx.post))


def approve_rule(tx: Tx, proposal: str, answer: str = "") -> None:
    """批准: another person than who proposed it; it counts from its moment on, but not before all
    stations can know of it. Refused("rule_second") for the same person, or for one without name."""
    row = _waiting(tx, proposal)
    if tx.by in ("", row.by):
        raise Refused("rule_second", by=row.by)
    soon = Ms(int(tx.now + codes.limit("rule_lead_seconds", day(tx.now)) * SECOND))
    row = _decided(tx, replace(row, since=max(row.asked, soon)), APPROVED, answer)
    if wrong := _unfit(row, approved(tx), tx.now):
        raise _refused(wrong)
    tx.put(row)


def refuse_rule(tx: Tx, proposal: str, reason: str) -> None:
    """不予: it stays as it is, for a reason."""
    reason = written("reason", reason, TITLE_LIMIT)
    tx.put(_decided(tx, _waiting(tx, proposal), REFUSED, reason))


def withdraw_rule(tx: Tx, proposal: str) -> None:
    """撤回: who proposed it takes it back. Refused("rule_own") for anybody else."""
    row = _waiting(tx, proposal)
    if (tx.by, tx.post) != (row.by, row.post):
        raise Refused("rule_own", by=row.by)
    tx.put(_decided(tx, row, WITHDRAWN, ""))


def approved(reader: Reader) -> list[RuleRow]:
    """All that count, or will."""
    return reader.find(RuleRow, state=APPROVED)


def _waiting(tx: Tx, proposal: str) -> RuleRow:
    row = present(tx, RuleRow, proposal)
    if row.state != PROPOSED:
        raise Refused("settled", kind="rulerow", id=proposal, by=row.decided_by)
    return row


def _decided(tx: Tx, row: RuleRow, state: str, answer: str) -> RuleRow:
    answer = written("answer", answer, TITLE_LIMIT, needed=False)
    return replace(
        row, state=state, decided_at=tx.now, decided_by=tx.by, decided_post=tx.post, answer=answer
    )


def _row(change: Change, now: Ms) -> RuleRow:
    rule, tried = named_after(change.rule), change.tried or Tried(0.0, 0, 0)
    told = {f.name: getattr(rule, f.name) for f in fields(rule) if f.name != "id"}
    told |= {name: int(told[name]) for name in rulecheck.FLAGS}
    return RuleRow(
        id="", rule=rule.id, retired=int(change.retired), asked=max(change.since, now), reason="",
        tried_days=tried.days, tried=tried.raised, tried_now=tried.now, state=PROPOSED, at=now,
        by="", post="", **told,
    )  # fmt: skip


def _refused(wrong: Fault) -> Refused:
    return Refused("rule", row=wrong.row, field=wrong.field, en=wrong.en, zh=wrong.zh)


# What they come to together.


def _laid(rows: Iterable[RuleRow], on: date | None) -> tuple[list[Edition], dict[str, Fault]]:
    """The rows in their order over the list of a day, and why those that cannot be were left out:
    the list may be another one than that over which they were approved."""
    table = {rule.id: rule for rule in rules(on)}
    made, unfit = [Edition(NEVER, tuple(table.values()))], dict[str, Fault]()
    ours = [(row.since, row) for row in rows if row.since is not None and row.state == APPROVED]
    for since, row in sorted(ours, key=lambda r: (r[0], r[1].decided_at or NEVER, r[1].id)):
        if wrong := _fault(row, table):
            unfit[row.id] = wrong
            continue
        table = _with(table, row)
        made.append(Edition(since, tuple(table.values())))
    return made, unfit


def _with(table: Rules, row: RuleRow) -> dict[str, Rule]:
    left = {id_: rule for id_, rule in table.items() if not (row.retired and id_ == row.rule)}
    return left if row.retired else {**left, row.rule: rule_of(row)}


def _fault(row: RuleRow, table: Rules) -> Fault | None:
    """Why a row cannot lie over a table of rules."""
    was = table.get(row.rule)
    if row.cls not in codes.load("sensor_class"):
        told = "no threshold of readings counts for this class", "这一类不按读数的阈值报"
        return Fault(row.rule, "cls", *told)
    if was is not None and was.cls != row.cls:
        return Fault(row.rule, "cls", f"it is a rule of {was.cls}", f"它是 {was.cls} 的规则")
    if row.retired:
        return _last(row, table)
    others = {id_: stated(rule) for id_, rule in table.items() if id_ != row.rule}
    found = rulecheck.faults({**others, row.rule: stated(rule_of(row))})
    return next((replace(fault, row=row.rule) for fault in found), None)


def _last(row: RuleRow, table: Rules) -> Fault | None:
    """Of each kind of device one is left that holds by day and night, in all modes: else what
    stands would never end."""
    if row.rule not in table:
        return Fault(row.rule, "rule", "there is no such rule", "没有这条规则")
    others = (rule for id_, rule in table.items() if id_ != row.rule)
    left = any((r.cls, r.unit, r.light, r.mode) == (row.cls, row.unit, "", "") for r in others)
    return (
        None
        if left
        else Fault(row.rule, "rule", "it is the last one of its kind", "该类只剩这一条")
    )


def _unfit(row: RuleRow, rows: Iterable[RuleRow], now: Ms) -> Fault | None:
    """What it would spoil, now or at a later row's moment."""
    known, key = list(rows), row.id or "new"
    before = _laid(known, day(now))[1]
    since, decided_at = row.since or row.asked, row.decided_at or now
    it = replace(row, id=key, state=APPROVED, since=since, decided_at=decided_at)
    after = _laid([*known, it], day(now))[1]
    spoilt = {id_: fault for id_, fault in after.items() if id_ not in before}
    return spoilt.get(key) or next(iter(spoilt.values()), None)


def _idle(row: RuleRow, rows: Iterable[RuleRow]) -> Fault | None:
    """Whether it changes nothing."""
    was = rule_at(rows, row.rule, row.asked)
    same = was is not None and not row.retired and stated(was) == stated(rule_of(row))
    return Fault(row.rule, "rule", "it is so already", "与那时的规则相同") if same else None
