"""What is played, as records: what controllers do to the clock, their free injects, what was sent.

A controller at any station asks; whoever keeps the clock (`playing/conductor.py`) takes what was
asked in its order, and writes it back as the clock took it. The clock is folded from that.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from commandwall import codes, exercise
from commandwall.clock import SECOND, Ms
from commandwall.drill.drill_acts import (
    ENDED,
    FINISH,
    GAP,
    INSERT,
    JOIN,
    PAUSE,
    PAUSED,
    READY,
    REAL,
    RESTART,
    RESUME,
    RUNNING,
    SAVE,
    START,
    DrillAct,
    Moment,
    Script,
)
from commandwall.drill.drill_clock import DrillClock, fold
from commandwall.drill.scenario import Inject, Scenario, read
from commandwall.store.schema import WALL, record
from commandwall.store.store import Refused, Tx
from commandwall.store.written import TITLE_LIMIT, written

NAMESPACE = uuid.UUID("5f1a7f0e-8a0e-4c53-9d0a-0d1c4a3c7e52")
BEAT = "drill.beat"
"""File with the moment up to which a drill was played, beside its databases."""
FREE = "normal"
"""The type of an inject that a controller adds."""
STANDS = {
    START: RUNNING, RESUME: RUNNING, PAUSE: PAUSED, SAVE: PAUSED, RESTART: PAUSED, FINISH: ENDED,
}  # fmt: skip
"""How the clock stands after an act; others leave it as it is."""
REAL_EVENT = "真实事件 real event"
"""Why a drill stands that somebody left for the real world."""


@record(WALL, index=("no",))
@dataclass(frozen=True, slots=True)
class ClockAct:
    """What somebody did to the clock of the drill."""

    id: str
    no: int  # in which order the clock took it; 0 while it waits
    kind: str  # row of drill_act
    subject: str  # the inject, of `choose` the branch
    moment: int | None  # scenario time, microseconds since T+00:00
    rate: int  # thousandths of real time; once it was taken, that at which the clock goes on
    way: str
    why: str
    refused: str  # row of drill_refusal; "" where it has an effect
    at: Ms  # when it was asked, then when it counted
    since: Ms | None  # of `gap`
    by: str
    post: str

    @property
    def act(self) -> DrillAct:
        """As the clock takes it."""
        to = None if self.moment is None else Moment(self.moment)
        return DrillAct(
            self.kind, self.at, self.by, self.subject, to, self.rate, self.way, self.why, self.since
        )


@record(WALL)
@dataclass(frozen=True, slots=True)
class FreeInject:
    """An inject that no scenario has. Never written again."""

    id: str
    channel: str  # row of drill_channel
    receiver: str  # post
    words: str
    cls: str  # of the event that it becomes; "" where it becomes none
    at: Ms
    by: str
    post: str

    @property
    def inject(self) -> Inject:
        """As one of a scenario."""
        data = {"cls": self.cls} if self.cls else {}
        return Inject(
            self.id, None, self.channel, FREE, "", self.receiver, self.words, self.words, "", "",
            "", (), (), data, None, None, "",
        )  # fmt: skip


@record(WALL)
@dataclass(frozen=True, slots=True)
class SentInject:
    """An inject that reached its player, once in each run. Never written again."""

    id: str  # follows from run and inject
    run: int
    inject: str
    channel: str
    sender: str
    receiver: str  # post
    zh: str
    en: str
    moment: int  # scenario time, microseconds
    at: Ms
    kind: str  # of the record that it became: event, sensor; "" for a message
    subject: str
    fault: str  # row of drill_fault: why it is a message only; "" where it is all it should be


def scenario_of(folder: Path) -> Scenario | None:
    """What is played in a data directory: the text with which its drill was begun, and no other."""
    drill, found = exercise.of(folder), read(folder / exercise.SCENARIO).scenario
    same = drill is not None and found is not None and found.digest == drill.digest
    return found if same else None


def played_until(folder: Path, now: Ms) -> Ms:
    """Up to when a drill is known to have been played: `now`, unless nobody plays it."""
    with suppress(OSError, ValueError):
        beat = int((folder / BEAT).read_text())
        return now if now - beat <= codes.limit("drill_gap_seconds") * SECOND else Ms(beat)
    return now


def sent_id(run: int, inject: str) -> str:
    """The same wherever it is asked, and however often."""
    return str(uuid.uuid5(NAMESPACE, f"{run}/{inject}"))


def clock_of(script: Script, acts: Iterable[ClockAct], now: Ms | None = None) -> DrillClock:
    """The clock by what it took, at `now` or at the last of it."""
    return fold(script, [a.act for a in taken(acts)], now)


def taken(acts: Iterable[ClockAct]) -> list[ClockAct]:
    """What the clock took, in its order."""
    return sorted((a for a in acts if a.no and not a.refused), key=lambda a: a.no)


def waiting(acts: Iterable[ClockAct]) -> list[ClockAct]:
    """What was asked and not taken yet, in its order."""
    return sorted((a for a in acts if not a.no and not a.refused), key=lambda a: (a.at, a.id))


def standing(sent: Iterable[SentInject], acts: Iterable[ClockAct]) -> list[SentInject]:
    """What was sent and holds in the newest run, as it came: a restart takes back what lies at its
    moment or later. Asks no scenario: where a player sits there is none."""
    restarts = [a.moment or 0 for a in taken(acts) if a.kind == RESTART]
    held = (s for s in sent if all(s.moment < moment for moment in restarts[s.run - 1 :]))
    return sorted(held, key=lambda s: (s.at, s.id))


def late_join(acts: Iterable[ClockAct], post: str) -> ClockAct | None:
    """How a station came to a post after the drill had begun, the last one; None where none did."""
    known = taken(acts)
    begun = next((a.no for a in known if a.kind == START), None)
    came = [a for a in known if a.kind == JOIN and a.subject == post and a.no > (begun or a.no)]
    return came[-1] if came else None


def pace(acts: Iterable[ClockAct]) -> tuple[str, int]:
    """How the clock stands, and its rate in thousandths, as a station knows it that has no
    scenario."""
    status, rate = READY, REAL
    for act in taken(acts):
        status, rate = STANDS.get(act.kind, status), act.rate or rate
    return status, rate


# Acts.


def act_on_clock(
    tx: Tx, deed: str, subject: str = "", moment: int | None = None, rate: int = 0, way: str = "",
    why: str = "",
) -> None:  # fmt: skip
    """导调. Refused("no_drill") in the real world, Refused("unknown") for no such deed."""
    if exercise.of(tx.folder) is None:
        raise Refused("no_drill")
    if deed not in codes.load("drill_act") or deed == GAP:
        raise Refused("unknown", kind="drill_act", id=deed)
    why = written("reason", why, TITLE_LIMIT, needed=False)
    tx.put(
        ClockAct(
            str(uuid.uuid4()), 0, deed, subject, moment, rate, way, why, "", tx.now, None, tx.by,
            tx.post,
        )
    )  # fmt: skip


def add_inject(
    tx: Tx, subject: str, channel: str, words: str, cls: str = "", moment: int | None = None
) -> None:
    """临时加题: for a post (`subject`), at a scenario time, or now. Refused as above, and for a
    channel that states more than a controller can say."""
    row = codes.load("drill_channel").get(channel)
    if row is None or set(row.facts["needs"]) - ({"cls"} if cls else set()):
        raise Refused("unknown", kind="drill_channel", id=channel)
    if cls and cls not in codes.load(row.facts["fields"].get("cls", "event_class")):
        raise Refused("unknown", kind="event_class", id=cls)
    words = written("text", words, TITLE_LIMIT)
    free = FreeInject(str(uuid.uuid4()), channel, subject, words, cls, tx.now, tx.by, tx.post)
    act_on_clock(tx, INSERT, free.id, moment)
    tx.put(free)


def freeze(tx: Tx, subject: str = "") -> None:
    """真实事件中断: whoever plays may stop the clock for all when the real world calls. It is
    about no inject. Refused("no_drill") in the real world."""
    act_on_clock(tx, PAUSE, subject, why=REAL_EVENT)


def take_act(tx: Tx, act: ClockAct) -> None:
    """The clock took it, or refused it."""
    tx.put(act)


def note_sent(tx: Tx, sent: SentInject) -> None:
    """It reached its player."""
    tx.put(sent)


def stamped(asked: ClockAct, no: int, kept: DrillAct, refused: str, rate: int) -> ClockAct:
    """What was asked, as the clock took it, with the rate at which it goes on."""
    rate = asked.rate if refused else rate
    return replace(asked, no=no, at=kept.at, since=kept.since, refused=refused, rate=rate)
