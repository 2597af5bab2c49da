"""A dry run 试算 of a changed rule, in a child program: what it would have raised, and the rules
in force, over the last days. The screen goes on meanwhile, and may give it up.

The child prints lines of JSON: a number, the share of the work that is done, and at last an object
with `days`, and by day of `now` and `then` how many alarms.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import msgspec

from commandwall import codes, platform, rehearsal, rule_rows
from commandwall.alarms import Rule
from commandwall.clock import Clock
from commandwall.errand import end_with_starter
from commandwall.rule_rows import Tried
from commandwall.store.migrate import open_store

log = logging.getLogger(__name__)


class Untried(Exception):
    """A dry run came to no end; says how the child ended."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Alarms by day: of the rules in force, and of those that are tried."""

    days: float
    now: dict[date, int]
    then: dict[date, int]

    @property
    def tried(self) -> Tried:
        return Tried(self.days, sum(self.then.values()), sum(self.now.values()))


class DryRun:
    """One run, from its making until `answer` is there; `share` tells how far it is."""

    def __init__(self, folder: Path, rule: Rule, retired: bool = False) -> None:
        """`folder`: the data directory whose readings are tried on."""
        self.share = 0.0
        self.answer: Future[Outcome] = Future()
        """Outcome; Untried where the child failed. Cancelled by `stop`."""
        told = json.dumps({"rule": asdict(rule), "retired": retired})
        command = [sys.executable, "-m", "commandwall.dry_run", str(folder), told]
        self._child = platform.start_child(command, stdout=subprocess.PIPE)
        threading.Thread(target=self._listen, name="dry run", daemon=True).start()

    def stop(self) -> None:
        """Give it up; nothing waits for it."""
        self.answer.cancel()
        self._child.kill()

    def _listen(self) -> None:
        found: Outcome | None = None
        stdout = self._child.stdout
        assert stdout is not None
        with stdout, suppress(ValueError):
            for line in stdout:
                said = json.loads(line)
                if isinstance(said, dict):
                    found = msgspec.convert(said, Outcome)
                else:
                    self.share = float(said)
        self._end(found, self._child.wait())

    def _end(self, found: Outcome | None, code: int) -> None:
        if not self.answer.set_running_or_notify_cancel():
            return
        if found is not None:
            self.answer.set_result(found)
        else:
            log.warning("a dry run of a rule ended %d", code)
            self.answer.set_exception(Untried(str(code)))


def main(folder: str, told: str) -> None:
    """In the child."""
    end_with_starter()
    asked = json.loads(told)
    rule, retired = msgspec.convert(asked["rule"], Rule), bool(asked["retired"])
    with closing(open_store(Path(folder))) as store:
        now = rule_rows.in_force(store.read(rule_rows.approved), Clock().now())
        then = {id_: was for id_, was in now.items() if id_ != rule.id}
        tables = now, then if retired else {**then, rule.id: rule}
        days = codes.limit("rule_try_days")
        found = rehearsal.compare(store, tables, days, lambda share: _say(share))
    by_day = ({str(on): n for on, n in run.by_day.items()} for run in (found.now, found.then))
    _say(dict(zip(("now", "then"), by_day, strict=True), days=found.days))


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
