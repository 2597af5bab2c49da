"""Drafts a study 研判报告 from the store: the blocks of its template, each by what tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from commandwall import codes, lowest
from commandwall.areas import CITY, town_of
from commandwall.clock import DAY, HOUR, Ms, day, to_datetime
from commandwall.codes import Code
from commandwall.event_flow import ARCHIVED, CLOSED
from commandwall.people import Duty, holders
from commandwall.plain import plain
from commandwall.reports import basis
from commandwall.reports.basis import THREE, Basis, Row, by
from commandwall.reports.draft import (
    Block,
    Draft,
    Figure,
    Line,
    Piece,
    charted,
    counted,
    say,
    share,
)
from commandwall.reports.speech import Speech, moment
from commandwall.store.store import Reader
from commandwall.studies import Scope

LONG, PLACE = 40, 20
"""Letters of a title and a place that a cell has room for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants drafted."""

    kind: str
    template: str
    blocks: Sequence[str]  # rows of the list study_block
    scope: Scope


@dataclass(frozen=True, slots=True)
class Telling:
    """What a block is told by."""

    basis: Basis
    speech: Speech
    duties: Sequence[Duty]
    now: Ms

    def tr(self, sentence: str) -> str:
        return self.speech.tr(sentence)

    def place(self, code: str) -> str:
        """The name of an area; — of one that is not known."""
        area = self.basis.areas.get(code)
        return plain(area.name, PLACE) if area is not None else "—"

    def count(self, rows: Sequence[Row], *what: str) -> Figure:
        """A number, called by the words of what it counts."""
        return counted(rows, " ".join(filter(None, what)))

    @property
    def most(self) -> int:
        """Rows of a table that has the first of many."""
        return int(codes.limit("study_top", day(self.now)))


def draft(reader: Reader, asked: Asked, as_of: Ms, speech: Speech) -> Draft:
    """A draft of what the store knows. Refused as `basis.read`."""
    found = basis.read(reader, asked.scope, as_of)
    telling = Telling(found, speech, reader.find(Duty), as_of)
    rows = codes.load("study_block", day(as_of))
    blocks = (_block(rows[key], telling) for key in asked.blocks if _of(rows.get(key)) in TELLING)
    return Draft(
        asked.kind, asked.template, title(asked, telling), told(asked.scope, as_of, telling),
        asked.scope, as_of, len(found.rows), tuple(blocks),
    )  # fmt: skip


def title(asked: Asked, t: Telling) -> str:
    """石塘镇 供水 专题报告"""
    scope = asked.scope
    city = next((a.id for a in t.basis.areas.values() if a.level == CITY), "")
    parts = (
        t.place(scope.area or city) if scope.area or city else "",
        t.speech.named("event_class", scope.cls) if scope.cls else "",
        t.speech.named("study_kind", asked.kind),
    )
    return " ".join(filter(None, parts))


def told(scope: Scope, as_of: Ms, t: Telling) -> tuple[str, ...]:
    """Of which period, by which source, as of when."""
    of = [
        t.place(scope.area) if scope.area else t.tr("全市"),
        t.speech.named("event_class", scope.cls) if scope.cls else "",
        t.speech.named("event_source", scope.source) if scope.source else "",
        t.speech.named("event_state", scope.state) if scope.state else "",
        t.speech.named("event_tag", scope.tag) if scope.tag else "",
        t.speech.tr("含「{words}」", words=plain(scope.words)) if scope.words else "",
    ]
    ends = t.speech.tr("{a} 至 {b}", a=moment(scope.since), b=moment(scope.until))
    return (
        t.speech.tr("时段：{ends}", ends=ends),
        t.speech.tr("数据来源：{of}", of=t.tr("、").join(filter(None, of))),
        t.speech.tr("数据截至：{time}", time=moment(as_of)),
    )


def _of(row: Code | None) -> str:
    """What tells a block."""
    return str(row.facts.get("of", row.id)) if row is not None else ""


def _block(row: Code, t: Telling) -> Block:
    """A block as its row says: sentences and a table, or the table of another one as a chart."""
    lines, (columns, rows) = TELLING[_of(row)](t)
    head = t.speech.named("study_block", row.id)
    if kind := row.facts.get("chart", ""):
        most = int(codes.limit("study_series", day(t.now)))
        return Block(row.id, head, chart=charted(kind, columns, rows, most))
    return Block(row.id, head, lines, columns, rows)


Table = tuple[tuple[str, ...], tuple[Line, ...]]
Told = tuple[tuple[Line, ...], Table]
NO_TABLE: Table = ((), ())


def _total(t: Telling) -> Told:
    rows, before = t.basis.rows, t.basis.before
    still = [row for row in rows if row.open]
    first = say(
        t.tr("本期收到 {n} 件，上期同长时段 {m} 件，{change}。"), n=t.count(rows, t.tr("本期收到")),
        m=t.count(before, t.tr("上期收到")), change=_change(t, len(rows), len(before)),
    )  # fmt: skip
    second = say(
        t.tr("其中已结 {closed} 件，在办 {open} 件，在办中逾期 {late} 件。"),
        closed=t.count([row for row in rows if not row.open], t.tr("已结")),
        open=t.count(still, t.tr("在办")), late=t.count(t.basis.overdue, t.tr("逾期")),
    )  # fmt: skip
    return (first, second), NO_TABLE


def _change(t: Telling, now: int, before: int) -> str:
    if not before:
        return t.tr("上期无可比")
    if now == before:
        return t.tr("持平")
    word = "增 {p}" if now > before else "减 {p}"
    return t.speech.tr(word, p=f"{abs(now - before) / before:.1%}")


def _compared(
    t: Telling, key: Callable[[Row], str], name: Callable[[str], str], head: str, most: int
) -> Told:
    """The largest groups, each against the period before; how many groups are not shown."""
    groups, before = by(t.basis.rows, key), by(t.basis.before, key)
    rows = tuple(
        (name(one) or "—", t.count(here, name(one), t.tr("本期")),
         t.count(before.get(one, []), name(one), t.tr("上期")),
         _signed(len(here), len(before.get(one, []))),
         t.count([row for row in here if row.open], name(one), t.tr("在办")))
        for one, here in islice(groups.items(), most)
    )  # fmt: skip
    columns = tuple(map(t.tr, (head, "本期", "上期", "增减", "在办")))
    return _lead(t, groups, name, most), (columns, rows)


def _lead(
    t: Telling, groups: Mapping[str, Sequence[Row]], name: Callable[[str], str], most: int
) -> tuple[Line, ...]:
    """Which is the largest, and what the table leaves out."""
    if not groups:
        return ((t.tr("本期没有事件。"),),)
    key, rows = next(iter(groups.items()))
    part = share(rows, t.basis.rows, t.speech.tr("{what} 占比", what=name(key) or "—"))
    first = say(t.tr("最多的是{what}，{n} 件，占 {p}。"), what=name(key) or "—",
                n=t.count(rows, name(key)), p=part)  # fmt: skip
    rest = [row for some in list(groups.values())[most:] for row in some]
    if not rest:
        return (first,)
    more = say(t.tr("另有 {m} 类共 {n} 件未列。"), m=str(len(groups) - most),
               n=t.count(rest, t.tr("未列")))  # fmt: skip
    return first, more


def _signed(now: int, before: int) -> str:
    return f"{now - before:+,}" if now != before else "0"


def _sources(t: Telling) -> Told:
    return _compared(t, lambda row: row.source, _namer(t, "event_source"), "来源", t.most)


def _classes(t: Telling) -> Told:
    return _compared(t, lambda row: row.cls, _namer(t, "event_class"), "事项", t.most)


def _places(t: Telling) -> Told:
    """By the smallest known area, with its town before it."""

    def name(code: str) -> str:
        town = t.place(town_of(t.basis.areas, code))
        own = t.place(code)
        return own if town in (own, "—") else f"{town} {own}"

    return _compared(t, lambda row: row.area, name, "地点", t.most)


def _towns(t: Telling) -> Told:
    """All towns of the scope, also those without any event."""
    groups, before = by(t.basis.rows, t.basis.town), by(t.basis.before, t.basis.town)
    late = by(t.basis.overdue, t.basis.town)
    order = sorted(t.basis.towns, key=lambda code: (-len(groups.get(code, [])), code))
    codes_ = [*order, *(code for code in groups if code not in t.basis.towns)]
    rows = tuple(
        _town(t, code, groups.get(code, []), before.get(code, []), late.get(code, []))
        for code in codes_
    )
    columns = tuple(map(t.tr, ("镇街", "本期", "上期", "增减", "已结", "在办", "逾期", "已结占比")))
    return (), (columns, rows)


def _town(
    t: Telling, code: str, rows: Sequence[Row], before: Sequence[Row], late: Sequence[Row]
) -> Line:
    name = t.place(code) if code else t.tr("未落镇街")
    closed = [row for row in rows if not row.open]
    return (
        name, t.count(rows, name, t.tr("本期")), t.count(before, name, t.tr("上期")),
        _signed(len(rows), len(before)), t.count(closed, name, t.tr("已结")),
        t.count([row for row in rows if row.open], name, t.tr("在办")),
        t.count(late, name, t.tr("逾期")), share(closed, rows, f"{name} {t.tr('已结占比')}"),
    )  # fmt: skip


def _lowest(t: Telling) -> Told:
    """就地解决 by town: closed by grid, village or town, of all that were closed and whose level is
    known; the levels apart, and what is left out."""
    closed = [row for row in t.basis.rows if row.state in (CLOSED, ARCHIVED)]
    groups = by(closed, t.basis.town)
    order = [*t.basis.towns, *(code for code in groups if code not in t.basis.towns)]
    rows = tuple(_lowest_of(t, code, groups.get(code, [])) for code in order)
    heads = ("镇街", "就地解决率", "分子", "分母")
    names = (
        *map(t.tr, heads),
        *(t.speech.named("rung", one) for one in lowest.LEVELS),
        t.tr("未计"),
    )
    good = [row for row in closed if t.basis.level(row) in lowest.LEVELS[:-1]]
    known = [row for row in closed if t.basis.level(row)]
    line = say(
        t.tr("镇街以下办结 {n} 件，占已结 {of} 件的 {p}。"), n=t.count(good, t.tr("就地解决")),
        of=t.count(known, t.tr("就地解决应计")), p=share(good, known, t.tr("就地解决率")),
    )  # fmt: skip
    return (line,), (names, rows)


def _lowest_of(t: Telling, code: str, closed: Sequence[Row]) -> Line:
    name, levels = t.place(code) if code else t.tr("未落镇街"), by(closed, t.basis.level)
    good = [row for level in lowest.LEVELS[:-1] for row in levels.get(level, [])]
    known = [*good, *levels.get(lowest.CITY, [])]
    apart = (
        t.count(levels.get(one, []), name, t.speech.named("rung", one)) for one in lowest.LEVELS
    )
    return (
        name, share(good, known, f"{name} {t.tr('就地解决率')}"),
        t.count(good, name, t.tr("就地解决"), t.tr("分子")),
        t.count(known, name, t.tr("就地解决"), t.tr("分母")), *apart,
        t.count(levels.get("", []), name, t.tr("就地解决"), t.tr("未计")),
    )  # fmt: skip


def _units(t: Telling) -> Told:
    return _compared(t, lambda row: row.unit, lambda name: plain(name, PLACE), "承办单位", t.most)


def _days(t: Telling) -> Told:
    """Day by day beside the day that has the same place in the period before, of which the last
    one may be as short."""
    scope = t.basis.scope

    def of(row: Row) -> str:
        return str((row.reported - scope.since) // DAY)

    def then_of(row: Row) -> str:
        return str((row.reported - scope.since + scope.span) // DAY)

    here, before = by(t.basis.rows, of), by(t.basis.before, then_of)
    rows = []
    for at in range(-(-scope.span // DAY)):
        some, then = here.get(str(at), []), before.get(str(at), [])
        name = f"{to_datetime(Ms(scope.since + at * DAY)):%m-%d}"
        rows.append((name, t.count(some, name, t.tr("本期")), t.count(then, name, t.tr("上期")),
                     _signed(len(some), len(then))))  # fmt: skip
    return (), (tuple(map(t.tr, ("日期", "本期", "上期", "增减"))), tuple(rows))


def _quick(t: Telling) -> Told:
    """快处: closed within some hours of being received, of those old enough to be judged."""
    hours = int(codes.limit("study_quick_hours", day(t.now)))
    old = [r for r in t.basis.rows if not r.open or t.now - r.received > hours * HOUR]
    quick = [r for r in old if r.closed_at and not r.open and r.closed_at - r.received
             <= hours * HOUR]  # fmt: skip
    judged = {r.id for r in old}
    young = [r for r in t.basis.rows if r.id not in judged]
    what = t.speech.tr("{n} 小时内办结", n=hours)
    line = say(
        t.tr("{h} 小时内办结 {n} 件，占应计 {of} 件的 {p}；未到时限 {young} 件未计。"),
        h=str(hours), n=t.count(quick, what), of=t.count(old, t.tr("快处应计")),
        p=share(quick, old, t.tr("快处率")), young=t.count(young, t.tr("快处未到时限")),
    )  # fmt: skip
    return (line,), NO_TABLE


def _rates(t: Telling) -> Told:
    """三率 as numerator and denominator, with what is left out and why."""
    rows = tuple(_rate(t, key, t.basis.rows) for key in THREE)
    columns = tuple(map(t.tr, ("指标", "比率", "分子", "分母", "未计", "未计原因")))
    return (), (columns, rows)


def _rate(t: Telling, key: str, rows: Sequence[Row]) -> Line:
    found, name = t.basis.rate(rows, key), t.speech.named("swift_figure", key)
    out = [row for some in found.out.values() for row in some]
    why = t.tr("、").join(f"{_why(t, one)} {len(some):,}" for one, some in found.out.items())
    return (
        name, share(found.good, found.counted, name), t.count(found.good, name, t.tr("分子")),
        t.count(found.counted, name, t.tr("分母")), t.count(out, name, t.tr("未计")), why or "—",
    )  # fmt: skip


def _why(t: Telling, key: str) -> str:
    known = {"outside": "不在快道", "not_due": "未到时限", "untold": "未说明"}
    if key in known:
        return t.tr(known[key])
    return t.speech.named("event_content" if key == "unreached" else "event_state", key)


def _unit_rates(t: Telling) -> Told:
    """三率通报 by unit: each rate with what it is of."""
    groups = by((row for row in t.basis.rows if row.unit), lambda row: row.unit)
    rows = []
    for unit, here in islice(groups.items(), t.most):
        name = plain(unit, PLACE)
        cells: list[Piece] = [name, t.count(here, name, t.tr("本期"))]
        for key in THREE:
            found, what = t.basis.rate(here, key), t.speech.named("swift_figure", key)
            cells += [share(found.good, found.counted, f"{name} {what}"),
                      t.count(found.good, name, what, t.tr("分子")),
                      t.count(found.counted, name, what, t.tr("分母"))]  # fmt: skip
        rows.append(tuple(cells))
    heads = [t.tr("承办单位"), t.tr("本期")]
    for key in THREE:
        heads += [t.speech.named("swift_figure", key), t.tr("分子"), t.tr("分母")]
    none = [row for row in t.basis.rows if not row.unit]
    line = say(t.tr("尚无承办单位的 {n} 件未列。"), n=t.count(none, t.tr("无承办单位")))
    return (line,) if none else (), (tuple(heads), tuple(rows))


def _overdue(t: Telling) -> Told:
    """What of the period is overdue, the longest first."""
    late = t.basis.overdue
    if not late:
        return ((t.tr("本期在办事件没有逾期。"),),), NO_TABLE
    first = say(t.tr("本期在办事件逾期 {n} 件，列最久的。"), n=t.count(late, t.tr("逾期")))
    return (first,), _listed(t, [row.id for row in late[: t.most]])


def _red(t: Telling) -> Told:
    """Every red lamp of the scope now, whenever its event was reported."""
    red = t.basis.red
    if not red:
        return ((t.tr("此刻没有红灯。"),),), NO_TABLE
    keys = tuple(view.event.id for view in red)
    first = say(t.tr("此刻红灯（时限已过）{n} 件，不论何时上报；列最久的。"),
                n=Figure(f"{len(keys):,}", keys, t.tr("红灯")))  # fmt: skip
    return (first,), _listed(t, keys[: t.most])


def _listed(t: Telling, keys: Sequence[str]) -> Table:
    """Events one by one, each a number of one row."""
    views = t.basis.views(keys)
    columns = tuple(map(t.tr, ("编号", "标题", "镇街", "承办单位", "状态", "上报")))
    rows = tuple(
        (Figure(v.number, (v.event.id,), v.number), plain(v.event.headline, LONG),
         t.place(town_of(t.basis.areas, v.event.area)), plain(v.unit, PLACE) or "—",
         t.speech.named("event_state", v.state), moment(v.event.reported_at))
        for v in (views[key] for key in keys if key in views)
    )  # fmt: skip
    return columns, rows


def _duty(t: Telling) -> Told:
    """Who holds which post now."""
    held = holders(t.duties)
    rows = tuple(
        (t.speech.named("post", post, full=True),
         t.tr("、").join(plain(one.name, PLACE) for one in some) or "—", moment(some[0].since))
        for post, some in held.items()
    )  # fmt: skip
    if not rows:
        return ((t.tr("没有人签到。"),),), NO_TABLE
    return (), (tuple(map(t.tr, ("岗位", "在岗", "自"))), rows)


def _advice(t: Telling) -> Told:
    """A person's own words."""
    return ((t.tr("（待填写）"),),), NO_TABLE


def _namer(t: Telling, name: str) -> Callable[[str], str]:
    """A row that the list has not is named as the city wrote it."""
    return lambda key: plain(t.speech.named(name, key), PLACE) if key else ""


TELLING: Mapping[str, Callable[[Telling], Told]] = {
    "total": _total,
    "sources": _sources,
    "classes": _classes,
    "places": _places,
    "towns": _towns,
    "lowest": _lowest,
    "units": _units,
    "days": _days,
    "quick": _quick,
    "rates": _rates,
    "unit_rates": _unit_rates,
    "overdue": _overdue,
    "red": _red,
    "duty": _duty,
    "advice": _advice,
}
"""Row of the list study_block -> what tells it."""
