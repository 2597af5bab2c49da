"""The pencils: areas tile, fills are exact, bands agree, names keep off each other."""

from __future__ import annotations

import numpy as np
import pytest

from layers import compiler, geometry, kernels, pictures
from layers.frames import around, exposed

ONE_TO_ONE = (1.0, 0.0, 0.0)
WHITE = np.uint32(0xFFFFFFFF)


def shapes(*rings: np.ndarray) -> geometry.Shapes:
    starts = np.cumsum([0, *(len(r) for r in rings)])
    return geometry.Shapes(np.vstack(rings), starts, np.arange(len(rings) + 1))


def owned(parts: geometry.Shapes, size: int = 200, bands: int = 1) -> np.ndarray:
    ids, rows = np.zeros((size, size), np.int32), -(-size // bands)
    for y0 in range(0, size, rows):
        flips = np.zeros((rows, size // 64 + 1), np.uint64)
        y1 = min(size, y0 + rows)
        kernels.own_pixels(
            ids,
            flips,
            parts.xy,
            parts.rings,
            parts.shapes,
            parts.box,
            0,
            len(parts),
            ONE_TO_ONE,
            y0,
            y1,
        )
        assert not flips.any()
    return ids


def filled(parts: geometry.Shapes, size: int = 200) -> np.ndarray:
    out, cover = np.zeros((size, size), np.uint32), np.zeros((size, size + 2), np.float32)
    colours = np.full(len(parts), WHITE, np.uint32)
    kernels.fill(
        out, cover, parts.xy, parts.rings, parts.shapes, parts.box, colours, ONE_TO_ONE, 0, size
    )
    assert not cover.any()
    return (out >> 24) / 255


def test_neighbouring_areas_leave_no_gap_and_no_overlap() -> None:
    rng = np.random.default_rng(3)
    crack = np.column_stack([100 + rng.normal(0, 8, 40), np.linspace(-20, 220, 40)])
    left = np.vstack([[[-20.0, 220.0], [-20.0, -20.0]], crack])
    right = np.vstack([[[220.0, -20.0], [220.0, 220.0]], crack[::-1]])
    ids = owned(shapes(left, right))
    assert set(np.unique(ids)) == {1, 2}
    assert np.array_equal(ids, owned(shapes(right, left)) % 2 + 1)  # no matter which comes first


def test_bands_draw_what_one_hand_draws() -> None:
    circle = geometry.circle(90.0, 110.0, 70.0)
    assert np.array_equal(owned(circle), owned(circle, bands=3))


def test_a_fill_covers_its_exact_area() -> None:
    turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    outer = np.column_stack([100 + 60.3 * np.cos(turn), 100 + 60.3 * np.sin(turn)])
    hole = np.column_stack([100 + 20.7 * np.cos(-turn), 100 + 20.7 * np.sin(-turn)])
    both = geometry.Shapes(np.vstack([outer, hole]), np.array([0, 400, 800]), np.array([0, 2]))
    drawn = filled(both)
    assert drawn.sum() == pytest.approx(np.pi * (60.3**2 - 20.7**2), rel=2e-3)
    assert drawn[100, 100] == 0


def test_a_fill_reaching_over_the_edge_is_cut_there() -> None:
    drawn = filled(geometry.circle(0.0, 100.0, 50.0))
    assert drawn.sum() == pytest.approx(np.pi * 50**2 / 2, rel=3e-3)


@pytest.mark.parametrize("end", [(180.0, 40.0), (60.0, 190.0), (20.0, 20.0), (20.0, 190.0)])
def test_a_stroke_is_as_wide_as_asked(end: tuple[float, float]) -> None:
    out = np.zeros((200, 200), np.uint32)
    segment = np.array([[180.0, 190.0, *end]])
    kernels.strokes(out, segment, ONE_TO_ONE, 2.0, WHITE, 0, 200)
    length = np.hypot(180 - end[0], 190 - end[1])
    assert ((out >> 24) / 255).sum() == pytest.approx(2 * length, rel=0.03)


def test_dashes_keep_their_share_round_a_corner() -> None:
    line = np.array([[0.0, 0.0, 100.0, 0.0], [100.0, 0.0, 100.0, 100.0]])
    cut = kernels.dashes(line, np.array([0.0, 100.0]), 6.0, 4.0)
    drawn = np.hypot(cut[:, 2] - cut[:, 0], cut[:, 3] - cut[:, 1]).sum()
    assert drawn == pytest.approx(200 * 0.6, rel=0.02)


def test_laying_over_keeps_what_is_clear() -> None:
    below = np.uint32(0xFF102030)
    assert kernels.over(below, np.uint32(0)) == below
    assert kernels.over(below, WHITE) == WHITE
    half = kernels.over(np.uint32(0xFF000000), np.uint32(kernels.premultiply(0xFF0000, 0.5)))
    assert half >> 24 == 255
    assert (half >> 16 & 255) == pytest.approx(128, abs=1)


def placed(anchors: list[tuple[int, int]], sizes: list[tuple[int, int]]) -> np.ndarray:
    spots = np.zeros((len(anchors), 3, 2), np.int32)
    spots[:, 1, 1], spots[:, 2, 1] = 30, -30
    return np.asarray(
        kernels.place(
            np.zeros((51, 51), np.uint8), np.array(anchors, np.int32), np.array(sizes, np.int32),
            spots, (0, 0, 200, 200), 0,
        )
    )  # fmt: skip


def test_the_better_label_stays_and_the_other_moves() -> None:
    assert placed([(50, 50), (50, 50)], [(60, 20), (60, 20)]).tolist() == [0, 1]


def test_a_label_without_a_free_spot_is_not_drawn() -> None:
    crowd = [(50, 50)] * 4
    assert placed(crowd, [(60, 20)] * 4).tolist() == [0, 1, 2, -1]


def test_a_label_in_the_window_stays_whole_in_it() -> None:
    assert placed([(150, 190)], [(40, 20)]).tolist() == [2]
    assert placed([(180, 50)], [(40, 20)]).tolist() == [-1]


def test_kernels_run_where_no_cache_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(fn: object) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(compiler, "_Kept", refuse)
    assert compiler.kernel(lambda x: x + 1)(1) == 2


@pytest.mark.parametrize(("dx", "dy"), [(3, 0), (-5, 2), (0, -4), (7, 7), (0, 0), (40, 0)])
def test_a_picture_is_moved_in_its_place(dx: int, dy: int) -> None:
    before = np.arange(30 * 40, dtype=np.uint32).reshape(30, 40)
    after = before.copy()
    pictures.shift(after, dx, dy)
    for y in range(30):
        for x in range(40):
            if 0 <= y + dy < 30 and 0 <= x + dx < 40:
                assert after[y, x] == before[y + dy, x + dx]


@pytest.mark.parametrize(("dx", "dy"), [(9, 0), (-9, 4), (0, -6), (5, 5), (50, 0), (-3, -70)])
def test_what_a_moved_window_exposes_is_cooked_once(dx: int, dy: int) -> None:
    known = np.zeros((40, 30), int)
    known[max(0, -dy) : max(0, 40 - dy), max(0, -dx) : max(0, 30 - dx)] += 1
    for left, top, right, bottom in exposed(30, 40, dx, dy):
        known[top:bottom, left:right] += 1
    assert (known == 1).all()


def test_a_picture_is_spread_into_a_larger_one_in_its_own_memory() -> None:
    small = np.arange(1, 13, dtype=np.uint32).reshape(3, 4)
    flat = np.zeros(6 * 7, np.uint32)
    flat[:12] = small.reshape(-1)
    pictures.spread(flat, 4, 3, 7, 2, 1)
    assert np.array_equal(flat.reshape(6, 7)[1:4, 2:6], small)


def test_what_lies_around_a_box_is_all_that_is_not_in_it() -> None:
    seen = np.zeros((9, 11), np.int32)
    seen[2:6, 3:8] = 1
    for left, top, right, bottom in around(11, 9, (3, 2, 8, 6)):
        seen[top:bottom, left:right] += 1
    assert (seen == 1).all()
    assert around(11, 9, (0, 0, 11, 9)) == []
