"""How long to wait before another try; one table for each kind of thing that is tried."""

from __future__ import annotations

import random
from collections.abc import Sequence

LINE_S = (1.0, 1.0, 1.0, 2.0, 2.0, 5.0, 10.0, 30.0)
"""A line to the pool or to another station."""
AGENT_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
WALL_S = (1.0, 2.0, 5.0, 10.0, 30.0)
JITTER = 0.3
"""A pause is longer by up to this share: stations that lost one pool do not come back at once."""


def pause(table: Sequence[float], failed: int, jitter: float = 0.0) -> float:
    """Seconds to wait after so many failures in a row, 0 of them for the first entry."""
    return table[min(failed, len(table) - 1)] * random.uniform(1.0, 1.0 + jitter)
