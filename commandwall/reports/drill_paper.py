"""The review of the drill of a data directory, compared with the last drill of its scenario."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from commandwall import exercise
from commandwall.clock import Ms
from commandwall.drill.after import After, after
from commandwall.drill.play import played_until, scenario_of
from commandwall.drill.scenario import Scenario
from commandwall.files.kept import Kept
from commandwall.reports.drill_review import Earlier, review
from commandwall.reports.press import Paper
from commandwall.reports.speech import Speech
from commandwall.store.database import StoreTrouble
from commandwall.store.migrate import open_store
from commandwall.store.store import Reader

log = logging.getLogger(__name__)


def paper(
    reader: Reader, kept: Kept, folder: Path, scenario: Scenario, speech: Speech, now: Ms
) -> Paper:
    """The paper, as the drill stands at `now`."""
    drill = exercise.of(folder)
    run = drill.run if drill is not None else folder.name
    return review(reader, kept, scenario, run, speech, now, last(reader, folder, scenario, now))


def last(reader: Reader, folder: Path, scenario: Scenario, now: Ms) -> Earlier | None:
    """Of the drills of the same scenario that lie beside this one, that which began last before."""
    mine = after(reader, scenario, now).began
    began = [(one.after.began, one) for one in _beside(folder, scenario.id, now)]
    found = [(at, one) for at, one in began if at is not None and mine is not None and at < mine]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def _beside(folder: Path, scenario: str, now: Ms) -> Iterator[Earlier]:
    """One that cannot be opened counts for none."""
    for other, drill in exercise.within(folder.parent):
        played = scenario_of(other) if drill.scenario == scenario and other != folder else None
        if played is not None:
            try:
                yield Earlier(drill.run, _read(other, played, played_until(other, now)))
            except (StoreTrouble, OSError):
                log.exception("%s is not compared", other.name)


def _read(folder: Path, scenario: Scenario, until: Ms) -> After:
    with closing(open_store(folder)) as store:
        return store.read(lambda reader: after(reader, scenario, until))
