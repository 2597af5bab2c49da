"""Whistles 吹哨报到: a town summons departments to an event, or to a place and a matter. What there
is of one, who owes what of it, and who came in time; what is done on one stands in `whistle_acts`.

Each department has a clock of its own (rows of `whistle_limit`): to say that it comes 应哨, to be
there 报到. It leaves when the town lets it go 准离, or with the end of the whistle 销哨; then both
rate each other 双评.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from commandwall import codes, deadlines
from commandwall.clock import DAY, Ms, day
from commandwall.deadlines import Deadline
from commandwall.store.journal import Line
from commandwall.store.lines import contents, telling
from commandwall.store.schema import WALL, Meeting, record
from commandwall.store.store import Reader, Reason

BLOWN, CHECKED, RETURNED, ENDED = "BLOWN", "CHECKED", "RETURNED", "ENDED"
"""Rows of the code list whistle_state. CHECKED: the centre found it right; RETURNED: it did not,
and nobody comes."""
STANDING = (BLOWN, CHECKED)
SUMMONED, ACKED, REPORTED, RELEASED, REFUSED, MISSED, REROUTED = (
    "SUMMONED", "ACKED", "REPORTED", "RELEASED", "REFUSED", "MISSED", "REROUTED",
)  # fmt: skip
"""Rows of the code list summons_state. MISSED: the whistle ended before it was there. REROUTED: it
was the wrong one, another is called in its place."""
STEPS: Mapping[str, frozenset[str]] = {
    SUMMONED: frozenset({REFUSED}),
    ACKED: frozenset({SUMMONED}),
    REPORTED: frozenset({SUMMONED, ACKED}),
    REFUSED: frozenset({SUMMONED, ACKED}),
    REROUTED: frozenset({SUMMONED, ACKED}),
    RELEASED: frozenset({REPORTED}),
}
"""New state -> the states it may follow, while the whistle is open."""
COMING, CAME = (SUMMONED, ACKED), (REPORTED, RELEASED)
ACK, REPORT, RATE, CHECK = "ack", "report", "rate", "check"
"""Steps that have a limit: rows of `whistle_limit` are called kind-step."""
TOWN, DEPARTMENT = "town", "department"
"""The two sides that rate each other."""
PHOTO, POSITION, TOLD = "photo", "position", "told"
"""How a department showed that it is there; TOLD: whoever confirmed it says so."""
SCORES = range(1, 6)
ACTS = (
    "blow", "summon", "answer_whistle", "check_in", "refuse_whistle", "release_department",
    "end_whistle", "rate_department", "rate_whistle", "check_whistle", "return_whistle", "reroute",
)  # fmt: skip
BESIDE = ("changed_at", "by", "post")


@record(
    WALL,
    index=("event", "state"),
    meeting=Meeting(
        beside=(*BESIDE, "checked_at", "checked_by", "checked_post"),
        yields={
            BLOWN: frozenset({CHECKED, RETURNED, ENDED}),
            CHECKED: frozenset({RETURNED, ENDED}),
            RETURNED: frozenset({ENDED}),
        },
    ),
)
@dataclass(frozen=True, slots=True)
class Whistle:
    """One whistle: who blew it, for what, and what came of it."""

    id: str
    event: str  # "" for a place and a matter of its own
    town: str  # code of the area that blew; the lead stays there
    kind: str  # code list whistle_kind
    matter: str
    place: str
    lon: float | None
    lat: float | None
    state: str
    solved: str  # code list event_solved
    result: str
    blown_at: Ms
    blown_by: str
    blown_post: str
    ended_at: Ms | None
    changed_at: Ms
    by: str
    post: str
    checked_at: Ms | None = None
    checked_by: str = ""
    checked_post: str = ""


@record(
    WALL,
    index=("whistle", "event"),
    meeting=Meeting(
        ("summoned_at", "acked_at", "reported_at"),
        BESIDE,
        {
            SUMMONED: frozenset({ACKED, REPORTED, RELEASED, REFUSED, MISSED, REROUTED}),
            ACKED: frozenset({REPORTED, RELEASED, MISSED, REROUTED}),
            REROUTED: frozenset({REPORTED, RELEASED}),
            REPORTED: frozenset({RELEASED}),
            MISSED: frozenset({REPORTED, RELEASED}),
        },
    ),
)
@dataclass(frozen=True, slots=True)
class Summons:
    """One department that a whistle calls; the same id from every station."""

    id: str
    whistle: str
    event: str
    town: str
    kind: str  # of the whistle: its clocks go by that
    department: str
    state: str
    summoned_at: Ms
    acked_at: Ms | None
    reported_at: Ms | None
    basis: str  # position, photo, told
    released_at: Ms | None
    reason: str  # why it was refused, or why another was called
    changed_at: Ms
    by: str
    post: str


@record(WALL, index=("summons",), meeting=Meeting(beside=("at", "by", "post")))
@dataclass(frozen=True, slots=True)
class Rating:
    """What one side says of the other after the work, once."""

    id: str
    summons: str
    event: str
    side: str  # town, department: who rates
    arrival: int | None  # 1..5, by the town: how soon it came,
    effort: int | None  # how it worked,
    outcome: int | None  # what came of it
    valid: int | None  # 0, 1, by the department: whether the whistle was for it
    words: str
    at: Ms
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class Whistling:
    """What a whistle says. Without an event it names a place."""

    town: str
    kind: str
    departments: Sequence[str]
    matter: str = ""
    event: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class Owing:
    """Who owes what of a whistle, and until when."""

    summons: Summons
    side: str  # town, department
    step: str  # ack, report, rate
    clock: Deadline


@dataclass(frozen=True, slots=True)
class Muster:
    """A whistle with its departments and what they said of each other: what is shown."""

    whistle: Whistle
    summons: Sequence[Summons] = ()  # in the order in which they were called
    ratings: Mapping[str, Rating] = field(default_factory=dict)  # by their ids

    @property
    def blown(self) -> bool:
        """Whether it is not ended yet."""
        return self.whistle.state in STANDING

    @property
    def owing(self) -> list[Owing]:
        """What is owed, the first to be late first."""
        found = (one for summons in self.summons for one in owes(summons, self.ratings))
        return sorted(found, key=lambda one: (one.clock.due, one.summons.id, one.side))

    @property
    def open(self) -> bool:
        """Whether anything is still to be done."""
        return self.blown or bool(self.owing)

    @property
    def there(self) -> int:
        """How many departments are at the place now."""
        return sum(one.state == REPORTED for one in self.summons)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many departments came within their limit, of how many that were summoned."""

    in_time: int
    summoned: int
    running: int  # neither there nor late yet
    refused: int
    invalid: int  # whistles that a department calls none of its own
    rated: int  # by departments


# What is known.


def musters(
    whistles: Iterable[Whistle], summons: Iterable[Summons], ratings: Iterable[Rating]
) -> list[Muster]:
    """Whistles as shown, the newest first."""
    called: dict[str, list[Summons]] = defaultdict(list)
    for one in summons:
        called[one.whistle].append(one)
    said = {rating.id: rating for rating in ratings}
    in_order = lambda one: (one.summoned_at, one.department)  # noqa: E731
    found = [Muster(w, sorted(called[w.id], key=in_order), said) for w in whistles]
    return sorted(found, key=lambda m: (-m.whistle.blown_at, m.whistle.id))


def read(reader: Reader, **wanted: str | list[str]) -> list[Muster]:
    """Whistles whose fields equal, or are among, the values, as shown."""
    whistles = reader.find(Whistle, **wanted)
    summons = reader.many(Summons, [w.id for w in whistles], "whistle")
    ratings = reader.many(Rating, [s.id for s in summons], "summons")
    return musters(whistles, summons, ratings)


def clocks(summons: Summons) -> list[Deadline]:
    """The clocks of a department that run while it is waited for."""
    steps = {SUMMONED: (ACK, REPORT), ACKED: (REPORT,)}.get(summons.state, ())
    return [clock for step in steps if (clock := _clock(summons, step)) is not None]


def owes(summons: Summons, ratings: Mapping[str, Rating]) -> list[Owing]:
    """What a department owes, and once it was let go what both sides owe."""
    if summons.state == RELEASED:
        clock = _clock(summons, RATE)
        sides = (s for s in (TOWN, DEPARTMENT) if rating_of(summons.id, s) not in ratings)
        return [Owing(summons, side, RATE, clock) for side in sides if clock is not None]
    return [Owing(summons, DEPARTMENT, clock.step, clock) for clock in clocks(summons)]


def check_clock(whistle: Whistle) -> Deadline | None:
    """Until when the centre checks a whistle; None once it has."""
    row = codes.load("whistle_limit").get(f"{whistle.kind}-{CHECK}")
    waits = whistle.state == BLOWN and row is not None
    return deadlines.of_row(CHECK, row, whistle.blown_at) if waits and row is not None else None


def in_time(summons: Summons) -> bool | None:
    """Whether a department came within its limit; None while it is waited for."""
    clock = _clock(summons, REPORT)
    if clock is None:
        return None
    if summons.reported_at is not None:
        return summons.reported_at <= clock.due
    return None if summons.state in COMING else False


def tally(found: Iterable[Muster], now: Ms) -> Tally:
    """Count the departments of some whistles; a refusal is one that did not come."""
    musters = list(found)
    summons = [one for m in musters for one in m.summons if one.state != REROUTED]
    ratings = {r.id: r for muster in musters for r in muster.ratings.values()}
    rated = [r for one in summons if (r := ratings.get(rating_of(one.id, DEPARTMENT)))]
    return Tally(
        sum(in_time(one) is True for one in summons), len(summons),
        sum(any(c.step == REPORT and now <= c.due for c in clocks(one)) for one in summons),
        sum(one.state == REFUSED for one in summons),
        sum(r.valid == 0 for r in rated), len(rated),
    )  # fmt: skip


def of_late(found: Iterable[Muster], now: Ms) -> list[Muster]:
    """Those of the days that are counted."""
    since = now - int(codes.limit("whistle_days", day(now))) * DAY
    return [muster for muster in found if muster.whistle.blown_at >= since]


def hindrance(summons: Summons, whistle: Whistle, state: str) -> Reason | None:
    """Why a department cannot be brought into a state now; None where it can."""
    if whistle.state not in STANDING:
        return Reason("state", {"kind": "whistle", "id": whistle.id, "state": whistle.state})
    if summons.state in STEPS[state]:
        return None
    facts = {"kind": "summons", "id": summons.id, "state": summons.state, "wanted": state}
    return Reason("state", facts)


def rating_of(summons: str, side: str) -> str:
    """The id of what one side says of the other."""
    return f"{summons}:{side}"


def history(reader: Reader, event: str) -> list[tuple[Ms, str, str, str, str]]:
    """What was done on the whistles of an event: (moment, post, person, act, departments)."""
    found = telling(reader, event, ACTS)
    names = {one.id: one.department for one in reader.find(Summons, event=event)}
    return [(Ms(x.hlc >> 16), x.post, x.person, x.act, _told(x, names)) for x in found]


def _told(line: Line, names: Mapping[str, str]) -> str:
    """燃气公司　非我职责: which departments a line is about, and the reason or result it gives."""
    records = [record for record, _ in contents(line)]
    who = [names.get(r.id if isinstance(r, Summons) else r.summons, "")
           for r in records if isinstance(r, Summons | Rating)]  # fmt: skip
    why = [r.reason if isinstance(r, Summons) else r.result
           for r in records if isinstance(r, Summons | Whistle)]  # fmt: skip
    return "　".join(filter(None, ("、".join(filter(None, who)), *why)))


def _clock(summons: Summons, step: str) -> Deadline | None:
    """One clock of a department; None for a kind of whistle that no list names."""
    row = codes.load("whistle_limit").get(f"{summons.kind}-{step}")
    start = (summons.released_at or summons.changed_at) if step == RATE else summons.summoned_at
    return deadlines.of_row(step, row, start) if row is not None else None
