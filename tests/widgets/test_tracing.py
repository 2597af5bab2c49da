"""Tracks at the wall: by key, with what is not known said; played over again only as the past."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from builders import NOW, an_opening

from commandwall import dispatch, incidents
from commandwall.arrays import FixArrays
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.dispatch import Assignment, Sending
from commandwall.incidents import Incident
from commandwall.picture import Fixes, Tick
from commandwall.pool.recorder import SERIES
from commandwall.resources import FIX_DTYPE, Resource
from commandwall.store.mirror import Mirror, use
from commandwall.store.telemetry import FIXES, Telemetry
from widgets.frame import Frame

UNIT = Resource("U1", 1, "gas", "燃气 1", "", 4, "gas", "patrol", 120.2, 31.1, "t1")


def heard(folder: Any, since: int) -> None:
    """Eight minutes of positions every five seconds, two minutes of them missing."""
    at = np.array([since + s * SECOND for s in range(0, 480, 5) if not 180 <= s < 300])
    rows = np.zeros(len(at), FIX_DTYPE)
    rows["no"], rows["at"] = 1, at
    rows["lon"], rows["lat"] = 120.2 + (at - since) / 1e8, 31.1
    history = Telemetry(folder, SERIES)
    history.append(FIXES, Ms(int(at[-1])), rows)
    history.close()


def press(wall: Any, key: str) -> None:
    next(c for c in wall.all_commands() if c.key == key).run()


def test_the_units_of_an_incident_show_their_tracks_and_are_replayed(
    make_wall: Any, world: Any, qtbot: Any
) -> None:
    mirror = Mirror(world.store.folder / "m1.db", world.clock)
    mirror.take({"resource": [tuple(getattr(UNIT, n) for n in UNIT.__slots__)]}, {})
    mirror.close()
    use(world.store.folder, "m1.db")
    world.apply({Resource: [UNIT]}, resources=FixArrays([UNIT]))
    world.desk.take_post("chief", "陈").result()
    wall = make_wall()
    press(wall, "Shift+T")
    assert "选一个力量" in wall.tracing.lines()[0]
    press(wall, "Shift+T")
    world.desk.do(incidents.open_incident, opening=an_opening()).result()
    (incident,) = world.store.read(lambda r: r.find(Incident))
    sending = Sending("incident", incident.id, "U1", 120.2, 31.1, 1)
    world.desk.do(dispatch.send, sending=sending).result()
    heard(world.store.folder, NOW)
    world.clock.at = NOW + 10 * MINUTE
    world.tick({Incident: [incident], Assignment: world.store.read(lambda r: r.find(Assignment))},
               markers=frozenset({Tick, Fixes}))  # fmt: skip
    press(wall, "Shift+T")
    qtbot.waitUntil(lambda: bool(wall.tracing.found.found))
    (track,) = wall.tracing.found.found
    assert track.gaps == [(NOW + 175 * SECOND, NOW + 300 * SECOND)]
    late = dataclasses.replace(wall.tracing.found, found=())  # an older answer comes after it
    asked = dict(wall.tracing._units), wall.tracing._since, wall.tracing._long
    wall.tracing._take(asked, dataclasses.replace(late, until=Ms(NOW)))
    wall.tracing._take(({"U2": 2}, *asked[1:]), late)
    assert wall.tracing.found.found == (track,)
    told = "".join(wall.tracing.lines())
    assert (
        "燃气 1" in told and "中断 1 处，最长 2:05：虚线间去向不明" in told and "起留存定位" in told
    )
    press(wall, "Shift+W")
    past = wall.context.past
    qtbot.waitUntil(lambda: past.playing)
    assert wall.findChildren(Frame) and past.at < world.picture.now
    wall.back.leave()
    press(wall, "Shift+T")
    assert not wall.tracing.isVisible()
