"""Crowds of sprites look as if each were stamped after the other, wherever they are cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from layers import crowd
from layers.crowd import FORMS, STRIP, Crowd
from layers.sprites import Pages

SIZE = 3 * STRIP + 11, 217


def pages(sizes: list[tuple[int, int]], rng: np.random.Generator) -> Pages:
    """Sprites with clear, smooth and full pixels."""
    where, parts, start = [], [], 0
    for w, h in sizes:
        alpha = rng.choice([0, 90, 255, 255], (h * w,)).astype(np.uint32)
        grey = (rng.integers(0, 256, h * w) * alpha // 255).astype(np.uint32)
        parts.append(alpha << 24 | grey << 16 | grey << 8 | grey)
        where.append((start, w, h))
        start += w * h
    return Pages(np.concatenate(parts), np.array(where, np.int32))


def people(
    some: Pages, many: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    left = rng.integers(-90, SIZE[1] + 20, many).astype(np.int32)
    top = rng.integers(-90, SIZE[0] + 20, many).astype(np.int32)
    return left, top, rng.integers(-1, len(some.where), many).astype(np.int32)


@pytest.mark.parametrize(
    "sizes",
    [
        [(9, 9), (13, 13), (1, 1)],
        [(64, 64), (63, 65), (65, 3), (120, 80), (7, 64)],
        [(5 + n % 7, 4 + n % 5) for n in range(FORMS + 40)],
    ],
)
@pytest.mark.parametrize("bands", [1, 4])
def test_a_crowd_looks_like_its_sprites_one_after_the_other(
    sizes: list[tuple[int, int]], bands: int
) -> None:
    rng = np.random.default_rng(len(sizes) + bands)
    some = pages(sizes, rng)
    left, top, sprite = people(some, 3_000, rng)
    one = np.full(SIZE, 0xFF203040, np.uint32)
    other = one.copy()
    crowd.stamp(one, some.pixels, some.where, sprite, left, top, 0, SIZE[0])
    drawn = Crowd.of([(left, top, sprite)], some, SIZE)
    edges = np.linspace(0, SIZE[0], bands + 1).astype(int)
    for a, b in pairwise(edges):
        drawn.draw(other, int(a), int(b))
    assert np.array_equal(one, other)


def test_an_empty_crowd_draws_nothing() -> None:
    some = pages([(3, 3)], np.random.default_rng(1))
    nobody = np.empty(0, np.int32)
    out = np.zeros(SIZE, np.uint32)
    Crowd.of([(nobody, nobody, nobody)], some, SIZE).draw(out, 0, SIZE[0])
    assert not out.any()
