"""The board between the picture and the scene."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from layers import board, kernels, load_layers
from layers.map import MapView


def test_nothing_waits_for_kernels_that_are_still_compiled(qtbot, city, monkeypatch) -> None:
    """Whoever asks for one meanwhile stands until all of them are compiled."""
    compiled, asked = threading.Event(), []
    ink = kernels.ink

    def watched(*given: Any) -> Any:
        asked.append(compiled.is_set())
        return ink(*given)

    monkeypatch.setattr(board, "warm", lambda style: compiled.wait(60))
    monkeypatch.setattr(kernels, "ink", watched)
    city.three_alarms()
    view = MapView(load_layers())
    qtbot.addWidget(view)
    view.show()
    for _ in range(2):
        view.refresh(city.picture, city.changes())
        view.grab()
    assert asked == []
    compiled.set()
    qtbot.waitUntil(lambda: view.board.idle and view.pane.frame is not None)
    assert asked and all(asked)
    assert {info.id: info.count for info in view.board.info()}["alarms"] == 3
    view.shut()


def test_a_map_rests_as_soon_as_the_last_name_is_written(qtbot, city, monkeypatch) -> None:
    """The first picture waited for a timer that had nothing left to show."""
    monkeypatch.setattr(board, "SHOW_MS", 60_000)
    monkeypatch.setattr(board, "NAMES_AT_ONCE", 1)
    for i, area in enumerate(list(city.picture.areas.values())):
        city.picture.areas[area.id] = replace(area, name=f"{area.name}{i}")
    monkeypatch.setattr(board, "WRITING_S", 1e-4)
    view = MapView(load_layers())
    qtbot.addWidget(view)
    view.resize(1600, 1100)
    view.show()
    view.refresh(city.picture, city.changes())
    qtbot.waitUntil(lambda: view.board.idle and view.pane.frame is not None, timeout=30_000)
    view.shut()
