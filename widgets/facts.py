"""What is said of one thing in a few lines: for the card beside the pointer.

Each function takes the picture as it stands, and tells how old what it says is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from commandwall import codes, deadlines, pipes, posts
from commandwall.areas import CITY, GRID, TOWN, VILLAGE
from commandwall.clock import SECOND, Ms
from commandwall.events import EventView
from commandwall.picture import Picture
from commandwall.resources import Resource
from commandwall.sensors import BAD, STALE
from widgets import age, text, warning_words, words
from widgets.base import Context
from widgets.i18n import NUMERALS, measured_in, named, rows, tr
from widgets.trust import heard_at, is_silent

PEOPLE = 3
LEVELS = {CITY: "市级", TOWN: "镇街级", VILLAGE: "村社级", GRID: "网格级"}
QUALITY = {BAD: "读数异常", STALE: "失联，最后已知"}


@dataclass(frozen=True, slots=True)
class Facts:
    """A title, lines that may be empty, and the moment of what is said."""

    title: str
    lines: tuple[str, ...]
    at: Ms | None = None
    old: bool = False
    """Whether that moment is further back than it may be."""
    quiet: bool = False
    """Whether nothing new for a long time is usual."""


def of(kind: str, id_: str, context: Context) -> Facts | None:
    """The facts of a thing as the map names it; None where it is not known."""
    found = MAKERS[kind](id_, context) if kind in MAKERS else None
    if found is None or not context.trust.stopped or found.old:
        return found
    # What the pool says stands still with it; a device that is heard here goes on.
    still = found.at is None or found.at <= context.trust.stopped
    return Facts(found.title, found.lines, found.at, still, found.quiet)


Spot = tuple[float, float, str]
"""Longitude, latitude (degrees WGS-84) and the name of a place."""


def place_of(kind: str, id_: str, picture: Picture) -> Spot | None:
    """Where a thing is and how that place is called; None where nothing is known of it."""
    thing = _thing(kind, id_, picture)
    if isinstance(thing, EventView):
        return place_of_event(thing, picture)
    if isinstance(thing, Resource) and (row := picture.fixes.row_of.get(id_)) is not None:
        lon, lat = float(picture.fixes.lon[row]), float(picture.fixes.lat[row])
        if lon == lon:  # a number: its position was heard
            return lon, lat, text.plain(thing.name)
    if thing is None or thing.lon is None or thing.lat is None:
        return None
    return float(thing.lon), float(thing.lat), _place_name(kind, thing, picture)


def place_of_event(view: EventView, picture: Picture) -> Spot | None:
    """Its own place, else that of the area it is known to."""
    event, area = view.event, picture.areas.get(view.event.area)
    name = words.event_place(view, picture)
    if event.lon is not None and event.lat is not None:
        return event.lon, event.lat, name
    return (area.lon, area.lat, name) if area is not None else None


def place_at(lon: float, lat: float, code: str, picture: Picture) -> str:
    """The name of a place that is only a point: its areas, else its degrees."""
    return words.place(picture, code) or f"{lon:.5f}, {lat:.5f}"


def _place_name(kind: str, thing: Any, picture: Picture) -> str:
    if kind == "area":
        return words.place(picture, thing.id)
    own = text.plain(getattr(thing, "place", "") or getattr(thing, "name", ""))
    where = words.place(picture, getattr(thing, "area", ""))
    return " ".join(filter(None, (where if where not in own else "", own)))


def _thing(kind: str, id_: str, picture: Picture) -> Any:
    """The record that the map calls so; None where there is none."""
    if kind == "sensor":
        row = picture.sensors.row_of.get(id_)
        return picture.sensors.device(row) if row is not None else None
    shelves: dict[str, Mapping[str, Any]] = {
        "alarm": picture.alarms, "area": picture.areas, "building": picture.buildings,
        "camera": picture.cameras, "command_post": picture.command_posts,
        "directive": picture.directives, "event": picture.events, "incident": picture.incidents,
        "place": picture.places, "resource": picture.resources,
    }  # fmt: skip
    return shelves.get(kind, {}).get(id_)


def _sensor(id_: str, context: Context) -> Facts | None:
    sensors = context.picture.sensors
    row = sensors.row_of.get(id_)
    if row is None:
        return None
    record, quality = sensors.device(row), int(sensors.quality[row])
    lines = (
        _measured(float(sensors.value[row]), record.unit), _state(row, context.picture),
        text.plain(record.name),
        words.place(context.picture, record.area),
    )  # fmt: skip
    at = Ms(int(sensors.at[row]))
    return Facts(named("sensor_class", record.cls), lines, at, quality == STALE)


def _state(row: int, picture: Picture) -> str:
    """What is wrong with what a device says, or with the device."""
    severity, quality = int(picture.sensors.severity[row]), int(picture.sensors.quality[row])
    if quality in QUALITY:
        return tr(QUALITY[quality])
    return tr("{level} 级超限", level=NUMERALS[severity]) if severity else tr("正常")


def _pipe(id_: str, context: Context) -> Facts | None:
    """How a piece stands, by which of its devices, and how old that is."""
    picture = context.picture
    if (pipe := picture.pipes.get(id_)) is None:
        return None
    sensors, (row, count) = picture.sensors, pipes.worst(pipe, picture.sensors)
    title, kind = text.plain(pipe.name), named("pipe_kind", pipe.kind)
    where = words.place(picture, pipe.area)
    if row is None:
        nobody = (kind, tr("没有设备监测这一段"), where)
        return Facts(title, nobody, picture.sync.pool_at or None, quiet=True)
    device = sensors.device(row)
    measured = _measured(float(sensors.value[row]), device.unit)
    worst = tr("共 {n} 台，最重者：", n=age.number(count)) if count > 1 else ""
    lines = (kind, f"{_state(row, picture)}　{measured}", worst,
             f"{text.plain(device.name)}　{text.plain(device.id)}", where)  # fmt: skip
    return Facts(title, lines, Ms(int(sensors.at[row])), int(sensors.quality[row]) == STALE)


def device_of(kind: str, id_: str, picture: Picture) -> tuple[str, str]:
    """What is opened when a thing is chosen on the map: of a pipe the device that tells of it."""
    pipe = picture.pipes.get(id_) if kind == "pipe" else None
    row = pipes.worst(pipe, picture.sensors)[0] if pipe is not None else None
    return (kind, id_) if row is None else ("sensor", picture.sensors.ids[row])


def _measured(value: float, unit: str) -> str:
    digits = 0 if value != value or value == int(value) or abs(value) >= 20 else 1
    return age.measure(value, measured_in(unit), digits)


def _alarm(id_: str, context: Context) -> Facts | None:
    alarm = context.picture.alarms.get(id_)
    if alarm is None:
        return None
    grade = tr("{level} 级", level=NUMERALS.get(alarm.severity, "?"))
    raised = tr("{time} 报警", time=age.stamp(context.picture.now, alarm.raised_at))
    lines = (
        f"{grade}　{named('alarm_state', alarm.state)}", raised,
        words.place(context.picture, alarm.area),
    )  # fmt: skip
    silent = is_silent(alarm, context.picture, context.trust)
    title, heard = words.alarm_now(alarm, context.picture), heard_at(alarm, context.picture)
    return Facts(title, lines, heard, silent)


def _event(id_: str, context: Context) -> Facts | None:
    view, picture = context.picture.events.get(id_), context.picture
    if view is None:
        return None
    clock, state = deadlines.running(view, picture.areas), named("event_state", view.state)
    if clock is not None:
        limit = words.clock_name(view.event.urgency, clock.step)
        state = f"{state}　{limit} {words.left(clock, picture.now)}"
    sure = view.event.acc_m
    placed = tr("定位 ±{m} m", m=age.number(sure)) if sure is not None else ""
    source = named("event_source", view.event.source)
    reported = tr("{time} 上报", time=age.stamp(picture.now, view.event.reported_at))
    lines = (state, words.event_place(view, picture), placed, f"{source}　{reported}")
    return Facts(text.plain(view.event.headline), lines, picture.ages.get("events"), quiet=True)


def _resource(id_: str, context: Context) -> Facts | None:
    resource, picture = context.picture.resources.get(id_), context.picture
    if resource is None:
        return None
    row = picture.fixes.row_of.get(id_)
    at = Ms(int(picture.fixes.at[row])) if row is not None else Ms(0)
    limit = codes.limit("fix_full_seconds") * SECOND
    kind, state = named("resource_kind", resource.kind), named("resource_status", resource.status)
    crew = tr("{n} 人", n=resource.crew) if resource.crew else ""
    fix = tr("精度未报　轨迹 Shift T") if at else tr("未定位，在驻地")
    lines = ("　".join(filter(None, (kind, state, crew))), text.plain(resource.unit), fix)
    return Facts(
        text.plain(resource.name), lines, at or None, bool(at) and picture.now - at > limit
    )


def _area(id_: str, context: Context) -> Facts | None:
    area, picture = context.picture.areas.get(id_), context.picture
    if area is None:
        return None
    people = sorted(picture.people.get(id_, []), key=lambda p: _call_order(p.role))[:PEOPLE]
    who = [
        f"{named('person_role', p.role)} {text.person(p.name)}　{text.phone(p.phone)}"
        for p in people
    ]
    open_ = sum(v.event.area.startswith(id_) for v in picture.events.values())
    level = tr(LEVELS.get(area.level, "辖区"))
    lines = (
        f"{level}　{words.place(picture, area.parent)}".rstrip("　"),
        *who, _figure(id_, context), tr("在办事件 {n} 件", n=age.number(open_)),
    )  # fmt: skip
    return Facts(text.plain(area.name), lines, picture.ages.get("events"), quiet=True)


def _call_order(role: str) -> int:
    row = rows("person_role").get(role)
    return int(row.facts.get("order", 99)) if row is not None else 99


def _figure(code: str, context: Context) -> str:
    """The figure that the map colours by, for one area; open events are told anyhow."""
    view = context.map
    if view is None or view.figure in ("", "open_events"):
        return ""
    value = view.figures().get(code)
    unit = str(rows("map_figure")[view.figure].facts.get("unit", ""))
    told = age.UNKNOWN if value is None else _measured(value, unit)
    return f"{named('map_figure', view.figure)} {told}"


def _building(id_: str, context: Context) -> Facts | None:
    building, picture = context.picture.buildings.get(id_), context.picture
    if building is None:
        return None
    colour = picture.building_colours.get(id_, building.colour)
    given = picture.recoloured.get(id_)
    meaning = named("building_colour", colour, "meaning")
    kind = named("building_kind", building.kind)
    lines = (
        words.place(picture, building.area), tr("{kind}　{n} 层", kind=kind, n=building.floors),
        f"{named('building_colour', colour)}　{meaning}",
    )  # fmt: skip
    at = given.at if given is not None else picture.sync.pool_at or None
    return Facts(text.plain(building.name), lines, at, quiet=True)


def _camera(id_: str, context: Context) -> Facts | None:
    camera = context.picture.cameras.get(id_)
    if camera is None:
        return None
    lines = (tr("摄像机"), text.plain(camera.owner), words.place(context.picture, camera.area))
    return Facts(text.plain(camera.name), lines, context.picture.sync.pool_at or None, quiet=True)


def _place(id_: str, context: Context) -> Facts | None:
    place = context.picture.places.get(id_)
    if place is None:
        return None
    what = named("place_kind", place.kind, "what")
    room = f"{what} {age.number(place.capacity)}" if place.capacity else ""
    contact = f"{text.person(place.contact)}　{text.phone(place.phone)}"
    lines = (named("place_kind", place.kind), room, words.place(context.picture, place.area),
             contact.strip("　"))  # fmt: skip
    return Facts(text.plain(place.name), lines, context.picture.sync.pool_at or None, quiet=True)


def _incident(id_: str, context: Context) -> Facts | None:
    incident = context.picture.incidents.get(id_)
    if incident is None:
        return None
    grade = incident.grade
    level = named("incident_level", f"grade-{grade}") if grade else tr("未定级")
    kind = named("incident_kind", incident.kind)
    opened = tr("{time} 起", time=age.stamp(context.picture.now, incident.opened_at))
    warned = warning_words.of_incident(context.picture, incident)
    lines = (f"{kind}　{level}".strip("　"), text.plain(incident.place), opened, warned)
    return Facts(text.plain(incident.title), lines, incident.opened_at, quiet=True)


def _warning(id_: str, context: Context) -> Facts | None:
    warning, picture = context.picture.warnings.get(id_), context.picture
    if warning is None:
        return None
    lines = (
        text.plain(warning.headline), warning_words.issuer(warning),
        warning_words.times(picture, warning), text.plain(warning.places),
    )  # fmt: skip
    return Facts(warning_words.title(warning), lines, warning.sent, quiet=True)


def _command_post(id_: str, context: Context) -> Facts | None:
    post = context.picture.command_posts.get(id_)
    if post is None:
        return None
    side = tr("前指") if post.side == posts.FRONT else tr("后指")
    lead = tr("指挥 {name}", name=text.person(post.lead)) if post.lead else ""
    lines = (text.plain(post.name), text.plain(post.place), lead)
    return Facts(side, lines, post.opened_at, quiet=True)


def _directive(id_: str, context: Context) -> Facts | None:
    directive = context.picture.directives.get(id_)
    if directive is None:
        return None
    sides = f"{named('post', directive.from_post)} → {named('post', directive.to_post)}"
    lines = (
        f"{named('directive_verb', directive.verb)} {text.plain(directive.text)}".strip(), sides,
        named("directive_state", directive.state), text.plain(directive.place),
    )  # fmt: skip
    title = tr("第 {n} 号指令", n=words.directive_number(directive, context.picture))
    return Facts(title, lines, directive.changed_at, quiet=True)


MAKERS: dict[str, Callable[[str, Context], Facts | None]] = {
    "alarm": _alarm, "area": _area, "building": _building, "camera": _camera,
    "command_post": _command_post, "directive": _directive, "event": _event,
    "incident": _incident, "pipe": _pipe, "place": _place, "resource": _resource,
    "sensor": _sensor, "warning": _warning,
}  # fmt: skip
