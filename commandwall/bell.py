"""The bell of one desk 告警铃: when what calls here rings, and when nobody answers (spec 5.6, 5.7).

Pure of screen and sound: it is told what calls here and the time. Rows of the list `alarm_priority`
say how often each severity rings, whether it is heard, and after how many calls nobody answers.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from operator import itemgetter

from commandwall import codes
from commandwall.alarms import NEVER, Alarm, calls, priority
from commandwall.clock import MINUTE, SECOND, Ms
from commandwall.routing import Called

UNATTENDED = "unattended"
"""The setting of a station by which its wall tells its agent since when nobody answers."""


@dataclass(frozen=True, slots=True)
class Ring:
    """One time that the bell rang; `heard`: a sound belongs to it; `loud`: nobody answers."""

    at: Ms
    severity: int
    heard: bool
    loud: bool


class Bell:
    """What rang at a desk, as long as its wall lasts."""

    def __init__(self) -> None:
        self.ring: Ring | None = None
        """The newest."""
        self.worst: Alarm | None = None
        """Of those that call here: the worst, and of these the one that waits longest."""
        self.count = 0
        self.unattended: Ms | None = None
        """Since when nobody answers at this desk."""
        self.muted_until = NEVER
        self.silent = False
        """Whether this machine is known to have no sound."""
        self._touched = NEVER
        self._known: dict[str, int] = {}
        self._waiting: dict[int, dict[str, tuple[Ms, Alarm]]] = {}
        self._fresh: set[int] = set()
        self._oldest: dict[int, tuple[Ms, Alarm]] = {}
        self._rang: dict[int, Ms] = {}
        self._flooded = False

    def take(
        self, called: Called, hushed: Container[str] = (), moved: Iterable[str] | None = None
    ) -> None:
        """What calls here is now this, but what the mode mutes; `moved`: the ids of those that may
        stand otherwise than before, all where none are given."""
        if moved is None:
            moved = list(dict.fromkeys([*self._known, *called.here]))
        for key in moved:
            alarm = None if key in hushed else called.here.get(key)
            self._move(key, alarm, called.since.get(key, NEVER))
        self.count = len(self._known)
        self.worst = self._oldest[min(self._oldest)][1] if self._oldest else None

    def _move(self, key: str, alarm: Alarm | None, since: Ms) -> None:
        """One calls here, or no more."""
        before = self._known.pop(key, None)
        if before is not None:
            del self._waiting[before][key]
            if self._oldest[before][1].id == key:
                self._find_oldest(before)
        if alarm is None:
            return
        severity = self._known[key] = alarm.severity
        if before is None or severity < before:
            self._fresh.add(severity)
        self._waiting.setdefault(severity, {})[key] = since, alarm
        held = self._oldest.get(severity)
        if held is None or since < held[0]:
            self._oldest[severity] = since, alarm

    def _find_oldest(self, severity: int) -> None:
        if waiting := self._waiting[severity]:
            self._oldest[severity] = min(waiting.values(), key=itemgetter(0))
        else:
            del self._oldest[severity]

    def look(self, now: Ms, flood: bool) -> None:
        """Ring where something has to, once for all that calls at this moment: for the worst."""
        self._judge(now)
        ringing = [s for s, (_, a) in self._oldest.items() if self._rings(a, now, flood)]
        self._fresh, self._flooded = set(), flood
        if not ringing:
            return
        worst = min(ringing)
        self._rang |= {s: now for s in self._oldest if s >= worst}
        facts = priority(self._oldest[worst][1], now)
        heard = bool(facts.get("sounds")) and not (facts.get("mutable") and self.muted(now))
        self.ring = Ring(now, worst, heard, self.unattended is not None)

    def called(self, now: Ms) -> int:
        """How often the worst has called here until now."""
        if self.worst is None:
            return 0
        return calls(self.worst, now, self._oldest[self.worst.severity][0])

    def somebody(self, now: Ms) -> None:
        """A person does something at this desk."""
        self._touched, self.unattended = now, None

    def mute(self, now: Ms) -> None:
        """No sound for some minutes but of what may not be muted; a second time: sound again."""
        minutes = codes.limit("mute_minutes")
        self.muted_until = NEVER if self.muted(now) else Ms(int(now + minutes * MINUTE))

    def muted(self, now: Ms) -> bool:
        """Whether a person wants no sound now."""
        return now < self.muted_until

    def _rings(self, alarm: Alarm, now: Ms, flood: bool) -> bool:
        """A new one at once, then as often as its row says, however many there are. In a flood
        what its row does not except rings once, when the flood begins."""
        facts, severity = priority(alarm, now), alarm.severity
        fresh = severity in self._fresh
        if flood and not facts.get("in_flood"):
            return fresh and not self._flooded
        every = facts.get("again_s", 0) * SECOND
        return fresh or bool(every and now - self._rang.get(severity, NEVER) >= every)

    def _judge(self, now: Ms) -> None:
        """Nobody answers after so many calls since anybody was here."""
        away = any(
            priority(a, now).get("unanswered", 0)
            and calls(a, now, max(since, self._touched)) > priority(a, now)["unanswered"]
            for since, a in self._oldest.values()
        )
        self.unattended = (self.unattended or now) if away else None


def since(setting: str) -> Ms:
    """What that setting says; NEVER where somebody is there."""
    return Ms(int(setting)) if setting.isdecimal() else NEVER
