"""Solved at the lowest level: by the ladder that took it, a person's routing, or a unit's name."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from station import Station
from world import an_area

from commandwall import lowest
from commandwall.areas import TOWN
from commandwall.clock import DAY, HOUR, Ms
from commandwall.events import EventWork
from commandwall.ladders import Rise
from commandwall.reports import study
from commandwall.reports.draft import Figure
from commandwall.reports.speech import Speech
from commandwall.store.mirror import Mirror, use
from commandwall.studies import Scope


@pytest.mark.parametrize(
    ("unit", "level"),
    [
        ("石塘镇人民政府", "town"), ("澄江街道办事处", "town"), ("东村", "village"),
        ("花园社区居委会", "village"), ("07 网格", "grid"), ("水务局", "city"), ("", ""),
        ("村镇建设局", "city"),
    ],
)  # fmt: skip
def test_a_unit_is_of_the_level_that_its_name_ends_with(unit: str, level: str) -> None:
    assert lowest.of_unit(unit) == level


def test_each_town_has_its_share_with_its_rows_and_what_is_left_out(tmp_path: Path) -> None:
    units = {
        "a": ("t1", "石塘镇政府"), "b": ("t1", "水务局"), "c": ("t1", "东村"), "d": ("t1", ""),
        "e": ("t2", "水务局"), "f": ("t2", "城管局"), "g": ("t2", "西街道办"),
    }  # fmt: skip
    rows = [
        an_event(id=key, area=area, unit=unit, state="CLOSED", closed_at=NOW,
                 reported_at=Ms(NOW - HOUR), received_at=Ms(NOW - HOUR))
        for key, (area, unit) in units.items()
    ]  # fmt: skip
    rows.append(an_event(id="open", area="t1", reported_at=Ms(NOW - HOUR)))
    towns = [an_area("t1", TOWN, "石塘镇", "c"), an_area("t2", TOWN, "沙浦镇", "c")]
    mirror = Mirror(tmp_path / "m1.db")
    mirror.take({"event": [astuple(e) for e in rows], "area": [astuple(a) for a in towns]}, {})
    mirror.close()
    use(tmp_path, "m1.db")
    station = Station(tmp_path, "chief")
    routed = EventWork("f", "CLOSED", "城管局", "", NOW, "陈", "p3", furthest="CLOSED", tier="town")
    taken = Rise("g:city", "g", "city", "TAKEN", "", "", "", 1, NOW, NOW, None, "陈", "p3", NOW,
                 "陈", "p3")  # fmt: skip
    for record in (routed, taken):
        station.desk.run(lambda tx, record=record: tx.put(record), {}, local=True)
    asked = study.Asked("rates", "rates", ["lowest"], Scope(Ms(NOW - DAY), Ms(NOW + HOUR)))
    draft = station.store.read(lambda r: study.draft(r, asked, NOW, Speech.of("zh")))
    (block,) = draft.blocks
    found: dict[str, list[Any]] = {str(name): list(cells) for name, *cells in block.rows}

    def keys(town: str, at: int) -> set[str]:
        cell = found[town][at]
        assert isinstance(cell, Figure)
        return set(cell.keys)

    share, good, known, left_out = 0, 1, 2, -1
    assert keys("石塘镇", good) == {"a", "c"} and keys("石塘镇", known) == {"a", "b", "c"}
    assert found["石塘镇"][share].text == "66.7%" and keys("石塘镇", left_out) == {"d"}
    assert keys("沙浦镇", good) == {"f"} and keys("沙浦镇", known) == {"e", "f", "g"}
    assert "open" not in keys("石塘镇", known), "what is open is solved by nobody yet"
    assert "镇街以下办结 3 件，占已结 6 件的 50.0%" in block.text
    station.close()
