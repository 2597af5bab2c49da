"""Marks, as a person sees them."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter

from commandwall.alarm_life import ACKED
from layers import marks
from layers.style import Style
from widgets import marks as faces
from widgets import theme
from widgets.look import Look, Metrics

CROSS = "十"
"""The variable font of the wheel draws each stroke by itself: 战, 医 and 环 were full of holes."""


def test_a_character_of_a_unit_has_no_hole_where_its_strokes_cross(qapp: Any) -> None:
    style, image = Style("dark"), QImage(100, 100, QImage.Format.Format_RGB32)
    with QPainter(image) as painter:
        marks.letter(painter, QPointF(50, 50), CROSS, 80, style.colour("t1"), style)
    assert image.pixelColor(50, 50) == style.colour("t1")


def test_the_character_of_a_mode_has_no_hole_where_its_strokes_cross(qapp: Any) -> None:
    look = Look(theme.load("dark"), Metrics(1.0))
    image = QImage(100, 100, QImage.Format.Format_RGB32)
    with QPainter(image) as painter:
        faces.mode(painter, QRectF(0, 0, 100, 100), CROSS, 0.0, look)
    assert image.pixelColor(50, 50) == look.colour("t1")


def test_a_mark_on_a_raised_ground_has_no_dark_edge(qapp: Any) -> None:
    """In the thin line of what calls, that edge was higher than the line."""
    look = Look(theme.load("dark"), Metrics(1.0))
    image, ground = QImage(40, 40, QImage.Format.Format_RGB32), look.colour("r2")
    image.fill(ground)
    with QPainter(image) as painter:
        faces.severity(painter, QPointF(20, 20), 16, (4, ACKED), look)
    assert image.pixelColor(20, 20) == look.colour("s4")
    beside = {image.pixelColor(20 + away, 20).name() for away in (9, 10, 11)}
    assert beside == {ground.name()}
