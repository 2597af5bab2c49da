"""Trust: what may have changed since we last heard. Unknown is never drawn as normal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from commandwall.picture import Picture
from commandwall.store.pulse import pool_gone
from layers.scene import Scene


def late(picture: Picture, scene: Scene) -> bool:
    """Whether the pool has been silent for too long."""
    return pool_gone(picture.sync, picture.now, scene.pool_s)


def stopped(picture: Picture, at: NDArray[np.int64], scene: Scene) -> NDArray[np.bool_]:
    """Whether what was told at these moments came through a pool that is silent since.

    What a station hears directly goes on after the pool stopped, and stays live.
    """
    return late(picture, scene) & (at <= picture.sync.pool_at)
