"""The scenarios that come with the program: all they ask can be played in the demo city."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import shapely

from commandwall import codes
from commandwall.clock import MINUTE, SECOND
from commandwall.config import ASSETS
from commandwall.drill.drill_acts import REAL
from commandwall.drill.scenario import Inject, Scenario, library
from commandwall.geo import Plane

FOUND = [read.scenario for read in library() if read.scenario is not None]
each = pytest.mark.parametrize("scenario", FOUND, ids=lambda one: one.id)


@each
def test_every_player_has_something_to_do(scenario: Scenario) -> None:
    asked = {i.to for i in scenario.injects}
    asked |= {post for i in scenario.injects for e in i.expect for _, post in e.where}
    assert {p.post for p in scenario.players} <= asked


@each
def test_every_objective_is_fed_and_can_be_judged(scenario: Scenario) -> None:
    for objective in scenario.objectives:
        fed = [i for i in scenario.injects if i.objective == objective.id]
        assert any(i.expect for i in fed), objective.id


@each
def test_every_inject_asks_for_something_in_both_languages(scenario: Scenario) -> None:
    assert len({i.channel for i in scenario.injects}) >= 4
    for inject in scenario.injects:
        assert inject.zh != inject.en
        assert inject.expect or inject.watch or inject.way, inject.id


@each
def test_every_limit_ends_before_the_drill_does(scenario: Scenario) -> None:
    """Else the end cuts it off, and nobody can be late."""
    for inject in scenario.injects:
        for expect in inject.expect if inject.at is not None else ():
            assert inject.at + expect.within * REAL <= scenario.ends, (inject.id, expect.text)


@each
def test_every_branch_has_an_inject_on_each_way(scenario: Scenario) -> None:
    ways = {(b.id, way.id) for b in scenario.branches for way in b.ways}
    assert scenario.branches and ways <= {(i.branch, i.way) for i in scenario.injects}
    assert any(i.at is None for i in scenario.injects)  # and something in reserve


@each
def test_every_place_lies_in_the_demo_city(scenario: Scenario) -> None:
    city: dict[str, Any] = tomllib.loads((ASSETS / "demo" / "city.toml").read_text("utf-8"))
    outline = shapely.Polygon(np.array(city["outline"]) * 1000.0)
    for inject in scenario.injects:
        if inject.lon is not None and inject.lat is not None:
            x, y = Plane(city["lon"], city["lat"]).forward(inject.lon, inject.lat)
            assert shapely.contains_xy(outline, x, y), inject.id


def raises(inject: Inject) -> Iterator[str]:
    """Rules that a value of an inject trips by itself: two readings, so far apart that the rule
    is waited for and yet none is too late to count, at whatever hour it is played."""
    late = codes.limit("late_minutes") * MINUTE
    for rule in codes.load("alarm_rules").values():
        facts, value = rule.facts, inject.data["value"]
        if facts["cls"] != inject.data["cls"] or "light" in facts or "mode" in facts:
            continue
        tripped = value <= facts["threshold"] if facts["low_bad"] else value >= facts["threshold"]
        if tripped and facts["on_s"] * SECOND < late:
            yield rule.id


@each
def test_an_alarm_to_be_acknowledged_is_raised_by_the_value(scenario: Scenario) -> None:
    for inject in scenario.injects:
        if inject.channel == "alarm" and any(e.thing == "alarm" for e in inject.expect):
            assert list(raises(inject)), inject.id
