"""How the alarm desk draws a flood: the worst alone as a card, groups as rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QRectF

from commandwall import codes
from commandwall.alarm_groups import REST, Group, Presented
from commandwall.alarms import ACKED, UNACK, Alarm, class_list
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.picture import Picture
from widgets import age, rule_words, words
from widgets.i18n import named, tr
from widgets.paper import RIGHT, Ink, Paper
from widgets.text import plain

CARD, STRIP, ROW, MARK = 108.0, 44.0, 46.0, 22.0
"""Heights of the card of the worst, of the line that tells of the flood, of a row in one, and of
the mark of a row there that has a ring."""
BINS, BIN = 20, 7.0
"""Bars of the last ten minutes, and the width of each."""
Columns = Mapping[str, float]


def columns(width: float) -> list[tuple[str, float, float]]:
    """Names of the columns of groups, where they stand, and their side."""
    title = 56.0
    spark = [("近 10 分钟", width - 430, 0.0)] if width > 860 else []
    return [
        ("级", 14, 0.0), ("组", title, 0.0), ("地点", title + (width - title) * 0.24, 0.0),
        ("条数", width - 460 if spark else width - 260, RIGHT), *spark,
        ("未确认", width - 190, RIGHT), ("最早", width - 100, RIGHT), ("最新", width - 8, RIGHT),
    ]  # fmt: skip


def title(group: Group) -> str:
    """燃气 抖动; of what has no row left: 其余各类."""
    if group.cls == REST:
        return tr("其余各类")
    name = named(class_list(group.cls), group.cls)
    return tr("{name} 抖动", name=name) if group.chatters else name


def place(group: Group, picture: Picture) -> str:
    """The names of the area they all stand in."""
    return words.place(picture, group.place) or tr("全辖区")


def draw_strip(paper: Paper, base: float, shown: Presented, count: int, since: Ms) -> None:
    """洪峰: how many came, what became of them, since when."""
    told = tr(
        "10 分钟 {count} 条，收拢为 {groups} 组，Ⅰ级 {alone} 条单列",
        count=age.number(count), groups=len(shown.groups), alone=len(shown.alone),
    )  # fmt: skip
    ends = age.number(codes.limit("alarm_flood_ends"))
    more = tr("{time} 开始　低于 {n} 条/10 分自动结束", time=age.clock(since), n=ends)
    x = paper.row(0, base, (tr("洪峰"), Ink("item", "t1", True)), (told, Ink("body")), gap=16)
    paper.write(x + 20, base, more, Ink("label", "t2"), room=max(0.0, paper.width - x - 20))


def draw_group(paper: Paper, group: Group, box: QRectF, picture: Picture, opened: bool) -> None:
    """Worst mark, cause, place, how many, when they came, how many wait, age of the newest."""
    at = {name: x for name, x, _ in columns(paper.width)}
    base, waits = box.center().y() + 6, group.waiting > 0
    paper.mark(24, box.center().y(), 26, (group.severity, UNACK if waits else ACKED), False)
    ink = Ink("body", "t1" if waits else "t2", waits)
    sign = "▾ " if opened else "▸ "
    paper.write(at["组"], base, sign + title(group), ink, room=at["地点"] - at["组"] - 12)
    room = at["条数"] - at["地点"] - 72
    paper.write(at["地点"], base, place(group, picture), Ink("label"), room=room)
    paper.write(at["条数"], base, age.number(group.count), Ink("item", "t1"), RIGHT)
    if "近 10 分钟" in at:
        _draw_spark(paper, group, box, at["近 10 分钟"], picture.now)
    told = age.number(group.waiting) if waits else "0"
    paper.write(at["未确认"], base, told, ink, RIGHT)
    paper.write(at["最早"], base, age.clock(group.since), Ink("label", "t3"), RIGHT)
    paper.write(at["最新"], base, age.age(picture.now, group.newest), Ink("age"), RIGHT)


def _draw_spark(paper: Paper, group: Group, box: QRectF, left: float, now: Ms) -> None:
    span = int(codes.limit("alarm_group_minutes") * MINUTE) // BINS
    back = (now - group.began) // span
    counts = np.bincount(back[(back >= 0) & (back < BINS)], minlength=BINS)[::-1].tolist()
    most, foot = max(1, *counts), box.bottom() - 15
    for i, n in enumerate(counts):
        high = 2 + (box.height() - 30) * n / most if n else 1.0
        paper.fill(QRectF(left + i * BIN, foot - high, BIN - 2, high), "t2" if n else "t4")


def draw_card(
    paper: Paper, alarm: Alarm, box: QRectF, picture: Picture, told: tuple[str, str]
) -> None:
    """The worst, by itself: what and where, the device and since when, how long it waits. `told`:
    title and state."""
    what, state = told
    face = box.adjusted(1, 4, -1, -6)
    paper.fill(face, "r", 4)
    paper.fill(QRectF(face.x(), face.y(), 6, face.height()), f"s{alarm.severity}")
    paper.frame(face, "t1", 2)
    middle = face.center().y()
    paper.mark(62, middle, 48, (alarm.severity, alarm.state), True)
    waited = max(0, picture.now - alarm.raised_at) // SECOND
    end = paper.width - 24
    clock = f"{waited // 60}:{waited % 60:02d}"
    paper.write(end, middle - 4, clock, Ink("sentence", "t1", True), RIGHT)
    paper.write(end, middle + 26, state, Ink("label", "t2"), RIGHT)
    where = words.place(picture, alarm.area)
    room = end - 116 - 200
    paper.write(116, middle - 4, f"{what}　{where}", Ink("sentence", "t1", True), room=room)
    raised = tr("{time} 报警", time=age.clock(alarm.raised_at))
    limit = rule_words.name(picture, alarm.rule, alarm.changed_at)
    more = f"{limit}　{plain(alarm.sensor, 40)}　{raised}"
    paper.write(116, middle + 26, more, Ink("label"), room=room)
