"""Pipes on the map: as bad as the worst device on them, told by more than colour."""

from __future__ import annotations

from typing import Any

import numpy as np

from commandwall import pipes
from commandwall.areas import Pipe
from commandwall.picture import Readings
from commandwall.pipes import CALM, SILENT
from layers.pipes import PipesLayer, PipeStatesLayer
from layers.scene import Line
from layers.style import STREET


def drawn(view: Any) -> list[Line]:
    """What the layer of states shows at street level."""
    items = view.scene._items["pipe_states"][1]
    return [item for item in items if item.between == view.scene.style.span(STREET)]


def test_a_piece_stands_as_the_worst_device_on_it_and_silence_is_not_calm(city: Any) -> None:
    city.pipes()
    sensors = city.picture.sensors
    net = pipes.network(list(city.picture.pipes.values()), sensors)
    assert [pipe.id for pipe in net.pipes] == [f"T{i}" for i in range(6)]  # no device on water
    states = lambda: net.states(sensors.severity, sensors.quality).tolist()  # noqa: E731
    assert states() == [CALM, 1, 2, 3, 4, SILENT]
    sensors.quality[2] = 2  # it alarmed, and then fell silent: what is known is not forgotten
    assert states()[2] == 2
    both = Pipe("X", "gas", "", "", city.picture.pipes["T0"].geom)
    assert pipes.worst(both, sensors) == (0, 1)


def test_of_several_devices_the_worst_is_told_and_of_equals_the_oldest(city: Any) -> None:
    city.pipes()
    sensors, pipe = city.picture.sensors, city.picture.pipes["T3"]
    sensors.lat[:] = sensors.lat[3]  # all stand on it
    assert pipes.worst(pipe, sensors) == (1, 6)
    sensors.severity[:] = 0
    sensors.quality[:] = 0
    sensors.at[4] -= 60_000
    assert pipes.worst(pipe, sensors) == (4, 6)


def test_no_two_states_differ_by_colour_alone(make_map: Any, city: Any) -> None:
    city.pipes()
    view = make_map(city)
    looks = {(line.width, line.dash) for line in drawn(view)}
    assert len(looks) == 5 + 2  # and the light edges of the two worst
    assert len({line.colour for line in drawn(view)}) == 6


def test_a_reading_colours_its_piece_and_nothing_is_drawn_anew_without_need(
    make_map: Any, city: Any, qtbot: Any
) -> None:
    city.pipes()
    view = make_map(city)
    layer = view.board.layer(PipeStatesLayer)
    assert layer.count == 4
    before = view.scene._items["pipe_states"][1]
    city.picture.sensors.value[:] = 26.0
    view.refresh(city.picture, city.changes(Readings))
    view.board.turns.finish()
    assert view.scene._items["pipe_states"][1] is before
    city.picture.sensors.severity[0] = 1
    view.refresh(city.picture, city.changes(Readings))
    view.board.turns.finish()
    assert layer.count == 5
    assert len(drawn(view)[-1].segments) == 2  # the worst lie uppermost


def test_the_pointer_finds_a_piece_where_pipes_are_seen(make_map: Any, city: Any) -> None:
    city.pipes()
    view = make_map(city)
    lon, lat = city.picture.sensors.lon[2], city.picture.sensors.lat[2]
    view.look_at(lon, lat, 2.0)
    x, y = (float(v[0]) for v in view.scene.project([lon + 0.004], [lat]))
    assert view.pipe_at(x, y, 2.0) == "T2"
    assert view.pipe_at(x, y + 100, 2.0) == ""
    view.set_visible("pipes", False)
    assert view.pipe_at(x, y, 2.0) == ""


def test_a_line_that_cannot_be_read_keeps_no_other_away(make_map: Any, city: Any) -> None:
    city.pipes()
    city.picture.pipes["bad"] = Pipe("bad", "gas", "", "", b"\x00")
    view = make_map(city)
    assert view.board.layer(PipeStatesLayer).count == 4
    assert view.board.layer(PipesLayer).count == 8
    assert not np.isnan(drawn(view)[0].segments).any()
