"""A dry run 试算 of a changed rule, in a child program: what it would have raised, and the rules
in force, over the last days; one that names a mode as if that had held all along. The screen goes
on meanwhile, and may give it up.

The child answers with `days`, and by day of `now` and `then` how many alarms.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from commandwall import codes, rehearsal, rule_rows
from commandwall.alarms import Rule
from commandwall.clock import Clock
from commandwall.errand import Question, end_with_starter, say
from commandwall.rule_rows import Tried
from commandwall.store.store import Store


@dataclass(frozen=True, slots=True)
class Outcome:
    """Alarms by day: of the rules in force, and of those that are tried."""

    days: float
    now: dict[date, int]
    then: dict[date, int]

    @property
    def tried(self) -> Tried:
        return Tried(self.days, sum(self.then.values()), sum(self.now.values()))


class DryRun(Question):
    """One run, from its making until `answer`, an Outcome, is there."""

    def __init__(self, folder: Path, rule: Rule, retired: bool = False) -> None:
        """`folder`: the data directory whose readings are tried on."""
        told = json.dumps({"rule": asdict(rule), "retired": retired})
        super().__init__("commandwall.dry_run", [str(folder), told], _outcome)


def _outcome(said: dict[str, Any]) -> Outcome:
    return msgspec.convert(said, Outcome)


def main(folder: str, told: str) -> None:
    """In the child."""
    end_with_starter()
    asked = json.loads(told)
    rule, retired = msgspec.convert(asked["rule"], Rule), bool(asked["retired"])
    with closing(Store(Path(folder))) as store:
        now = rule_rows.in_force(store.read(rule_rows.approved), Clock().now())
        then = {id_: was for id_, was in now.items() if id_ != rule.id}
        tables = now, then if retired else {**then, rule.id: rule}
        span = rehearsal.span_of(store, codes.limit("rule_try_days"), rule.mode)
        found = rehearsal.compare(store, tables, span, say)
    by_day = ({str(on): n for on, n in run.by_day.items()} for run in (found.now, found.then))
    say(dict(zip(("now", "then"), by_day, strict=True), days=found.days))


if __name__ == "__main__":
    main(*sys.argv[1:3])
