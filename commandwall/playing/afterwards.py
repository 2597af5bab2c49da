"""What follows a drill at the command line: its review as a file, and what must be better."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from commandwall import exercise, reporting, reviewing
from commandwall.clock import Clock
from commandwall.config import REFUSED
from commandwall.desk import Desk
from commandwall.drill.play import played_until
from commandwall.drill.scenario import Scenario
from commandwall.files.kept import Kept
from commandwall.plain import clean
from commandwall.reports import press
from commandwall.reports.drill_paper import paper
from commandwall.reports.press import Unset
from commandwall.reports.speech import Speech, moment
from commandwall.reviewing import Finding
from commandwall.store.database import StoreTrouble
from commandwall.store.migrate import open_store
from commandwall.store.store import Refused

NAME, WHAT = "review", "drill_review"
"""Of the files, and the row of `hand_out_kind`."""


def review(folder: Path, scenario: Scenario, out: Path, lang: str) -> int:
    """PDF and HTML into a directory; says where they are. REFUSED where they cannot be made."""
    now, kept = played_until(folder, Clock().now()), Kept(folder)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with closing(open_store(folder)) as store:
            made = store.read(lambda r: paper(r, kept, folder, scenario, Speech.of(lang), now))
            targets = [out / f"{folder.name}-{NAME}.{form}" for form in ("pdf", "html")]
            _hand_out(Desk(store, Clock()), press.press(made, targets, exercise.mark(folder)))
    except (Unset, StoreTrouble, OSError, Refused) as trouble:
        print(f"commandwall: {clean(trouble, 400)}", file=sys.stderr)
        return REFUSED
    print("\n".join(str(target) for target in targets))
    return 0


def _hand_out(desk: Desk, made: list[press.Pressed]) -> None:
    """Each file has its line in the drill's journal before it has its name."""
    try:
        for one in made:
            desk.run(reporting.hand_out, {
                "incident": "", "what": WHAT, "purpose": "commandwall drill review",
                "name": one.target.name, "sha256": one.sha256,
            })  # fmt: skip
        press.put(made)
    finally:
        press.drop(made)
        desk.close()


def improvements(folders: list[Path]) -> int:
    """All that must still be better, of these drills."""
    found = [(folder.name, finding) for folder in folders for finding in _owed(folder)]
    print(f"{exercise.MARK}改进与整改 improvements")
    for run, one in found:
        due = moment(one.due_at)[:10]
        print(f"{clean(run)}  {clean(one.id[:8])}  {due}  {clean(one.owner)}  {clean(one.text)}")
    print(f"{len(found)} 项未完成 open")
    return 0


def settle(folder: Path, key: str, result: str) -> int:
    """An improvement, by the beginning of its id, is done: what was done."""
    try:
        with closing(open_store(folder)) as store, closing(Desk(store, Clock())) as desk:
            mine = [f for f in reviewing.owed(store.read(lambda r: r.find(Finding)))
                    if key and f.id.startswith(key)]  # fmt: skip
            if len(mine) != 1:
                print(f"commandwall: {clean(key)}: {len(mine)} 项 found", file=sys.stderr)
                return REFUSED
            desk.run(reviewing.settle_finding, {"finding": mine[0].id, "result": result})
    except (StoreTrouble, OSError, Refused) as trouble:
        print(f"commandwall: {clean(trouble, 400)}", file=sys.stderr)
        return REFUSED
    return improvements([folder])


def _owed(folder: Path) -> list[Finding]:
    with closing(open_store(folder)) as store:
        return reviewing.owed(store.read(lambda r: r.find(Finding)))
