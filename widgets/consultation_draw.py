"""How a consultation is drawn: its head with the trend of the day, its figures, its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QRectF

from commandwall import frozen
from commandwall.clock import Ms
from commandwall.consulting import STANDS, Held, Opinion, Resolution
from commandwall.frozen import Count
from commandwall.picture import Picture
from widgets import age, text
from widgets import consultation_words as words
from widgets.i18n import named, tr
from widgets.look import Look
from widgets.metrics import LEADING
from widgets.paper import RIGHT, Ink, Paper

LEAD = 132.0
"""Height of the head."""
TEXT = 96.0
"""Where the rows begin, after the names of their parts."""
TALL = {"figure": 38.0, "row": 32.0, "attendee": 34.0}
EDGE = {"opinion": 16.0, "resolution": 420.0}
"""What is kept free at the right of a text."""
LINES, ROLE = 6, "label"
"""The most lines of a text, and its type."""
PAD, UNDER = 14.0, 24.0
"""Over and under a text together, and for the line under it."""
PARTS = {"figure": "态势", "attendee": "参会", "opinion": "意见", "resolution": "决定"}
HOURS, BAR, HIGH = 24, 9.0, 46.0
"""Of the trend: its hours, the width of one, the height of the tallest."""


def head(paper: Paper, top: float, picture: Picture, held: Held, hours: Sequence[int]) -> None:
    """What it is about, who leads it, of when the situation is; calls by hour beside."""
    one, now = held.one, picture.now
    edge = trend(paper, top + 18, hours) if hours else paper.width
    room = edge - 24
    paper.write(0, top + 28, text.plain(one.title), Ink("item"), room=room)
    told = (words.about(picture, one), tr("主持 {post}", post=named("post", one.chair, "full")),
            tr("到 {n} / {all}", n=held.present, all=len(held.attendees)))  # fmt: skip
    paper.write(0, top + 54, "　".join(told), Ink("label", "t2"), room=room)
    end = paper.paragraph(0, top + 80, _matter(held), Ink("label", "t1"), room, 1)
    paper.write(0, end + 26, _as_of(held, now), Ink("label", "t1", one.as_of is not None),
                room=room)  # fmt: skip
    paper.line(0, top + LEAD - 6, paper.width, top + LEAD - 6)


def _matter(held: Held) -> str:
    """What was to be settled; once it is over what it came to."""
    one = held.one
    if one.result:
        return tr("结论：{text}", text=text.plain(one.result, 400))
    return tr("议题：{matter}", matter=text.plain(one.matter, 400))


def _as_of(held: Held, now: Ms) -> str:
    one = held.one
    if one.signed_at is not None:
        who = text.person(one.signer)
        return tr("{name} 于 {at} 签字　校验值 {sum}", name=who, sum=one.sealed[:16],
                  at=age.moment(now, one.signed_at))  # fmt: skip
    if one.reason:
        return tr("取消：{reason}", reason=text.plain(one.reason, 120))
    if one.as_of is None:
        return tr("还没有取态势")
    return tr("态势取于 {at}，{since}", at=age.moment(now, one.as_of),
              since=age.since(now, one.as_of))  # fmt: skip


def trend(paper: Paper, top: float, hours: Sequence[int]) -> float:
    """Calls of each hour until then; returns where it begins."""
    left, most = paper.width - HOURS * BAR, max(*hours, 1)
    base = top + 22 + HIGH
    paper.write(paper.width, top, tr("来电逐时，今日 {n}", n=age.number(sum(hours))),
                Ink("age", "t2"), RIGHT)  # fmt: skip
    for hour, n in enumerate(hours):
        tall = max(1.0, HIGH * n / most)
        paper.fill(QRectF(left + hour * BAR, base - tall, BAR - 2, tall), "t2")
    paper.line(left, base + 1, paper.width, base + 1)
    for hour in (0, 6, 12, 18):
        paper.write(left + hour * BAR, base + 16, f"{hour:02d}", Ink("age"))
    return left


def figure(paper: Paper, count: Count, box: QRectF, opened: bool) -> None:
    """Its name, the number, of when its data is, and how its rows are opened."""
    base = box.top() + 26
    name = named(frozen.LIST, count.key)
    paper.write(TEXT, base, name, Ink("body", "t1"))
    paper.write(TEXT + 300, base, age.number(count.n), Ink("body", "t1", True), RIGHT)
    at = age.seconds(count.at) if count.at else tr("不知")
    paper.write(TEXT + 324, base, tr("数据 {at}", at=at), Ink("age", "t2"))
    if count.keys:
        more = len(count.keys) < count.n
        told = tr("收起") if opened else tr("看行")
        if more:
            told = tr("{what}（留前 {n} 行）", what=told, n=len(count.keys))
        paper.write(box.right() - 8, base, f"{told}　O", Ink("age", "t2"), RIGHT)


def attendee(paper: Paper, picture: Picture, held: Held, key: str, box: QRectF) -> None:
    one = next(a for a in held.attendees if a.id == key)
    here, base = one.present_at is not None, box.top() + 23
    paper.disc(TEXT + 6, base - 6, 5, "t1" if here else "t3", "t1" if here else "bg")
    paper.write(TEXT + 24, base, words.who(one), Ink("body", "t1" if here else "t2"),
                room=box.width() - TEXT - 160)  # fmt: skip
    told = tr("{at} 到", at=age.clock(one.present_at)) if here else tr("未到会")
    paper.write(box.right() - 8, base, told, Ink("label", "t2" if here else "t1", not here), RIGHT)


def opinion(paper: Paper, picture: Picture, held: Held, key: str, box: QRectF) -> None:
    one = next(o for o in held.opinions if o.id == key)
    who = next((words.who(a) for a in held.attendees if a.id == one.attendee), age.UNKNOWN)
    base = box.top() + 23
    end = paper.paragraph(TEXT, base, text.plain(one.text, 4000), Ink(ROLE, "t1"),
                          box.width() - TEXT - EDGE["opinion"], LINES)  # fmt: skip
    paper.write(TEXT, end + 21, f"{who}　{age.clock(one.at)}", Ink("age", "t2"))


def resolution(paper: Paper, picture: Picture, held: Held, key: str, box: QRectF) -> None:
    """What, on what grounds; at the right by whom, until when, and what came of it."""
    no, one = next((n, r) for n, r in enumerate(held.resolutions, 1) if r.id == key)
    base, stands = box.top() + 23, one.state == STANDS
    room = box.width() - TEXT - EDGE["resolution"]
    told = f"{no}　{text.plain(one.task, 4000)}"
    end = paper.paragraph(TEXT, base, told, Ink(ROLE, "t1" if stands else "t3"), room, LINES)
    under = tr("据 {why}", why=text.plain(one.basis, 120)) if one.basis else ""
    if not stands:
        under = tr("已撤：{reason}", reason=text.plain(one.reason, 120))
    paper.write(TEXT, end + 21, under, Ink("age", "t2"), room=room)
    left, right = box.right() - EDGE["resolution"] + 24, box.right() - 8
    due = age.stamp(picture.now, one.due)
    paper.write(right, base, tr("{at} 前", at=due), Ink("label", "t2"), RIGHT)
    paper.write(left, base, words.by(one), Ink("label", "t1"), room=right - left - 160)
    came = words.standing(words.became(picture, one.id))
    waits = stands and not came
    told = tr("▲ 待下达，按 T") if waits else came
    paper.write(left, base + 23, told, Ink("label", "t1", waits), room=right - left)


PARTED: Mapping[str, Callable[[Paper, Picture, Held, str, QRectF], None]] = {
    "attendee": attendee, "opinion": opinion, "resolution": resolution,
}  # fmt: skip


def said(held: Held, part: str, key: str) -> str:
    """The words of a row that has several lines."""
    parts: Sequence[Opinion | Resolution] = held.opinions if part == "opinion" else held.resolutions
    one = next(o for o in parts if o.id == key)
    return text.plain(one.text if isinstance(one, Opinion) else f"1　{one.task}", 4000)


def tall(look: Look, told: str, wide: float) -> float:
    """Height of a row with such a text."""
    many = len(text.wrap(told, look.letters(ROLE, None), max(wide, 1.0), LINES))
    step = look.metrics.design(ROLE) * LEADING
    return PAD + UNDER + many * step
