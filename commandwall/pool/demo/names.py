"""Invented names, many at once. Phones lie in a range that no operator gives out: 1380000xxxx."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from commandwall.pool.demo.land import asset

ROUNDS = ("", "新", "东", "西", "南", "北", "上", "下", "大", "小")
"""Put before a name that is used again."""


def persons(count: int, rng: np.random.Generator) -> list[str]:
    """Full names; they are masked wherever they are drawn."""
    table = asset("names")
    return _joined(list(table["surnames"]), table["given"], count, rng)


def phones(count: int, rng: np.random.Generator) -> list[str]:
    return [f"1380000{n:04d}" for n in rng.integers(0, 10_000, count).tolist()]


def villages(count: int, rng: np.random.Generator) -> list[str]:
    """Different roots of village names."""
    table = asset("names")
    return _distinct(table["village_first"], table["village_second"], count, rng)


def streets(count: int, rng: np.random.Generator) -> list[str]:
    table = asset("names")
    roots = _distinct(table["street_first"], table["street_second"], count, rng)
    kinds = rng.choice(table["street_kind"], count, p=[0.6, 0.2, 0.12, 0.08])
    return [f"{root}{kind}" for root, kind in zip(roots, kinds, strict=True)]


def estates(count: int, rng: np.random.Generator) -> list[str]:
    table = asset("names")
    return _distinct(table["estate_first"], table["estate_second"], count, rng)


def shops(count: int, rng: np.random.Generator) -> list[str]:
    table = asset("names")
    return _distinct(table["estate_first"], table["shop_second"], count, rng)


def firms(count: int, rng: np.random.Generator) -> list[str]:
    table = asset("names")
    return _distinct(table["firm_first"], table["firm_second"], count, rng)


def _joined(
    first: Sequence[str], second: Sequence[str], count: int, rng: np.random.Generator
) -> list[str]:
    a, b = rng.integers(0, len(first), count).tolist(), rng.integers(0, len(second), count).tolist()
    return [first[i] + second[j] for i, j in zip(a, b, strict=True)]


def _distinct(
    first: Sequence[str], second: Sequence[str], count: int, rng: np.random.Generator
) -> list[str]:
    """All pairs in random order; when they run out they come again in front of a compass point."""
    pairs = [a + b for a in first for b in second if a != b]
    order = rng.permutation(len(pairs)).tolist()
    return [
        ROUNDS[n // len(pairs) % len(ROUNDS)] + pairs[order[n % len(pairs)]] for n in range(count)
    ]
