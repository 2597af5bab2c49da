"""The mode 平 急 战 of this station's area, as the picture shows it: what holds, until when, by
whom, and which alarms it mutes on the wall."""

from __future__ import annotations

from dataclasses import dataclass

from commandwall import areas, codes, modes
from commandwall.alarms import Alarm
from commandwall.clock import HOUR, MINUTE, Ms
from commandwall.modes import OVER, Mode
from commandwall.picture import Picture
from widgets import age, text
from widgets.i18n import named, tr


def here(picture: Picture) -> Mode | None:
    """The mode in force at this station; None on an ordinary day."""
    return modes.in_force(picture.modes.values(), [picture.sight.area], picture.now)


def name_of(picture: Picture) -> str:
    """Its row of the list `mode`."""
    held = here(picture)
    return held.mode if held is not None else modes.ordinary()


def proposal(picture: Picture) -> Mode | None:
    """A step up that somebody proposed and nobody answered."""
    found = modes.proposed(picture.modes.values(), picture.sight.area, picture.now)
    step_up = found is not None and modes.rank(found.mode) > modes.rank(name_of(picture))
    return found if step_up else None


def line(picture: Picture) -> str:
    """战 14:08 起，至 22:08，指挥长 陈*: which, since when, until when, by whom; "" on an ordinary
    day without a proposal."""
    held, asked = here(picture), proposal(picture)
    if asked is not None:
        return tr("{who} 提议转{mode}：{reason}", who=_who(asked.post, asked.by),
                  mode=named("mode", asked.mode), reason=text.plain(asked.reason, 40))  # fmt: skip
    if held is None:
        return ""
    told = {
        "mode": named("mode", held.mode), "since": age.stamp(picture.now, held.since),
        "until": age.stamp(picture.now, held.until), "who": _who(held.post, held.by),
    }  # fmt: skip
    if ends_soon(picture, held):
        return tr("{mode} {left} 到期", mode=told["mode"], left=age.left(picture.now, held.until))
    return tr("{mode} {since} 起，至 {until}，{who}", **told)


def ends_soon(picture: Picture, held: Mode) -> bool:
    """Whether its end is near enough to be told."""
    return held.until - picture.now <= codes.limit("mode_soon_minutes") * MINUTE


def run_out(picture: Picture) -> Mode | None:
    """The mode that last ended by itself here, for some hours."""
    hours = codes.limit("harm_told_hours")
    area, now = picture.sight.area, picture.now
    over = (m for m in picture.modes.values() if area.startswith(m.area) and _by_itself(m, now))
    newest = max(over, key=lambda m: m.until, default=None)
    return newest if newest is not None and now - newest.until < hours * HOUR else None


def _by_itself(mode: Mode, now: Ms) -> bool:
    ended = mode.ended_at == mode.until if mode.state == OVER else mode.until <= now
    return ended and not mode.ended_by and mode.state in (OVER, modes.ON)


def _who(post: str, person: str) -> str:
    return f"{named('post', post, 'full')} {text.person(person)}".strip()


@dataclass(frozen=True, slots=True)
class Hush:
    """What is muted on the wall: alarms from a severity on, in other towns than this one; not what
    belongs to the incident in focus."""

    severity: int = 0  # 0: nothing
    town: str = ""
    alarm: str = ""
    events: frozenset[str] = frozenset()

    def mutes(self, alarm: Alarm) -> bool:
        if not self.severity or alarm.severity < max(2, self.severity):
            return False
        ours = alarm.area.startswith(self.town) or alarm.id == self.alarm
        return not ours and alarm.event not in self.events


def hush(picture: Picture) -> Hush:
    """What the mode in force mutes; nothing where it names no smaller place than the city."""
    held = here(picture)
    if held is None:
        return Hush()
    incident = picture.incidents.get(held.incident)
    town = town_of(picture, incident.area if incident is not None else held.area)
    severity = int(modes.rule(held.mode)["muted"])
    if not town or not severity:
        return Hush()
    if incident is None:
        return Hush(severity, town)
    joined = {j.event for j in picture.joined.values() if j.incident == incident.id and j.joined}
    events = frozenset({*joined, incident.event} - {""})
    return Hush(severity, town, incident.alarm, events)


def town_of(picture: Picture, code: str) -> str:
    """The town that an area lies in; "" for the city and for what no list names."""
    return areas.town_of(picture.areas, code)
