"""What a person states when an incident is opened, and when its gradings are decided anew."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QComboBox

from commandwall import alarms
from commandwall.alarms import Alarm
from commandwall.events import EventView
from commandwall.grading import Harm, suggest
from commandwall.incidents import Incident, Levels, Opening, open_incident, set_levels
from commandwall.picture import Picture
from commandwall.plans import open_with_plan
from commandwall.public_warnings import PublicWarning, city_of, middle, open_from_warning
from commandwall.rights import About
from commandwall.store.written import TITLE_LIMIT
from layers.map import MapView
from widgets import plan_sheets, words
from widgets.base import Panel, Subject
from widgets.facts import place_at, place_of_event
from widgets.fields import Field, choice, number
from widgets.fields import words as line
from widgets.i18n import language, named, rows, tr
from widgets.sheet import Answers, Sheet
from widgets.text import plain

FARTHEST_M, STEP_M = 20_000, 50
MANY, COSTLY, STEP_LOSS = 9_999, 9_999_999, 100
HARM = ("dead", "hurt", "loss")
GRADINGS = {"grade": "事件分级", "warning": "预警级别", "response": "响应级别"}


@dataclass(frozen=True, slots=True)
class Start:
    """What an incident is opened from: what is known before a person states anything."""

    title: str
    area: str
    place: str
    lon: float
    lat: float
    kind: str = ""
    event: str = ""
    alarm: str = ""
    grade: int | None = None
    warning: int | None = None
    warned: str = ""
    """The public warning that it grows from."""


def level(grading: str, value: int | None) -> str:
    """重大, 红色预警, 二级响应 or 未定: a grading of an incident in words, never a bare 级."""
    return named("incident_level", f"{grading}-{value}") if value else tr("未定")


def from_event(view: EventView, picture: Picture) -> Start:
    e = view.event
    lon, lat, place = place_of_event(view, picture) or (0.0, 0.0, "")
    kind = _kind("events", view.cls)
    return Start(e.headline, e.area, place, lon, lat, kind, event=e.id, grade=e.grade)


def from_alarm(alarm: Alarm, picture: Picture) -> Start:
    """With it comes the event that it filed."""
    filed = alarms.event_id(alarm.id)
    event = filed if filed in picture.events else ""
    place, kind = words.place(picture, alarm.area), _kind("sensors", alarm.cls)
    title = named("incident_kind", kind) if kind else words.alarm_title(alarm)
    return Start(f"{place} {title}".strip(), alarm.area, place, alarm.lon, alarm.lat, kind, event,
                 alarm.id)  # fmt: skip


def _kind(by: str, cls: str) -> str:
    """The kind whose row names such devices, or such events; "" where none does."""
    kinds = (k for k, c in rows("incident_kind").items() if cls in c.facts.get(by, ()))
    return next(kinds, "")


def from_warning(warning: PublicWarning, picture: Picture, view: MapView | None) -> Start:
    """In the middle of what the warning names of the city, else in the middle of the city."""
    city, found = city_of(picture.areas.values()), middle(warning, picture.areas.values())
    lon, lat = found or ((city.lon, city.lat) if city is not None else (0.0, 0.0))
    code = view.area_at(lon, lat) if view is not None and found else ""
    said = f"{warning.what} {warning.headline}".lower()
    kinds = rows("incident_kind").items()
    kind = next((k for k, c in kinds if any(w in said for w in c.facts.get("warnings", ()))), "")
    title = plain(warning.headline or warning.what, TITLE_LIMIT)
    place = plain(warning.places) or words.place(picture, code)
    code = code or (city.id if city is not None else "")
    return Start(title, code, place, lon, lat, kind, warning=warning.level,
                 warned=warning.id)  # fmt: skip


def from_spot(lon: float, lat: float, code: str, picture: Picture) -> Start:
    """By hand at a place of the map."""
    return Start("", code, place_at(lon, lat, code, picture), lon, lat)


def ask_opening(panel: Panel, start: Start) -> None:
    """A sheet that opens the incident; the page of its kind follows once it is on disk."""
    kinds = {"": tr("未定"), **{k: c.name(language()) for k, c in rows("incident_kind").items()}}
    kind = choice(kinds)
    kind.setCurrentIndex(list(kinds).index(start.kind))
    levels = _level_fields({"grade": start.grade, "warning": start.warning})
    if not (decides := _decides(panel, start)):
        levels["grade"] = (tr("建议分级"), levels["grade"][1])
    by = {"kind": kind, "grade": levels["grade"][1], "response": levels["response"][1]}
    fields: dict[str, tuple[str, Field]] = {
        "title": (tr("名称"), line(start.title)),
        "kind": (tr("种类"), kind),
        "place": (tr("地点"), line(start.place)),
        **_harm_fields(Harm()),
        **(levels if decides else {"grade": levels["grade"]}),
        "plan": (tr("预案"), plan_sheets.plan_field(panel, by)),
        "radius_m": (tr("警戒半径"), number(FARTHEST_M, STEP_M, "m")),
        "reason": (tr("开设原因"), line()),
    }
    sheet = Sheet(panel.look, tr("转突发：前指与后指一同开设"), "开设", fields, panel.window())
    sheet.telling(lambda told: _foreseen(panel, told))
    panel.context.over(sheet.then(lambda told: _open(panel, start, told)))


def _decides(panel: Panel, start: Start) -> bool:
    """Whether this post decides gradings there; else it proposes one."""
    return not panel.barred(set_levels, About((start.area,)))


def _foreseen(panel: Panel, told: Answers) -> str:
    """What the rules propose for the harm, and what the plan will set."""
    plan = plan_sheets.chosen(panel, told)
    lines = (
        plan_sheets.preview(plan, told.get("response"), told["grade"]),
        proposed(told, str(told["kind"]), panel.picture),
    )
    return "　".join(filter(None, lines))


def ask_levels(panel: Panel, incident: Incident, then: Any) -> None:
    """A sheet that decides the three gradings; `then(levels, reason)`."""
    fields: dict[str, tuple[str, Field]] = {
        **_harm_fields(harm_of(panel.picture, incident)),
        **_level_fields({g: getattr(incident, g) for g in GRADINGS}),
        "reason": (tr("定级理由"), line()),
    }
    title = tr("定级 {title}", title=incident.title)
    sheet = Sheet(panel.look, title, "定级", fields, panel.window())
    sheet.telling(lambda told: _regraded(panel, incident, told))
    panel.context.over(sheet.then(lambda told: then(_levels(told), told["reason"])))


def _regraded(panel: Panel, incident: Incident, told: Answers) -> str:
    """What the rules propose for the harm, and what the levels add to the plan."""
    lines = (
        plan_sheets.rising(panel, incident, _levels(told)),
        proposed(told, incident.kind, panel.picture),
    )
    return "　".join(filter(None, lines))


def proposed(told: Answers, kind: str, picture: Picture) -> str:
    """What the rules propose for the harm that is typed, and why; a person decides."""
    found = suggest(_harm(told), kind, picture.now)
    if found is None:
        return tr("建议分级　无：未报伤亡和损失，或该种类不分级；由人决定")
    grade, rule = level("grade", found.grade), named("grade_limit", found.rule)
    return tr("建议分级　{grade}：{rule}；由人决定", grade=grade, rule=rule)


def proposal_line(picture: Picture, incident: Incident) -> str:
    """What a person proposes, else what the harm that is known now does, where it is not what was
    decided."""
    said = picture.proposals.get(incident.id)
    if said is not None and said.grade and not said.rule:
        told = tr(
            "{post}建议{grade}", post=named("post", said.post), grade=level("grade", said.grade)
        )
        return told if said.grade != incident.grade else ""
    found = suggest(harm_of(picture, incident), incident.kind, picture.now)
    if found is None or found.grade == incident.grade:
        return ""
    grade, rule = level("grade", found.grade), named("grade_limit", found.rule)
    return tr("建议{grade}（{rule}）", grade=grade, rule=rule)


def harm_of(picture: Picture, incident: Incident) -> Harm:
    """The harm as it was last told: with a grading, or for a report, which knows no money."""
    known, losses = picture.proposals.get(incident.id), picture.losses.get(incident.id)
    harm = Harm(known.dead, known.hurt, known.loss) if known else Harm()
    if losses is None or (known is not None and known.at > losses.at):
        return harm
    return Harm(losses.dead, losses.severe, harm.loss)


def _open(panel: Panel, start: Start, told: Answers) -> Future[Any]:
    decides = "response" in told
    levels = _levels(told) if decides else Levels(None, None, None, _harm(told))
    opening = Opening(
        told["title"], told["kind"], start.area, told["place"], start.lon, start.lat, levels.grade,
        levels.warning, levels.response, float(told["radius_m"]), start.event, told["reason"],
        start.alarm, levels.harm, None if decides else told["grade"],
    )  # fmt: skip
    plan = plan_sheets.chosen(panel, told)
    if start.warned:
        given = {"warning": start.warned, "opening": opening, "plan": plan}
        return panel.do(open_from_warning, lambda done: _show(panel, done), **given)
    if plan is not None:
        return panel.do(open_with_plan, lambda done: _show(panel, done), opening=opening, plan=plan)
    return panel.do(open_incident, lambda done: _show(panel, done), opening=opening)


def _show(panel: Panel, done: Any) -> None:
    for incident in done.of(Incident):
        panel.wanted.emit(Subject(Incident, incident.id))


def _harm(told: Answers) -> Harm:
    return Harm(*(int(told[name]) for name in HARM))


def _levels(told: Answers) -> Levels:
    grade, warning, response = (told[g] for g in GRADINGS)
    return Levels(grade, warning, response, _harm(told))


def _harm_fields(harm: Harm) -> dict[str, tuple[str, Field]]:
    dead, hurt = number(MANY, 1, tr("人")), number(MANY, 1, tr("人"))
    loss = number(COSTLY, STEP_LOSS, tr("万元"))
    for field, value in ((dead, harm.dead), (hurt, harm.hurt), (loss, harm.loss)):
        field.setValue(value)
    return {"dead": (tr("死亡"), dead), "hurt": (tr("重伤"), hurt),
            "loss": (tr("直接经济损失"), loss)}  # fmt: skip


def _level_fields(now: dict[str, int | None]) -> dict[str, tuple[str, QComboBox]]:
    fields: dict[str, tuple[str, QComboBox]] = {}
    for grading, name in GRADINGS.items():
        field = choice({value: level(grading, value) for value in (None, 1, 2, 3, 4)})
        field.setCurrentIndex(now.get(grading) or 0)
        fields[grading] = tr(name), field
    return fields
