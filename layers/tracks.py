"""Tracks 轨迹: solid where positions follow closely, dashed over a gap, whose ends say their times.
What lies in a gap is not known: the dashes join two positions and are no way that was driven."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from commandwall.clock import Ms, to_datetime
from commandwall.picture import Changes, Fixes, Picture, Tick
from commandwall.resources import track_gap
from commandwall.tracks import Track
from layers import words
from layers.base import Layer
from layers.geometry import Floats
from layers.marks import pen
from layers.scene import BESIDE, Item, Line, Names, Scene, Stamps

DASH = (8.0, 7.0)
Note = tuple[float, float, str]
"""Longitude, latitude, what is said there."""


class TracksLayer(Layer):
    """Whoever read the tracks hands them over; nothing later than the moment that is shown."""

    id, title, order = "tracks", "轨迹", 78
    shows = frozenset({Fixes, Tick})
    tracks: Sequence[Track] = ()

    def refresh(self, picture: Picture, changes: Changes, scene: Scene) -> None:
        if not self.tracks and not self.count:
            return
        shown = [t for track in self.tracks if (t := track.until(picture.now)) is not None]
        self.count = len(shown)
        if not shown:
            scene.draw(self)
            return
        solid = [run for track in shown for run in _runs(track, picture)]
        gaps = [np.stack([a[-1], b[0]]) for t in shown for a, b in pairwise(t.runs)]
        notes = [note for track in shown for note in _notes(track, picture, scene)]
        scene.draw(self, *_lines(solid, gaps, scene), *_ends(gaps, scene), *_said(notes, scene))


def _runs(track: Track, picture: Picture) -> list[Floats]:
    """The runs, the last one up to where the unit is drawn: thinned points end before it."""
    row, last = picture.fixes.row_of.get(track.resource, -1), track.runs[-1]
    at = int(picture.fixes.at[row]) if 0 <= row < len(picture.fixes.at) else 0
    if not 0 < at - last[-1, 2] <= track_gap():
        return list(track.runs)
    tip = np.array([[picture.fixes.lon[row], picture.fixes.lat[row], at]])
    return [*track.runs[:-1], np.vstack([last, tip])]


def _lines(solid: list[Floats], gaps: list[Floats], scene: Scene) -> list[Item]:
    style = scene.style
    known, open_ = _segments(solid, scene), _segments(gaps, scene)
    halo, line = style.paint("halo", 0.7), style.paint("t1", 0.9)
    items: list[Item] = [Line(known, halo, 6.0), Line(known, line, 3.0)]
    if len(open_):
        items.append(Line(open_, line, 2.0, dash=DASH, along=np.zeros(len(open_))))
    return items


def _segments(runs: list[Floats], scene: Scene) -> Floats:
    """(n, 4) on the sheet; of a run of one position none."""
    parts = []
    for run in runs:
        x, y = scene.project(run[:, 0], run[:, 1])
        parts.append(np.column_stack([x[:-1], y[:-1], x[1:], y[1:]]))
    return np.ascontiguousarray(np.concatenate(parts)) if parts else np.empty((0, 4))


def _ends(gaps: list[Floats], scene: Scene) -> list[Item]:
    """A small ring at both ends of a gap."""
    if not gaps:
        return []
    points = np.concatenate(gaps)
    x, y = scene.project(points[:, 0], points[:, 1])
    style = scene.style

    def draw(painter: QPainter, middle: QPointF) -> None:
        painter.setPen(pen(style.colour("t1"), 2))
        painter.setBrush(style.colour("bg"))
        painter.drawEllipse(middle, 4.5, 4.5)

    sprite = scene.sprites.drawn(("gap end",), 14, draw)
    return [Stamps(x, y, np.full(len(x), sprite, np.int32))]


def _said(notes: list[Note], scene: Scene) -> list[Item]:
    if not notes:
        return []
    lon, lat, texts = zip(*notes, strict=True)
    x, y = scene.project(lon, lat)
    return [Names(x, y, texts, "note", rank=1, where=BESIDE, gap=8)]


def _notes(track: Track, picture: Picture, scene: Scene) -> list[Note]:
    """Who and since when at the begin; both moments of each gap; where it was heard last."""
    tr, first, last = scene.tr, track.runs[0][0], track.runs[-1][-1]
    unit = picture.resources.get(track.resource)
    name = unit.name if unit is not None else track.resource
    notes = [_note(first, tr("{unit} {time} 起", unit=name, time=_time(first[2])[:5]))]
    for before, after in pairwise(track.runs):
        begin, end = before[-1], after[0]
        lost = words.span(int(end[2] - begin[2]))
        notes.append(_note(begin, tr("{time} 起无定位", time=_time(begin[2]))))
        notes.append(_note(end, tr("{time} 恢复，断 {span}", time=_time(end[2]), span=lost)))
    row = picture.fixes.row_of.get(track.resource, -1)
    at = int(picture.fixes.at[row]) if 0 <= row < len(picture.fixes.at) else int(last[2])
    if picture.now - at > track_gap():
        notes.append(_note(last, tr("末次定位 {time}", time=_time(at))))
    return notes


def _note(point: Floats, text: str) -> Note:
    return float(point[0]), float(point[1]), text


def _time(at: float) -> str:
    return f"{to_datetime(Ms(int(at))):%H:%M:%S}"
