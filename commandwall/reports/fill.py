"""What a report says before anybody types: each element from what the wall knows, with its source.

What nobody knows is told as not known yet, never as nothing: 待核 is no 无.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from commandwall import codes, plans
from commandwall.alarms import Alarm, of_value
from commandwall.areas import TOWN
from commandwall.directives import CANCELLED, SUPERSEDED, Directive
from commandwall.dispatch import ARRIVED
from commandwall.events import Event, EventView
from commandwall.geo import distance
from commandwall.hit import Hit
from commandwall.incidents import Incident
from commandwall.indicators import Indicator, fresh_for
from commandwall.people import holders
from commandwall.picture import Picture
from commandwall.plain import clean, mask
from commandwall.planbook import Book
from commandwall.reporting import ELEMENTS, Elements, Report, last_sent
from commandwall.reports.speech import Speech, clock, moment
from commandwall.requests import ASKED
from commandwall.sitreps import SituationReport, newest

CLAUSE = re.compile("[，。；！,;!]")
ALIKE = 2
"""Letters by which a weather station is known for that of a town."""


@dataclass(frozen=True, slots=True)
class Filled:
    """An element as it is filled in; `source` says where from, "" where nobody knows it."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Facts:
    """An incident, the picture it lies in, and the language to tell it in."""

    incident: Incident
    picture: Picture
    speech: Speech
    hit: Hit | None = None  # what stands in its area, where that was worked out
    origin: EventView | None = None  # the event it grew from, where the picture holds it no more
    book: Book = field(default_factory=Book)  # the plans that name what orders are for

    @property
    def event(self) -> Event | None:
        """The event it grew from."""
        view = self.picture.events.get(self.incident.event, self.origin)
        return view.event if view is not None else None

    @property
    def told(self) -> SituationReport | None:
        """What the front said last of the scene."""
        return newest(self.picture.sitreps.values(), self.incident.id)

    @property
    def directives(self) -> list[Directive]:
        mine = (
            d
            for d in self.picture.directives.values()
            if d.issued_at and d.incident == self.incident.id
        )
        return sorted(mine, key=lambda d: d.issued_at)


def fill(facts: Facts) -> dict[str, Filled]:
    """Every element of the next report."""
    last = last_sent(facts.picture.reports.values(), facts.incident.id)
    return {name: _element(name, facts, last) for name in ELEMENTS}


def said(filled: Mapping[str, Filled]) -> Elements:
    return Elements(**{name: one.text for name, one in filled.items()})


def _element(name: str, facts: Facts, last: Report | None) -> Filled:
    found = TELLING[name](facts)
    if found.text:
        return Filled(mask(clean(found.text, 4000)), found.source)
    tr = facts.speech.tr
    unknown, before = tr("待核，续报"), getattr(last, name, "")
    if last is not None and before not in ("", unknown):
        return Filled(before, tr("上次报告 {time}", time=clock(last.sent_at)))
    return Filled("" if name == "advice" else unknown, "")


def _received(f: Facts) -> Filled:
    event, tr = f.event, f.speech.tr
    if event is not None:
        return Filled(moment(event.received_at), tr("事件接收时间"))
    return Filled(moment(f.incident.opened_at), tr("突发事件开设时间"))


def _source(f: Facts) -> Filled:
    event, tr = f.event, f.speech.tr
    if event is None:
        return Filled(f.speech.named("post", f.incident.post, full=True), tr("突发事件开设岗位"))
    where = f.speech.named("event_source", event.source)
    number = "" if event.source_id == event.id else event.source_id  # an id that no person gave
    return Filled(" ".join(filter(None, (where, number))), tr("事件来源"))


def _happened(f: Facts) -> Filled:
    """When it happened; where nobody says so, by when it had."""
    event, tr = f.event, f.speech.tr
    alarm = f.picture.alarms.get(f.incident.alarm)
    if event is not None and event.occurred_at is not None:
        return Filled(moment(event.occurred_at), tr("事件发生时间"))
    if alarm is not None:
        return Filled(moment(alarm.raised_at), tr("告警触发时间"))
    known = f.incident.opened_at if event is None else event.received_at
    return Filled(tr("不晚于 {time}", time=moment(known)), tr("接报时间"))


def _place(f: Facts) -> Filled:
    names, area = [f.incident.place], f.picture.areas.get(f.incident.area)
    while area is not None and area.level >= TOWN and len(names) < 5:
        if area.name not in f.incident.place:
            names.insert(0, area.name)
        area = f.picture.areas.get(area.parent)
    return Filled(" ".join(filter(None, names)), f.speech.tr("突发事件地点"))


def _nature(f: Facts) -> Filled:
    tr, i = f.speech.tr, f.incident
    kind = f.speech.named("incident_kind", i.kind) if i.kind else i.title
    level = f.speech.level("grade", i.grade)
    graded = tr("事件分级 {level}", level=level) if i.grade else tr("未定级")
    return Filled(tr("{a}，{b}", a=kind, b=graded), tr("种类与分级"))


def _extent(f: Facts) -> Filled:
    tr, parts = f.speech.tr, list[str]()
    if f.incident.radius_m > 0:
        parts.append(tr("警戒半径 {length}", length=f"{f.incident.radius_m:,.0f} m"))
    drawn = f.picture.extents.get(f.incident.id)
    if drawn is not None and drawn.shape:
        shape = f.speech.named("extent_shape", drawn.shape)
        parts.append(tr("影响范围 {shape} {length}", shape=shape, length=f"{drawn.size_m:,.0f} m"))
    parts += within(f)
    return Filled(tr("、").join(parts), tr("警戒与影响范围"))


def within(f: Facts) -> list[str]:
    """A line of what stands in the area and who lives there; none where that is not known."""
    if f.hit is None or not f.hit.buildings:
        return []
    line = f.speech.tr(
        "范围内楼栋 {n}、住户 {m}、人口 {k}", n=f"{len(f.hit.buildings):,}",
        m=f"{f.hit.households:,}", k=f"{f.hit.people:,}",
    )  # fmt: skip
    return [line]


def _people(f: Facts) -> Filled:
    found, tr = f.picture.losses.get(f.incident.id), f.speech.tr
    if found is None:
        told = f.told
        seen = Filled(told.casualties, _from_front(f, told)) if told is not None else None
        return seen if seen is not None and seen.text else _harm(f)
    line = tr(
        "死亡 {dead} 人，失联 {missing} 人，重伤 {severe} 人，轻伤 {hurt} 人",
        dead=found.dead, missing=found.missing, severe=found.severe, hurt=found.hurt,
    )  # fmt: skip
    return Filled(line, tr("{source}，{time}", source=found.source, time=clock(found.at)))


def _from_front(f: Facts, told: SituationReport) -> str:
    return f.speech.tr("前指情况报告，{time}", time=clock(told.at))


def _harm(f: Facts) -> Filled:
    """What was known when the grade was decided; nobody hurt then is not known to be so now."""
    found, tr = f.picture.proposals.get(f.incident.id), f.speech.tr
    if found is None or not (found.dead or found.hurt):
        return Filled("", "")
    line = tr("死亡 {dead} 人，受伤 {hurt} 人", dead=found.dead, hurt=found.hurt)
    return Filled(line, tr("定级时所报，{time}", time=clock(found.at)))


def _damage(f: Facts) -> Filled:
    found = f.picture.losses.get(f.incident.id)
    if found is None or not found.damage:
        return Filled("", "")
    line = f.speech.tr("{source}，{time}", source=found.source, time=clock(found.at))
    return Filled(found.damage, line)


def _trend(f: Facts) -> Filled:
    """How it stands on scene, alarms around it and the weather; how it will go on a person says."""
    tr, told = f.speech.tr, f.told
    alarms = sorted(_alarms(f), key=lambda a: (a.severity, -a.value))
    lines = [tr("现场 {now}", now=told.now)] if told is not None else []
    if alarms:
        worst = alarms[0]
        name = f.speech.named("sensor_class", worst.cls)
        lines.append(
            tr("周边 {n} 处告警未恢复，最重 {name} {value} {unit}", n=len(alarms), name=name,
               value=f"{worst.value:g}", unit=worst.unit)
        )  # fmt: skip
    if weather := _weather(f):
        lines.append(weather)
    source = "情况报告、告警与气象，{time}" if told is not None else "告警与气象，{time}"
    return Filled("；".join(lines), tr(source, time=clock(f.picture.now)))


def _alarms(f: Facts) -> list[Alarm]:
    alarms = [a for a in f.picture.alarms.values() if of_value(a)]
    lon, lat = np.array([a.lon for a in alarms]), np.array([a.lat for a in alarms])
    apart = distance(f.incident.lon, f.incident.lat, lon, lat)
    reach = max(f.incident.radius_m, codes.limit("report_around_m"))
    return [a for a, far in zip(alarms, apart, strict=True) if far <= reach]


def _weather(f: Facts) -> str:
    """What the weather station of the town says now, else the city's first; each says its name."""
    area = f.picture.areas.get(f.incident.area)
    while area is not None and area.level > TOWN:
        area = f.picture.areas.get(area.parent)
    town = area.name[:ALIKE] if area is not None else ""
    known = [s for s in f.picture.indicators.values() if s.domain == "weather" and _fresh(f, s)]
    stations = [s.name[:ALIKE] for s in sorted(known, key=lambda s: s.id)]
    station = town if town in stations else next(iter(stations), "")
    told = [_reading(f, s) for s in known if s.name[:ALIKE] == station]
    return f.speech.tr("、").join(told)


def _fresh(f: Facts, sign: Indicator) -> bool:
    value = f.picture.values.get(sign.id)
    known = value is not None and value.value is not None
    return known and f.picture.now - f.picture.values[sign.id].at <= fresh_for(sign)


def _reading(f: Facts, sign: Indicator) -> str:
    name = sign.name_en if f.speech.lang == "en" else sign.name
    value = f.picture.values[sign.id].value or 0.0
    return f"{name} {value:.{max(1, sign.decimals)}f} {sign.unit}"


def _leaders(f: Facts) -> Filled:
    """The leads of the two posts, and who acted at which post."""
    posts = [p for p in f.picture.command_posts.values() if p.incident == f.incident.id and p.lead]
    side = {"front": f.speech.tr("前指"), "back": f.speech.tr("后指")}
    names = [f"{side.get(p.side, p.side)} {p.lead}" for p in posts]
    acted = {d.post: d.by for d in f.directives if d.by}
    acted |= {post: held[-1].name for post, held in holders(f.picture.duties.values()).items()}
    acted[f.incident.post] = acted.get(f.incident.post) or f.incident.by
    names += [f"{f.speech.named('post', post, full=True)} {by}" for post, by in acted.items() if by]
    return Filled(f.speech.tr("、").join(names), f.speech.tr("指挥部与签发记录"))


def _measures(f: Facts) -> Filled:
    """Each order in a few words, those that were taken back left out."""
    lines = [_order(f, d) for d in f.directives if d.state not in (CANCELLED, SUPERSEDED)]
    source = f.speech.tr("指令 {n} 条，{time}", n=len(lines), time=clock(f.picture.now))
    if units := _units(f):
        lines.insert(0, units)
    if f.incident.closed_at is not None:
        lines.append(f"{clock(f.incident.closed_at)} {f.incident.reason}")
    return Filled("；".join(lines), source)


def _order(f: Facts, d: Directive) -> str:
    """14:05 设警戒圈 警戒组（完成）: when it was given, its task, else its act and first clause."""
    task = plans.task(f.book.plans, f.picture.directives, d)
    if task is not None:
        what = task.en if f.speech.lang == "en" else task.zh
    else:
        what, verb = (
            CLAUSE.split(clean(d.text, 4000), 1)[0],
            f.speech.named("directive_verb", d.verb),
        )
        what = what if verb in what else f"{verb} {what}"
    state = f.speech.tr("（{state}）", state=_state(f, d))
    return f"{clock(d.issued_at)} {what} {f.speech.named('post', d.to_post)}{state}"


def _units(f: Facts) -> str:
    """How many units were sent to it, and how many were there; "" for none."""
    mine = f.picture.trips_to(*filter(None, (f.incident.id, f.incident.event)))
    there = sum(ARRIVED in trip.steps for trip in mine)
    line = f.speech.tr("派出力量 {n}，到场 {there}", n=len(mine), there=there)
    return line if mine else ""


def _state(f: Facts, directive: Directive) -> str:
    return f.speech.named("directive_state", directive.state)


def _advice(f: Facts) -> Filled:
    """What those who cannot go on need, and what was asked for and not answered; that there is
    none of it is known too."""
    tr, told = f.speech.tr, f.told
    needs = [d.need for d in f.directives if d.need and d.done_at is None]
    mine = (r for r in f.picture.requests.values() if r.incident == f.incident.id)
    needs += [f"{r.what} {r.amount}".strip() for r in mine if r.state == ASKED]
    needs += [told.needs] if told is not None and told.needs else []
    none = tr("目前无受阻指令，无待答复的请求")
    line = tr("需协调：{needs}", needs=tr("、").join(needs)) if needs else none
    return Filled(line, tr("受阻的指令、请求与情况报告"))


TELLING: Mapping[str, Callable[[Facts], Filled]] = {
    "received": _received,
    "source": _source,
    "happened": _happened,
    "place": _place,
    "nature": _nature,
    "extent": _extent,
    "people": _people,
    "damage": _damage,
    "trend": _trend,
    "leaders": _leaders,
    "measures": _measures,
    "advice": _advice,
}
"""Element -> what tells it."""
