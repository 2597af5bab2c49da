"""The cells of the indicators: what is touched up looks as if it was drawn anew."""

from __future__ import annotations

from typing import Any

import pytest
from world import a_value

from commandwall.clock import DAY, Ms
from commandwall.indicators import IndicatorValue


@pytest.mark.parametrize("theme", ["dark", "day"])
@pytest.mark.parametrize("size", [(1920, 1080), (2560, 1440), (3840, 2160)])
def test_a_changed_cell_leaves_no_trace(
    world: Any, make_wall: Any, theme: str, size: tuple[int, int]
) -> None:
    wall = make_wall(*size, theme=theme)
    heat = wall.page.panels["heat"]
    keys = sorted(world.picture.indicators)
    for turn in range(4):
        values = (40.0, 85.0, 99.0, 78.0, None)
        late = Ms(world.picture.now - DAY)
        rows = [a_value(key, values[(i + turn) % 5]) for i, key in enumerate(keys)]
        rows += [a_value(key, at=late) for key in keys[turn::7]]
        world.tick({IndicatorValue: rows})
        touched = heat.grab().toImage()
        heat.place()
        assert heat.grab().toImage() == touched
        heat.grab()
