"""A device that speaks too often is thinned out, and its newest value counts all the same."""

from __future__ import annotations

import random

import numpy as np
from builders import NOW

from commandwall.clock import SECOND, Ms
from commandwall.feeds.rate import Rates
from commandwall.sensors import GOOD, READING_DTYPE

MOST = 3


def kept(rates: Rates, rows: list[tuple[int, int]], now: Ms = NOW) -> list[tuple[int, int]]:
    """Device and milliseconds before now of those that count."""
    told = np.array([(no, NOW - ago, 1.0, GOOD) for no, ago in rows], READING_DTYPE)
    keeps = rates.thin(told, now, MOST)
    return [row for row, keep in zip(rows, keeps, strict=True) if keep]


def test_over_the_limit_only_the_newest_counts() -> None:
    flood = [(1, ago) for ago in range(900, 0, -10)]
    assert kept(Rates(), [*flood, (2, 500)]) == [*flood[:MOST], flood[-1], (2, 500)]


def test_a_second_goes_on_in_the_next_batch() -> None:
    rates = Rates()
    assert kept(rates, [(1, 900), (1, 800)]) == [(1, 900), (1, 800)]
    assert kept(rates, [(1, 700), (1, 600), (1, 500)]) == [(1, 700), (1, 500)]
    assert kept(rates, [(2, 400), (1, 300)]) == [(2, 400), (1, 300)]
    assert kept(rates, [(1, 100), (1, 200)]) == [(1, 100)]


def test_what_comes_after_a_cut_is_no_flood() -> None:
    missed = [(1, s * SECOND) for s in range(500, 0, -1)]
    assert kept(Rates(), missed) == missed


def test_moments_to_come_are_one_moment() -> None:
    forged = [(1, -s * SECOND) for s in range(1, 500)]
    assert kept(Rates(), forged) == [*forged[:MOST], forged[-1]]


def test_nothing_costs_nothing() -> None:
    assert kept(Rates(), []) == []


def test_however_it_is_mixed_each_device_has_its_newest_and_no_more_than_the_limit() -> None:
    rng = random.Random(1)
    for _ in range(50):
        rows = [(rng.randrange(5), rng.randrange(3000)) for _ in range(200)]
        rows = list(dict.fromkeys(rows))
        left = kept(Rates(), rows)
        for no in {no for no, _ in rows}:
            agos = sorted(ago for one, ago in left if one == no)
            assert agos[0] == min(ago for one, ago in rows if one == no)
            seconds = [(NOW - ago) // SECOND for ago in agos[1:]]
            assert all(seconds.count(one) <= MOST for one in seconds)
