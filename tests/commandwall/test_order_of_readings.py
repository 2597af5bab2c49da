"""However readings are cut into packs and repeated, the alarms are the same in the end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import NOW, StillClock, a_sensor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandwall.alarms import Alarm
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.desk import Desk
from commandwall.pool.packs import Packs
from commandwall.sensors import READING_DTYPE
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Store

DEVICES = 4
LEVELS = (0.0, 12.0, 30.0, 60.0)
Reading = tuple[int, int, float]
"""Device, seconds from the beginning, value."""


class Station:
    def __init__(self, folder: Path) -> None:
        mirror = Mirror(folder / "m1.db")
        rows = [a_sensor(no) for no in range(DEVICES)]
        mirror.take({"sensor": [tuple(getattr(r, n) for n in r.__slots__) for r in rows]}, {})
        mirror.close()
        use(folder, "m1.db")
        self.store: Store = open_store(folder)
        self.clock = StillClock(NOW + 10 * MINUTE)
        self.desk = Desk(self.store, self.clock)

    def ends(self, packs: list[list[Reading]]) -> list[Alarm]:
        """The alarms after these packs, at a station that knew nothing."""
        self.desk.run(lambda tx: tx.run("DELETE FROM alarm WHERE id <> ?", [("",)]), {}, local=True)
        for path in self.store.folder.glob("*.live"):
            path.unlink()
        station = Packs(self.store, self.desk, self.clock)
        for pack in packs:
            told = [(no, NOW + s * SECOND, value, 0) for no, s, value in pack]
            station.take_readings(np.array(told, READING_DTYPE), Ms(self.clock.at))
        found = self.store.read(lambda r: r.find(Alarm))
        return sorted((replace(a) for a in found), key=lambda a: a.id)

    def close(self) -> None:
        self.desk.close()
        self.store.close()


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    made = Station(tmp_path_factory.mktemp("station"))
    yield made
    made.close()


def cut(told: list[Reading], at: list[int]) -> list[list[Reading]]:
    """Readings as packs that end at these places."""
    ends = sorted({0, len(told), *(i % (len(told) + 1) for i in at)})
    return [told[a:b] for a, b in itertools.pairwise(ends)]


READINGS = st.lists(
    st.tuples(st.integers(0, DEVICES - 1), st.integers(0, 600), st.sampled_from(LEVELS)),
    min_size=1, max_size=40, unique_by=lambda r: r[:2],
).map(lambda told: sorted(told, key=lambda r: r[1]))  # fmt: skip


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(told=READINGS, at=st.lists(st.integers(0, 40), max_size=6), draw=st.randoms())
def test_split_repeated_and_shuffled_within_a_pack_is_the_same(
    station: Station, told: list[Reading], at: list[int], draw: object
) -> None:
    whole = station.ends([told])
    packs = cut(told, at)
    assert station.ends(packs) == whole
    twice = [pack for before, pack in zip([[], *packs], packs, strict=False)
             for pack in (pack, before, pack)]  # fmt: skip
    assert station.ends([p for p in twice if p]) == whole
    mixed = [sorted(pack, key=lambda r: draw.random()) for pack in packs]  # type: ignore[attr-defined]
    assert station.ends(mixed) == whole
