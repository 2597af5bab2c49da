"""What can be trusted now: whether the pool and the agent still speak, and since when not."""

from __future__ import annotations

from dataclasses import dataclass

from commandwall.alarms import Alarm
from commandwall.clock import Ms
from commandwall.picture import Picture
from commandwall.sensors import STALE
from commandwall.store.pulse import Patience, is_gone, pool_gone


@dataclass(frozen=True, slots=True)
class Limits:
    """When the wall speaks up; a table of the wall file."""

    pool_s: float
    agent_s: float
    feed_s: float
    """Seconds of silence after which the pool, the agent and a feed count as gone."""
    urgent: int
    """Overdue events up to this urgency (1 is life) need a person on the wall."""

    @property
    def patience(self) -> Patience:
        return Patience(self.pool_s, self.agent_s)


@dataclass(frozen=True, slots=True)
class Trust:
    """`pool` and `agent` say since when each is gone; None while it speaks."""

    pool: Ms | None = None
    agent: Ms | None = None
    known: bool = True
    """Whether there ever was a picture from the pool."""
    slow: bool = False
    """Whether the pool still speaks, but takes long: what it says is as old as the screen tells."""

    @property
    def stopped(self) -> Ms | None:
        """The moment at which what the pool says stands still; None while it goes on."""
        return self.pool if self.pool is not None else self.agent


def judge(picture: Picture, limits: Limits) -> Trust:
    """How far the picture can be trusted at `picture.now`.

    A wall that starts without its pool shows what it kept: that stands still at its newest record.
    """
    now, sync = picture.now, picture.sync
    known = sync.pool_at or max(picture.ages.values(), default=Ms(0))
    if sync.filling is not None and not is_gone(sync.agent_at, now, limits.agent_s):
        return Trust(known=bool(picture.areas))
    gone = pool_gone(sync, now, limits.pool_s, known)
    late = known > 0 and is_gone(known, now, limits.pool_s)  # before its first word nothing is late
    return Trust(
        known if gone else None,
        _gone(now, sync.agent_at or known, limits.agent_s),
        known > 0,
        slow=not gone and (sync.slow or late),
    )


def heard_at(alarm: Alarm, picture: Picture) -> Ms:
    """The moment of the newest reading of the device that alarms."""
    row = picture.sensors.row_of.get(alarm.sensor)
    return Ms(int(picture.sensors.at[row])) if row is not None else alarm.changed_at


def is_silent(alarm: Alarm, picture: Picture, trust: Trust) -> bool:
    """Whether the device of an alarm is not heard: what it says may be over or worse.

    A device that this station hears by itself stays live when the pool is gone.
    """
    row = picture.sensors.row_of.get(alarm.sensor)
    if row is not None and picture.sensors.quality[row] == STALE:
        return True
    return trust.stopped is not None and heard_at(alarm, picture) <= trust.stopped


def _gone(now: Ms, at: Ms, limit_s: float) -> Ms | None:
    return at if is_gone(at, now, limit_s) else None
