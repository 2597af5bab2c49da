"""The paper fall-back 纸上值守: what a shift goes on with when power or network die. What is in
hand, whom to call, the map with its numbers, the log so far, and empty lines to write on.

It is made from the store alone, so that it needs neither a screen nor the pool.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from commandwall import (
    alarm_lists,
    alarms,
    codes,
    deadlines,
    directives,
    modes,
    people,
    posts,
    rota,
    tallies,
)
from commandwall.alarms import Alarm
from commandwall.areas import Person, by_code, foremost
from commandwall.clock import Ms, day
from commandwall.deadlines import Deadline
from commandwall.directives import Directive
from commandwall.events import EventView
from commandwall.incidents import OPEN, Incident
from commandwall.owed import of_directive
from commandwall.people import Duty
from commandwall.plain import address, clean, person, phone, plain
from commandwall.reports import city_map, shift_log
from commandwall.reports.city_map import Mark
from commandwall.reports.press import Paper
from commandwall.reports.shift_log import Places
from commandwall.reports.speech import Speech, clock, moment
from commandwall.resources import Resource
from commandwall.store import pulse, sight
from commandwall.store.store import Reader

MAP = "map.svg"
KIND, HANDED = "fallback", "handover"
"""Of the list hand_out_kind."""
LINE, PLACE = 46, 40
"""Characters that a cell has room for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom the paper is made, and in which language."""

    lang: str
    now: Ms
    who: str = ""  # the person and his post, in words
    whole: bool = False  # whether he may read whole numbers; they are masked where not
    seat: str = ""  # of a hand-over sheet: the post that is handed over
    told: tuple[str, ...] = ()  # what the sheet on the screen says of it, line by line


@dataclass(frozen=True, slots=True)
class Called:
    """A line of the call sheet."""

    group: str
    what: str
    name: str
    number: str


def collect(reader: Reader, asked: Asked) -> Paper:
    """The paper. Works on what this station has, however old that is, and says how old."""
    made = _Making(reader, asked)
    tables = [made.incidents(), made.orders(), made.alarms(), made.events()]
    if asked.seat:
        return Paper(HANDED, {**made.head(), **made.handed(), "tables": tables})
    drawn = city_map.draw(reader, made.area, made.marks)
    data = {
        **made.head(),
        "tables": tables,
        "calls": made.calls(),
        "map": MAP if drawn else "",
        "no_map": made.tr("地图未能画出"),
        "map_note": made.tr("实心：突发事件与 Ⅰ、Ⅱ 级告警；编号同前表"),
        "log": made.log(),
        "blank": made.blank(),
    }
    return Paper(KIND, data, {MAP: drawn} if drawn else {})


class _Making:
    """One paper in the making; `marks` are those of its map."""

    def __init__(self, reader: Reader, asked: Asked) -> None:
        self._reader, self._asked, self._on = reader, asked, day(asked.now)
        self._speech = Speech.of(asked.lang)
        self.tr = self._speech.tr
        self.area = sight.read(reader.folder).area
        """What the station sees; "": the whole city."""
        self._places = Places(reader)
        self.marks: list[Mark] = []
        self._areas: dict[str, None] = {}
        """Of what is in hand, in the order of the tables: those who answer for them are called."""

    def head(self) -> dict[str, Any]:
        asked, tr = self._asked, self.tr
        mode = modes.in_force(self._reader.find(modes.Mode, state=modes.ON), [self.area], asked.now)
        named = self._speech.named("mode", mode.mode if mode else modes.ordinary())
        known = moment(pulse.read(self._reader.folder).pool_at) or tr("未知")
        return {
            "title": tr("纸上值守"),
            "printed": tr("编制 {time}　城市数据截至 {known}", time=moment(asked.now), known=known),
            "lines": [
                tr("{who}　模式 {mode}", who=asked.who or tr("未选岗"), mode=named),
                tr("电话、电台照常派，在末页逐行记时刻、谁办、谁记；恢复后按 Ctrl Shift O 补录"),
            ],
            "none": tr("无"),
            "foot": tr("纸上值守　{time}", time=moment(asked.now)),
        }  # fmt: skip

    def handed(self) -> dict[str, Any]:
        """What is told of a post that is handed over, and where two people sign."""
        post, tr = self._speech.named("post", self._asked.seat, full=True), self.tr
        return {
            "title": tr("交接单　{post}", post=post),
            "lines": list(self._asked.told),
            "foot": tr("交接单　{post}　{time}", post=post, time=moment(self._asked.now)),
            "signs": [tr("交岗人签字"), tr("接岗人签字"), tr("时刻")],
        }

    # What is in hand.

    def incidents(self) -> dict[str, Any]:
        speech = self._speech
        found = sorted(self._reader.find(Incident, state=OPEN), key=lambda i: i.opened_at)
        rows = [
            [self._mark("突{n}", n, i.lon, i.lat, i.area, strong=True), clock(i.opened_at),
             plain(i.title, LINE), plain(i.place, PLACE), speech.level("response", i.response)]
            for n, i in enumerate(found, 1)
        ]  # fmt: skip
        return self._table("突发事件", ("号", "开设", "标题", "地点", "响应级别"), rows, len(found))

    def orders(self) -> dict[str, Any]:
        """Those that are not over."""
        speech, running = self._speech, self._reader.find(Incident, state=OPEN)
        every = self._reader.many(Directive, [i.id for i in running], field="incident")
        found = sorted(
            (d for d in every if d.issued_at and not directives.is_over(d)), key=lambda d: d.no
        )
        rows = []
        for d in found:
            debt = of_directive(d)
            posted = f"{speech.named('post', d.from_post)} → {speech.named('post', d.to_post)}"
            words = " ".join(
                filter(None, (speech.named("directive_verb", d.verb), d.text, d.place))
            )
            due = f"{speech.named('directive_limit', debt.step)} {clock(debt.due)}" if debt else ""
            state = speech.named("directive_state", d.state)
            rows.append([str(d.no), posted, plain(words, LINE), state, due])
        return self._table("指令", ("号", "岗位", "内容", "状态", "欠"), rows, len(found))

    def alarms(self) -> dict[str, Any]:
        """Those that nothing keeps from calling, the gravest first."""
        standing = self._reader.many(Alarm, alarms.STANDING, field="state")
        found = sorted(
            alarm_lists.sort_out(standing, self._asked.now).active.values(),
            key=lambda a: (a.severity, -a.raised_at, a.id),
        )
        worst, speech = codes.limit("shift_severity", self._on), self._speech
        rows = [
            [self._mark("告{n}", n, a.lon, a.lat, a.area, a.severity <= worst),
             speech.named("alarm_priority", str(a.severity)), shift_log.alarm_title(a, speech),
             self._places.name(a.area), clock(a.raised_at), speech.named("alarm_state", a.state)]
            for n, a in enumerate(found[: self._most], 1)
        ]  # fmt: skip
        columns = ("号", "级", "告警", "地点", "触发", "状态")
        return self._table("在报告警", columns, rows, len(found))

    def events(self) -> dict[str, Any]:
        """The open events of this area, those that run out first foremost."""
        areas = by_code(self._reader)
        found = [
            (v, deadlines.running(v, areas)) for v in tallies.in_hand(self._reader).values()
            if v.open and v.event.area.startswith(self.area)
        ]  # fmt: skip
        found.sort(key=_soonest)
        rows = [self._event(n, *one) for n, one in enumerate(found[: self._most], 1)]
        columns = ("号", "编号", "急", "事件", "地点", "状态", "单位", "到期")
        return self._table("在办事件", columns, rows, len(found))

    def _event(self, n: int, view: EventView, clock_: Deadline | None) -> list[str]:
        event, speech = view.event, self._speech
        where = self._where(event.area, event.address)
        due = clock_.due if clock_ is not None and clock_.paused_at is None else None
        late = due is not None and due < self._asked.now
        return [
            self._mark("事{n}", n, event.lon, event.lat, event.area), view.number,
            str(event.urgency), plain(event.headline, LINE), where,
            speech.named("event_state", view.state), plain(view.unit, 16),
            f"{moment(due)[5:]}{self.tr('　逾期') if late else ''}",
        ]  # fmt: skip

    def _where(self, area: str, typed: str) -> str:
        """An address often begins with its areas: they stand once."""
        names, rest = self._places.name(area), address(typed)
        for name in names.split():
            rest = rest.removeprefix(name).lstrip()
        return f"{names} {rest}".strip()

    @property
    def _most(self) -> int:
        return int(codes.limit("fallback_rows", self._on))

    def _mark(
        self, word: str, n: int, lon: float | None, lat: float | None, area: str,
        strong: bool = False,
    ) -> str:  # fmt: skip
        told = self.tr(word, n=n)
        if area:
            self._areas[area] = None
        if lon is not None and lat is not None:
            self.marks.append(Mark(told, lon, lat, strong))
        return told

    # Whom to call.

    def calls(self) -> dict[str, Any]:
        found = [*self._turns(), *self._seats(), *self._answering(), *self._units()]
        rows = [[c.group, c.what, c.name, c.number] for c in found]
        note = "号码未遮盖，用后销毁" if self._asked.whole else "号码已遮盖：本岗无权看全号"
        table = self._table("通讯录", ("类别", "岗位、辖区、单位", "姓名", "电话"), rows, len(rows))
        return {**table, "note": self.tr(note)}

    def _turns(self) -> Iterable[Called]:
        """Who is on duty by the calendar, and who comes next."""
        for turn in rota.on_duty(self._reader, self._asked.now):
            begin, _ = rota.span(turn.day, turn.shift)
            role = self._speech.named("duty_role", turn.role)
            shift = self._speech.named("duty_shift", turn.shift)
            what = f"{role}　{shift} {moment(begin)[5:]}"
            yield self._called(self.tr("值班"), what, turn.name, turn.phone)

    def _seats(self) -> Iterable[Called]:
        """Who holds a post; those of the command pair that nobody holds in one line."""
        speech, held = self._speech, people.holders(self._reader.find(Duty))
        named = {p.id: speech.named("post", p.id, full=True) for p in posts.roster().posts()}
        for post in filter(held.__contains__, named):
            names = "、".join(plain(h.name, 12) for h in held[post])
            yield Called(self.tr("岗位"), named[post], names, "")
        empty = [name for post, name in named.items() if post not in held and posts.side_of(post)]
        if people.enrolled(self._reader) and empty:
            yield Called(self.tr("空缺"), "、".join(empty), "", "")

    def _answering(self) -> Iterable[Called]:
        """Who answers for each town, then for the places of what is in hand."""
        places = self._places
        near = [places.around(area) for area in list(self._areas)[: self._most]]
        lines = [*([town] for town in places.towns() if self._mine(town)), *near]
        held = defaultdict[str, list[Person]](list)
        for one in self._reader.many(Person, sorted({a for line in lines for a in line}), "area"):
            held[one.area].append(one)
        first = (next(filter(None, (foremost(held[a]) for a in line)), None) for line in lines)
        found = {p.id: p for p in first if p is not None}
        for one in found.values():
            role = self._speech.named("person_role", one.role)
            yield self._called(
                self.tr("辖区"), f"{self._places.name(one.area)} {role}", one.name, one.phone
            )

    def _units(self) -> Iterable[Called]:
        """Units with a telephone, by what they are."""
        kinds = list(codes.load("resource_kind", self._on))
        found = [r for r in self._reader.find(Resource) if r.phone and self._mine(r.area)]
        found.sort(key=lambda r: (kinds.index(r.kind) if r.kind in kinds else len(kinds), r.name))
        for one in found[: int(codes.limit("fallback_units", self._on))]:
            kind = self._speech.named("resource_kind", one.kind)
            yield self._called(kind, plain(one.unit, PLACE), one.name, one.phone, of_person=False)

    def _mine(self, area: str) -> bool:
        return area.startswith(self.area)

    def _called(
        self, group: str, what: str, name: str, number: str, of_person: bool = True
    ) -> Called:
        if self._asked.whole:
            return Called(group, what, clean(name, 20), clean(number, 20))
        return Called(group, what, person(name) if of_person else plain(name, 20), phone(number))

    # The log, and room to go on with it.

    def log(self) -> dict[str, Any]:
        """What was done since the last hand-over here."""
        asked = self._asked
        since = shift_log.begun(self._reader, asked.now)
        found = shift_log.read(self._reader, since, asked.now, self._speech)
        rows = [
            [moment(e.at)[5:], f"{e.who} {plain(e.by, 12)}".strip(), e.act, e.what]
            for e in found.entries
        ]
        head = self.tr("值班日志　{since} 起", since=moment(since))
        table = self._table(head, ("时刻", "谁", "办了什么", "内容"), rows, len(rows))
        return {**table, "more": self._more(found.left, "更早的 {n} 条未列")}

    def blank(self) -> dict[str, Any]:
        lines = int(codes.limit("fallback_blank_lines", self._on))
        columns = ("时刻", "事件号", "事项", "谁办", "记录人", "已补录")
        return self._table("手写记录", columns, [[""] * len(columns)] * lines, 0)

    def _table(
        self, head: str, columns: Sequence[str], rows: list[list[str]], of: int
    ) -> dict[str, Any]:
        return {
            "head": self.tr(head), "columns": [self.tr(c) for c in columns], "rows": rows,
            "count": str(of) if of else "", "more": self._more(of - len(rows), "另有 {n} 件"),
        }  # fmt: skip

    def _more(self, n: int, words: str) -> str:
        return self.tr(words, n=n) if n > 0 else ""


def _soonest(one: tuple[EventView, Deadline | None]) -> tuple[Any, ...]:
    """The most urgent; of those the clock that runs out first, then those that stand, then those
    without one."""
    view, clock_ = one
    last = (False, view.event.reported_at)
    return view.event.urgency, clock_ is None, *(deadlines.order(clock_) if clock_ else last)
