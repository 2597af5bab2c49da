"""A station for tests of acts, without a screen."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from builders import StillClock
from world import an_area

from commandwall.areas import CITY, TOWN
from commandwall.desk import Desk
from commandwall.events import Event
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Refused
from widgets.reasons import sentence


class Hall:
    """One station, which copies a city or shares that of another one."""

    def __init__(self, folder: Path, events: list[Event]) -> None:
        folder.mkdir(exist_ok=True)
        towns = [an_area("c", CITY, "临江市", ""), an_area("t1", TOWN, "石塘镇", "c"),
                 an_area("t2", TOWN, "沙浦镇", "c")]  # fmt: skip
        mirror = Mirror(folder / "m1.db")
        mirror.take(
            {"area": [astuple(a) for a in towns], "event": [astuple(e) for e in events]}, {}
        )
        mirror.close()
        use(folder, "m1.db")
        self.store, self.clock = open_store(folder), StillClock()
        self.desk = Desk(self.store, self.clock)
        self.desk.take_post("chief", "陈").result()

    def do(self, act: Any, **args: Any) -> Any:
        return self.desk.do(act, **args).result()

    def refused(self, act: Any, **args: Any) -> str:
        with pytest.raises(Refused) as refused:
            self.do(act, **args)
        assert "未执行" not in sentence(refused.value.reason)
        return refused.value.reason.code

    def close(self) -> None:
        self.desk.close()
        self.store.close()
