"""What is picked is found again wherever its row goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from layers import pick
from layers.pick import located
from layers.scene import Stamps


@dataclass
class Drawn:
    """A scene of one kind of things."""

    ids: list[str]

    def items(self) -> list[Any]:
        at = np.arange(len(self.ids), dtype=np.float64)
        return [Stamps(at, -at, np.zeros(len(at), np.int32), of="alarm", ids=self.ids)]


@pytest.mark.parametrize("near", [0, 3, 7, 9, 5_000])
def test_a_thing_is_found_again_wherever_its_row_went(
    near: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pick, "AROUND", 2)
    scene: Any = Drawn([f"a{i}" for i in range(10)])
    for row in range(10):
        assert located(scene, "alarm", f"a{row}", near) == (row, row, -row)
    assert located(scene, "alarm", "gone", near) is None
    assert located(scene, "event", "a1", near) is None and located(scene, "", "", near) is None
