"""Handing out from the window: what for is asked, the line is written, then the file is there."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from builders import an_opening
from world import City

from commandwall import incidents
from commandwall.incidents import Incident
from commandwall.reporting import HandOut
from commandwall.reports.press import Paper
from commandwall.resources import Resource
from layers.sprites import SpriteBook
from widgets import map_picture
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

    wanted = Wanted("report", incident.title, incident.id, ["pdf"], partial(make, incident))
    target = tmp_path / "out" / "report.pdf"
    target.parent.mkdir()
    papers.make(wanted, "会商", target)
    qtbot.waitUntil(target.exists)
    (line,) = world.store.read(lambda r: r.find(HandOut))
    assert (line.purpose, line.name, line.by) == ("会商", "report.pdf", "周")
    world.desk.post = "display"  # may see, and hands nothing out
    papers.make(wanted, "会商", target.with_name("other.pdf"))
    qtbot.waitUntil(lambda: len(told) > 3)
    qtbot.waitUntil(lambda: [p.name for p in target.parent.iterdir()] == ["report.pdf"])
    assert len(world.store.read(lambda r: r.find(HandOut))) == 1


def test_the_map_of_a_brief_is_made_ready_and_packed_off_the_screens_thread(
    world: City, make_wall: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred counts and a PNG held it for two tenths of a second."""
    here, counts, packed = threading.get_ident(), list[int](), list[int]()
    letters, png = SpriteBook._letters, map_picture._png

    def write(book: SpriteBook, text: str, role: dict[str, Any]) -> Any:
        counts.extend([threading.get_ident()] if text.isdigit() else [])
        return letters(book, text, role)

    def pack(image: Any) -> bytes:
        packed.append(threading.get_ident())
        return png(image)

    monkeypatch.setattr(SpriteBook, "_letters", write)
    monkeypatch.setattr(map_picture, "_png", pack)
    world.desk.do(incidents.open_incident, opening=an_opening()).result()
    found = world.store.read(lambda r: r.find(Incident))
    unit = Resource("u1", 0, "fire", "消防 1 号", "", 5, "", "idle", 120.2, 31.1, "t1")
    wall = make_wall()
    world.tick({Incident: found, Resource: [unit]})
    counts.clear()
    made = list[bytes]()
    map_picture.MapPicture(wall.context, found[0], made.append, wall)
    qtbot.waitUntil(lambda: bool(made))
    assert made[0].startswith(b"\x89PNG")
    assert len(counts) >= 99 and here not in {*counts, *packed}
    assert packed
