"""The panel of two-way counts says what the mirror holds, by the ways that are asked."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from world import City, told_by

from commandwall import codes
from commandwall.clock import DAY, Ms
from commandwall.store.mirror import Mirror, use
from widgets import cross


def filled(folder: Path) -> None:
    some = [
        an_event(id="a", cls="water", source="12345"),
        an_event(id="b", cls="water", source="12345"),
        an_event(id="c", cls="water", source="grid", state="CLOSED"),
        an_event(id="d", cls="noise", source="grid"),
        an_event(id="old", cls="noise", source="110", reported_at=Ms(NOW - 400 * DAY)),
    ]
    mirror = Mirror(folder / "m1.db")
    mirror.take({"event": [dataclasses.astuple(e) for e in some]}, {})
    mirror.close()
    use(folder, "m1.db")


def shown(panel: Any) -> dict[tuple[str, str], int]:
    found = panel._found
    return {
        (row, col): int(found.counts[i, k])
        for i, row in enumerate(found.rows)
        for k, col in enumerate(found.cols)
        if found.counts[i, k]
    }


def test_events_of_the_last_weeks_are_counted_by_two_ways(
    world: City, make_wall: Any, qtbot: Any, tmp_path: Path
) -> None:
    filled(tmp_path)
    wall = make_wall()
    wall.open_page("vitals")
    panel = wall.page.panels["cross"]
    world.clock.at = NOW
    panel.step()
    panel.step()
    panel.step()
    wanted = {("water", "12345"): 2, ("water", "grid"): 1, ("noise", "grid"): 1}
    qtbot.waitUntil(lambda: shown(panel) == wanted)
    panel.grab()
    panel.step()
    qtbot.waitUntil(lambda: sum(shown(panel).values()) == 4 and len(shown(panel)) == 2)
    assert "时段" in panel.heading()
    panel.step()
    states = {("12345", "NEW"): 2, ("grid", "NEW"): 1, ("grid", "CLOSED"): 1}
    qtbot.waitUntil(lambda: shown(panel) == states)
    panel.grab()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_column_stands_under_half_a_name(
    world: City, make_wall: Any, qtbot: Any, tmp_path: Path, lang: str
) -> None:
    sources = list(codes.load("event_source"))
    mirror = Mirror(tmp_path / "m1.db")
    rows = [an_event(id=s, cls="water", source=s) for s in sources]
    mirror.take({"event": [dataclasses.astuple(e) for e in rows]}, {})
    mirror.close()
    use(tmp_path, "m1.db")
    wall = make_wall()
    wall.set_language(lang)
    wall.open_page("vitals")
    panel = wall.page.panels["cross"]
    world.clock.at = NOW
    for _ in cross.WAYS:
        panel.step()
        qtbot.waitUntil(lambda: bool(panel._found.rows))
        assert "…" not in told_by(wall, "cross")


def test_a_city_without_events_says_so(world: City, make_wall: Any, qtbot: Any) -> None:
    wall = make_wall()
    wall.open_page("vitals")
    panel = wall.page.panels["cross"]
    panel.step()
    qtbot.waitUntil(lambda: panel.state == "empty" or "没有事件" in str(vars(panel)))
