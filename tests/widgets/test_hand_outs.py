"""Handing out from the window: what for is asked, the line is written, then the file is there."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from builders import an_opening
from world import City

from commandwall import incidents
from commandwall.incidents import Incident
from commandwall.reporting import HandOut
from commandwall.reports.press import Paper
from widgets.papers import Papers, Wanted


def test_a_paper_gets_its_name_when_its_line_is_written(
    world: City, make_wall: Any, qtbot: Any, tmp_path: Path
) -> None:
    world.desk.person, world.desk.post = "周", "chief"
    world.desk.do(incidents.open_incident, opening=an_opening()).result()
    world.tick(world.store.read(lambda r: {Incident: r.find(Incident)}))
    (incident,) = world.picture.incidents.values()
    wall, told = make_wall(), list[str]()
    papers = Papers(wall.context, lambda: wall, told.append, wall)

    def make(found: Incident, then: Any) -> None:
        then(Paper("report", {"head": "信息", "number": "首报", "sent": "", "title": found.title,
                              "recipients": "", "elements": [], "unit": "", "date": "",
                              "foot": ""}))  # fmt: skip

    wanted = Wanted("report", incident, ["pdf"], partial(make, incident))
    target = tmp_path / "out" / "report.pdf"
    target.parent.mkdir()
    papers.make(wanted, "会商", target)
    qtbot.waitUntil(target.exists, timeout=60_000)
    (line,) = world.store.read(lambda r: r.find(HandOut))
    assert (line.purpose, line.name, line.by) == ("会商", "report.pdf", "周")
    world.desk.post = "display"  # may see, and hands nothing out
    papers.make(wanted, "会商", target.with_name("other.pdf"))
    qtbot.waitUntil(lambda: len(told) > 3, timeout=60_000)
    qtbot.waitUntil(lambda: [p.name for p in target.parent.iterdir()] == ["report.pdf"],
                    timeout=60_000)  # fmt: skip
    assert len(world.store.read(lambda r: r.find(HandOut))) == 1
