"""The desk 值班台: the one door for every act, of a person and of the program itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from commandwall import (
    alarms,
    attachments,
    conflicts,
    directives,
    dispatch,
    event_acts,
    events,
    exercise,
    handover,
    incidents,
    modes,
    people,
    rights,
    sensors,
    shelving,
)
from commandwall.clock import Clock, Ms
from commandwall.files.content import Unfit
from commandwall.files.kept import Kept
from commandwall.plain import sound
from commandwall.store import lines, sight, space
from commandwall.store.database import FULL, StoreTrouble
from commandwall.store.journal import Line
from commandwall.store.store import Reader, Reason, Records, Refused, Store, Tx
from commandwall.store.tables import Conflict

R = TypeVar("R")
Act = Callable[..., None]
Reaction = Callable[[Tx, Sequence[Any]], None]
Sweep = Callable[[sensors.Watch, Ms], None]

ANYHOW: AbstractContextManager[object] = nullcontext()
TURN, PAUSE_S, BREATH_S = 10, 0.005, 0.001
"""Lines of one transaction on wall.db, and the pause after it: an act of a person waits for the
transaction that is under way, and for no other. Readings wait for one sweep in the same way: a
lock that is given back and taken again at once is got by nobody else."""

REACTIONS: tuple[tuple[type[Any], Reaction], ...] = (
    (alarms.Alarm, events.file_alarms),
    (directives.Directive, directives.deliver),
    (Conflict, conflicts.settle_older),
    (events.EventWork, dispatch.free_of_events),
    (incidents.Incident, dispatch.free_of_incidents),
)
"""What follows by itself, in the same transaction: when these records change, do this."""

SWEEPS: tuple[tuple[str, Sweep], ...] = (
    ("thresholds of a new day", sensors.begin_day),
    ("silent devices", sensors.mark_silent),
    ("alarms of silent devices", sensors.tell_silent),
    ("units on their way", dispatch.follow),
    ("modes that ran out", modes.expire),
    ("alarms put aside for a while", shelving.bring_back),
    ("events whose time has come", event_acts.follow_clock),
)
"""What runs by the clock: the agent walks it once each second. A record that one of them makes has
the id uuid5(rule, record, due time), so that all stations make the same."""


@dataclass(frozen=True, slots=True)
class Who:
    """In whose name an act is done; what a person asks is looked up in the list of rights."""

    person: str = ""
    post: str = ""
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What an act wrote: it is on disk when you hold this."""

    act: str
    line: Line | None
    records: Records

    def of(self, kind: type[R]) -> tuple[R, ...]:
        return tuple(self.records.get(kind, {}).values())


class Desk:
    """Runs acts one at a time on a thread of its own; reads on two others, files on a fourth."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        store.origin(clock.now())
        self.person = store.read(lambda r: r.setting("person"))
        self.post = store.read(lambda r: r.setting("post"))
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="desk")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="ask")
        self._files = ThreadPoolExecutor(1, thread_name_prefix="files")
        self._secrets = ThreadPoolExecutor(1, thread_name_prefix="secrets")
        self.here: people.Duty | None = store.read(people.here)
        """Who sits at this station, once anybody is enrolled."""
        self.kept = Kept(store.folder)
        self.exercise = exercise.of(store.folder)
        """The drill whose world this is; None for the real one."""
        self.full = False
        """Whether the disk is full, as far as it is known: what is asked from now on is refused."""
        self.looks_back = False
        """Whether the person sees a past moment: nobody acts on what is not now."""

    @property
    def folder(self) -> Path:
        """The data directory of this station."""
        return self._store.folder

    @property
    def origin(self) -> str:
        """This station's name in the journal: a station that lost lines goes on under a new one."""
        return self._store.read(lambda r: r.setting("origin"))

    def do(self, act: Act, **args: Any) -> Future[Done]:
        """A person's act: its records, one journal line and what follows, in one transaction.

        The future holds Done once it is on disk; Refused or StoreTrouble where nothing was
        written. Refused("right") where the post may not, Refused("disk_full") while the disk is
        full; what was asked before is finished.
        """
        if self.looks_back:
            return _refused("looks_back")
        given = act, sound(args), self._who()
        return self._writer.submit(self._asked, self.full, self._finish, *given)

    def barred(self, act: Act, it: rights.About) -> Reason | None:
        """Why the post of this station may not do an act, as `do` would refuse it; None where it
        may. Asks nobody."""
        if self.looks_back:
            return Reason("looks_back")
        return rights.barred(act, self.post, replace(it, drill=self.exercise is not None))

    def rule(self) -> Mapping[str, Any]:
        """What follows from the mode in force at this station: a row of the list `mode`. Reads."""
        area, now = sight.read(self._store.folder).area, self._clock.now()
        rows = self._store.read(lambda r: r.find(modes.Mode, state=modes.ON))
        held = modes.in_force(rows, [area], now)
        return modes.rule(held.mode if held is not None else modes.ordinary())

    def ask(self, query: Callable[[Reader], R]) -> Future[R]:
        return self._readers.submit(self._store.read, query)

    def attach(self, source: Path | bytes, name: str, kind: str, subject: str) -> Future[Done]:
        """A person attaches a file: it is on disk here before the act is written.

        Refused("file") names what such a content is; OSError where it cannot be read.
        """
        if self.looks_back:
            return _refused("looks_back")
        given = (source, name), (kind, subject), self._who()
        return self._files.submit(self._asked, self.full, self._attach, *given)

    def files(self, work: Callable[[Kept], R]) -> Future[R]:
        """Work on the files of this station, which takes as long as the disk does."""
        return self._files.submit(work, self.kept)

    def take_post(self, post: str, person: str = "") -> Future[Done]:
        """Choose the post this station acts as; it stays chosen.

        Once anybody is enrolled: Refused unless somebody sits here who may take it.
        """
        if self.looks_back:
            return _refused("looks_back")
        before = self.person, self.post
        self.post, self.person = sound(post), sound(person or self.person)
        return self._writer.submit(self._take_post, self._who(), before)

    def sign_in(self, name: str, secret: str, post: str) -> Future[Done]:
        """Somebody takes a post with his secret, which is looked at on a thread of its own.

        Refused("secret") for a wrong one, Refused("locked_out") after too many, Refused("seat")
        for a post that is not his.
        """
        given = name, secret, sound(post)
        return self._secrets.submit(self._asked, self.full, self._sign_in, *given)

    def take_over(self, name: str, secret: str, offer: str, read: Sequence[str]) -> Future[Done]:
        """The relief takes an offered post with his secret, having read back these items; where
        nobody is enrolled, with his name.

        Refused("unread") while one that is open now is not among them, and as `sign_in`.
        """
        if self.looks_back:
            return _refused("looks_back")
        given = name, secret, sound(offer), list(sound({"read": list(read)})["read"])
        return self._secrets.submit(self._asked, self.full, self._take_over, *given)

    def sign_out(self) -> Future[Done]:
        """Whoever sits here leaves."""
        if self.looks_back:
            return _refused("looks_back")
        return self._writer.submit(self._asked, self.full, self._finish, handover.sign_out, {},
                                   self._who(asks=False))  # fmt: skip

    def lock(self) -> Future[Done]:
        """Acts are refused until whoever sits here types his secret again."""
        return self._writer.submit(self._finish, people.lock, {}, self._who(asks=False))

    def keep(self, key: str, value: str) -> Future[Done]:
        """Keep a setting of this station, a half-typed text for one."""
        kept = sound({"key": key, "value": value})
        return self._writer.submit(self.run, _keep, kept, local=True)

    def run(
        self, act: Act, args: dict[str, Any], person: str = "", post: str = "", local: bool = False
    ) -> Done:
        """The act on the caller's thread, with the room of the reserve where the disk has no other.
        `local`: what every station computes alike, or its own affairs; written without a line."""
        return self._finish(act, args, Who(person, post), local)

    def check_room(self) -> None:
        """Refused("disk_full") while nothing new is taken for want of room."""
        found = space.keep(self._store.folder)
        self.full = found.full
        if found.full:
            raise _full(found)

    def _finish(self, act: Act, args: dict[str, Any], who: Who, local: bool = False) -> Done:
        return space.finish(self._store.folder, lambda: self._run(act, args, who, local))

    def _run(self, act: Act, args: dict[str, Any], who: Who, local: bool) -> Done:
        with self._store.write(self._clock.now(), who.person, who.post) as tx:
            lent = None
            if who.asks:
                scopes = people.entitled(tx), sight.read(self._store.folder).area
                lent = rights.check(tx, act, args, scopes)
            act(tx, **args)
            if lent is not None:
                modes.note_lent(tx, lent, act.__name__)
            records = dict(tx.touched)
            line = None
            if records and not local:
                line = lines.append(tx, tx.setting("origin"), act.__name__, records)
            here = people.here(tx) if people.Duty in records else self.here
            self._react(tx, records)
        done = Done(act.__name__, line, records)
        if not local:
            self.here = here
        return done

    def receive(self, received: Iterable[Line]) -> None:
        """Fold lines of other stations, which come in the order of their clocks, on the caller's
        thread; a few at a time: a person's act gets its turn in between."""
        waiting = iter(received)
        while some := list(islice(waiting, TURN)):
            self.run(_receive, {"received": some}, local=True)
            if len(some) == TURN:
                self._clock.pause(PAUSE_S)

    def sweep(
        self, watch: Callable[[], sensors.Watch], alone: AbstractContextManager[object] = ANYHOW
    ) -> None:
        """Walk SWEEPS; `watch` is asked before each, since one may renew it. Nothing else that is
        `alone` comes between, and gets its turn after each."""
        for _, sweep in SWEEPS:
            with alone:
                sweep(watch(), self._clock.now())
            self._clock.pause(BREATH_S)

    def close(self) -> None:
        self._files.shutdown()
        self._secrets.shutdown()
        self._writer.shutdown()
        self._readers.shutdown()

    def _who(self, asks: bool = True) -> Who:
        return Who(self.person, self.post, asks)

    def _take_post(self, who: Who, before: tuple[str, str]) -> Done:
        args = {"post": who.post, "person": who.person}
        try:
            return self._finish(handover.take_post, args, replace(who, asks=False))
        except Refused:
            self.person, self.post = before
            raise

    def _sign_in(self, name: str, secret: str, post: str) -> Done:
        officer = self._signed(name, secret)
        args, who = {"officer": officer.id, "seat": post}, Who(officer.name, post)
        done = self._writer.submit(self._finish, handover.sign_in, args, who).result()
        self.person, self.post = officer.name, post
        return done

    def _take_over(self, name: str, secret: str, offer: str, read: list[str]) -> Done:
        given = self._store.read(lambda r: r.get(handover.Handover, offer))
        seat = given.seat if given else ""
        officer, who = "", Who(sound(name), seat)
        if self._store.read(people.enrolled):
            found = self._signed(name, secret)
            officer, who = found.id, Who(found.name, seat)
        args = {"officer": officer, "handover": offer, "read": read}
        done = self._writer.submit(self._finish, handover.take_over, args, who).result()
        self.person, self.post = who.person, seat
        return done

    def _signed(self, name: str, secret: str) -> people.Officer:
        """The officer of a name whose secret is right; a wrong one is counted."""
        now = self._clock.now()
        officer = self._store.read(lambda r: people.known(r, sound(name)))
        self._store.read(lambda r: people.check_tries(r, officer, now))
        if not people.fits(officer, sound(secret)) or officer is None:
            typed = {"officer": officer.id if officer else ""}
            self._writer.submit(self._finish, people.refuse_secret, typed, Who()).result()
            raise Refused("secret")
        return officer

    def _asked(self, full: bool, work: Callable[..., Done], *given: Any) -> Done:
        """What a person asks, which is refused where the disk was full already."""
        if full:
            self.check_room()
        try:
            return work(*given)
        except StoreTrouble as trouble:
            if trouble.code != FULL:
                raise
            raise _full(space.look(self._store.folder)) from trouble

    def _attach(self, given: tuple[Path | bytes, str], to: tuple[str, str], who: Who) -> Done:
        """The small picture is made when the act is told: nobody waits for it. Who may attach
        nothing leaves no bytes."""
        if barred := self.barred(attachments.attach, rights.About(scene=True)):
            raise Refused(barred.code, **barred.facts)
        try:
            taken = space.finish(self._store.folder, lambda: self.kept.take(*given))
        except Unfit as why:
            raise Refused("file", found=why.code, name=given[1]) from why
        args = sound({"kind": to[0], "subject": to[1], "taken": taken})
        done = self._writer.submit(self._finish, attachments.attach, args, who).result()
        for row in done.of(attachments.AttachedFile):
            if attachments.is_picture(row.mime):
                self._files.submit(self.kept.draw_thumb, row.id, self.kept.body(row.sha256))
        return done

    def _react(self, tx: Tx, records: Records) -> None:
        tx.by = tx.post = ""
        origin = tx.setting("origin")
        for kind, reaction in REACTIONS:
            if kind in records:
                tx.touched = {}
                reaction(tx, tuple(records[kind].values()))
                if tx.touched:
                    lines.append(tx, origin, reaction.__name__, tx.touched)


def outcome(answer: Future[R]) -> tuple[R | None, BaseException | None]:
    """What a finished future brought: its value, or what went wrong. Never waits."""
    if answer.cancelled():
        return None, CancelledError()
    trouble = answer.exception(timeout=0)
    return (None, trouble) if trouble is not None else (answer.result(timeout=0), None)


def _refused(code: str) -> Future[Done]:
    answer: Future[Done] = Future()
    answer.set_exception(Refused(code))
    return answer


def _full(found: space.Space) -> Refused:
    """Names the disk, what it has left, and what must be free before it is written to again."""
    return Refused(FULL, disk=found.disk, free=found.free_mb, wanted=found.wanted_mb)


def _keep(tx: Tx, key: str, value: str) -> None:
    tx.set(key, value)


def _receive(tx: Tx, received: Sequence[Line]) -> None:
    lines.receive(tx, received)
