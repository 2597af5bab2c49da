"""Warnings in the journal: one in the city however many stations read it; incidents from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cap as said
import pytest
from builders import NOW, an_opening
from station import Station

from commandwall import planbook, public_warnings
from commandwall.clock import HOUR
from commandwall.directives import Directive
from commandwall.extents import Extent, polygon
from commandwall.feeds import cap, warned
from commandwall.incidents import Incident
from commandwall.public_warnings import PublicWarning, open_from_warning, take_warnings
from commandwall.store import lines
from commandwall.store.store import Refused
from commandwall.store.tables import Conflict


class Halls:
    """Two stations, each with an agent that reads what lies in the same folder."""

    def __init__(self, folder: Path) -> None:
        self.stations = [Station(folder / name, "chief") for name in "ab"]
        self.sent = [0, 0]

    def read(self, at: int, data: bytes) -> None:
        station = self.stations[at]
        station.clock.at += 1000
        found = warned.records(cap.read(data), station.clock.now())
        station.desk.run(take_warnings, {"warnings": found})

    def exchange(self) -> None:
        for at, other in ((0, 1), (1, 0)):
            here, origin = self.stations[at], self.stations[at].desk.origin
            new = here.store.read(lambda r, o=origin, n=self.sent[at]: lines.unsent(r, o, n))
            self.stations[other].desk.receive(new)
            self.sent[at] = max((line.seq for line in new), default=self.sent[at])

    def find(self, kind: type[Any], at: int = 0, **where: Any) -> list[Any]:
        return self.stations[at].store.read(lambda r: r.find(kind, **where))


@pytest.fixture
def halls(tmp_path: Path) -> Iterator[Halls]:
    for name in "ab":
        (tmp_path / name).mkdir()
    made = Halls(tmp_path)
    yield made
    for station in made.stations:
        station.close()


def test_two_stations_that_read_one_file_keep_one_warning_and_no_conflict(halls: Halls) -> None:
    halls.read(0, said.alert(NOW))
    halls.read(1, said.alert(NOW))
    halls.read(1, said.alert(NOW))
    halls.exchange()
    both = [halls.find(PublicWarning, at) for at in (0, 1)]
    assert both[0] == both[1] and len(both[0]) == 1
    assert halls.find(Conflict) == halls.find(Conflict, 1) == []


def test_one_that_read_it_tells_the_other_which_then_writes_nothing(halls: Halls) -> None:
    halls.read(0, said.alert(NOW))
    halls.exchange()
    halls.read(1, said.alert(NOW))
    origin = halls.stations[1].desk.origin
    written = halls.stations[1].store.read(lambda r: lines.unsent(r, origin, 0))
    assert "take_warnings" not in [line.act for line in written]
    assert len(halls.find(PublicWarning, 1)) == 1


def test_other_words_under_a_known_name_are_refused(halls: Halls) -> None:
    halls.read(0, said.alert(NOW))
    with pytest.raises(Refused) as raised:
        halls.read(0, said.alert(NOW, said.info(NOW, description="")))
    assert raised.value.reason.code == "warning_differs"


def opened(halls: Halls, **kw: Any) -> Incident:
    (found,) = halls.find(PublicWarning, identifier="LJ-1")
    halls.stations[0].do(open_from_warning, warning=found.id, opening=an_opening(**kw))
    return halls.find(Incident)[-1]


def test_an_incident_takes_level_and_area_from_its_warning_and_leads_back_to_it(
    halls: Halls,
) -> None:
    halls.read(0, said.alert(NOW))
    incident = opened(halls, kind="flood")
    (extent,) = halls.find(Extent)
    (warning,) = halls.find(PublicWarning)
    assert (incident.warning, incident.warned, incident.grade) == (2, warning.id, None)
    assert extent.id == incident.id and extent.shape == "warning"
    assert polygon(extent).equals(public_warnings.outline(warning))
    halls.exchange()
    assert halls.find(Incident, 1) == [incident] and halls.find(Extent, 1) == [extent]


def test_a_person_may_state_another_level_and_a_plan(halls: Halls) -> None:
    halls.read(0, said.alert(NOW, said.info(NOW, "")))
    plan = next(p for p in planbook.read().plans if p.id == "flood")
    (found,) = halls.find(PublicWarning)
    opening = an_opening(kind="flood", grade=4, warning=1)
    halls.stations[0].do(open_from_warning, warning=found.id, opening=opening, plan=plan)
    (incident,) = halls.find(Incident)
    assert incident.warning == 1 and halls.find(Extent) == []
    assert halls.find(Directive, incident=incident.id)


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (said.alert(NOW, status="Exercise"), "UNREAL"),
        (said.alert(NOW - 9 * HOUR, said.info(NOW - 9 * HOUR)), "EXPIRED"),
    ],
)
def test_what_does_not_hold_opens_nothing(halls: Halls, data: bytes, state: str) -> None:
    halls.read(0, data)
    with pytest.raises(Refused) as raised:
        opened(halls)
    assert (
        raised.value.reason.code == "warning_over" and raised.value.reason.facts["stands"] == state
    )


def test_one_that_was_taken_back_before_it_came_opens_nothing(halls: Halls) -> None:
    halls.read(0, said.after(NOW, "Cancel", "LJ-2", "LJ-1", infos=""))
    halls.read(0, said.alert(NOW))
    with pytest.raises(Refused) as raised:
        opened(halls)
    assert raised.value.reason.facts["stands"] == "CANCELLED"


def test_a_line_of_an_incident_without_the_field_is_still_one() -> None:
    """As a station of an earlier edition writes it."""
    import msgspec

    row = dataclasses.asdict(Incident("i", "", "", None, None, None, "", "", 0, 0, 0, "", "OPEN",
                                      NOW, None, "", "", ""))  # fmt: skip
    del row["warned"]
    assert msgspec.convert(row, Incident).warned == ""
