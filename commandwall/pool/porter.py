"""The porter 搬运: carries the bytes of attached files between this station and the pool.

Their rows travel by journal and feed, and say what the pool has; what is missing here the folder of
files says. The porter has a thread and a connection of its own, opened when there is something to
carry: no act and no page waits behind a file. A piece is so small that it takes part of a second on
whatever line there is, and between two the line rests. Small pictures go before bodies, what a
person asked for before what is fetched ahead; whatever is cut off goes on where it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from commandwall import attachments, codes
from commandwall.attachments import AttachedFile, Attachment, hash_of
from commandwall.beside import Beside
from commandwall.clock import DAY, MINUTE, Clock, Ms
from commandwall.desk import Desk
from commandwall.files.content import Unfit
from commandwall.files.kept import sound_hash
from commandwall.pool.client import Client, PoolTrouble
from commandwall.store.database import StoreTrouble
from commandwall.store.store import Reader, Store

log = logging.getLogger(__name__)
LEAST = 4 << 10
"""Bytes of the smallest piece, which is also the first: the line is not known yet."""
THUMBS = 20
"""Small pictures of one turn."""
TURN_S, LOOK_S, RETRY_S = 1.0, 1.0, 15.0
"""Time for one file until the next is looked at; between two looks; after a trouble."""
TRIES = 3
"""Times that a file which is not what it should be is asked for again, while the agent lives."""
AFRESH_MS = MINUTE
"""So often everything is looked at again, changed or not."""
HELP_MS = 10 * MINUTE
"""After so long a station gives also what another one attached: the pool may have lost it."""


@dataclass(slots=True)
class Work:
    """What is to be carried and made, the first first."""

    thumbs_out: list[Attachment] = field(default_factory=list)
    thumbs_in: list[Attachment] = field(default_factory=list)
    out: list[Attachment] = field(default_factory=list)
    asked: list[Attachment] = field(default_factory=list)
    ahead: list[Attachment] = field(default_factory=list)
    draw: list[Attachment] = field(default_factory=list)

    @property
    def carries(self) -> bool:
        return bool(self.thumbs_out or self.thumbs_in or self.out or self.asked or self.ahead)


class Porter:
    """One station's porter. `over` ends a turn early."""

    def __init__(
        self, store: Store, desk: Desk, clock: Clock, over: Callable[[], bool] = lambda: False
    ) -> None:
        self._store, self._desk, self._clock, self._over = store, desk, clock, over
        self._kept, self._piece = desk.kept, LEAST
        self._tries: dict[str, int] = {}
        self._seen: tuple[int, int, str] | None = None
        self._looked, self._work = Ms(0), Work()

    def work(self) -> Work:
        """What is to be done, by the rows here and in the mirror and the files on disk."""
        return self._store.read(self._look)

    def turn(self, client: Client, work: Work) -> bool:
        """Small pictures, or a second's worth of one file each way; whether anything moved."""
        self._seen = None
        if work.thumbs_out or work.thumbs_in:
            self._thumbs(client, work.thumbs_out[:THUMBS], work.thumbs_in[:THUMBS])
            return True
        gave = bool(work.out) and self._give(client, work.out[0])
        got = any(self._get(client, row) for row in (*work.asked, *work.ahead)[:1])
        return gave or got

    def draw(self, work: Work) -> None:
        """Small pictures of what is here and has none: what the city sent, for one."""
        for row in work.draw[:THUMBS]:
            self._kept.draw_thumb(row.id, self._kept.body(hash_of(row)))
        self._seen = None

    def tidy(self) -> None:
        """Keep within the limits: bodies that are old or too much go, where the pool has or had
        them; so do files that nothing names any more."""
        rows = self._store.read(lambda r: r.find(Attachment))
        ours = self._store.read(lambda r: r.columns(AttachedFile, ["sha256"]))["sha256"]
        held, room = self._kept.sizes(), _bytes("files_gb", 30)
        for row in sorted(rows, key=lambda a: -a.at):
            key = hash_of(row)
            room -= held.get(key, 0)
            safe = row.held in (row.size, attachments.PRUNED)
            if key in held and safe and (row.at < self._since() or room < 0):
                self._kept.drop(key)
                room += held[key]
        self._kept.tidy({*map(hash_of, rows), *ours}, self._clock.now())

    # What there is to do.

    def _look(self, reader: Reader) -> Work:
        asked = attachments.asked(reader)
        news = reader.rows(_NEWS)[0]
        seen, now = (*news, ",".join(asked)), self._clock.now()
        if seen != self._seen or abs(now - self._looked) > AFRESH_MS:
            self._seen, self._looked = seen, now
            self._work = self._plan(reader, asked)
        return self._work

    def _plan(self, reader: Reader, asked: Sequence[str]) -> Work:
        work, wanted = Work(), set(asked)
        for row, origin in attachments.from_stations(reader):
            self._outward(work, row, origin == self._desk.origin)
        for row in attachments.held(reader, self._since(), asked):
            if sound_hash(hash_of(row)):
                self._inward(work, row, hash_of(row) in wanted)
        work.ahead = self._that_fit(work.ahead)
        over = [k for k in asked if not sound_hash(k) or self._kept.has(k) or self._kept.refused(k)]
        if over:
            self._desk.run(attachments.fetched, {"keys": over}, local=True)
        return work

    def _outward(self, work: Work, row: Attachment, mine: bool) -> None:
        key = hash_of(row)
        if not self._kept.has(key) or self._tries.get(row.id, 0) >= TRIES:
            return
        if not row.thumb and self._kept.has_thumb(row.id):
            work.thumbs_out.append(row)
        if row.held == 0 and (mine or row.at < self._clock.now() - HELP_MS):
            work.out.append(row)

    def _inward(self, work: Work, row: Attachment, asked: bool) -> None:
        key, judged = hash_of(row), self._kept.judged(row.id)
        if self._kept.has(key):
            if not judged and attachments.is_picture(row.mime):
                work.draw.append(row)
            return
        if row.thumb and not judged:
            work.thumbs_in.append(row)
        lacking = row.held == row.size and not self._kept.refused(key)
        if lacking and self._tries.get(key, 0) < TRIES:
            (work.asked if asked else work.ahead).append(row)

    def _that_fit(self, rows: list[Attachment]) -> list[Attachment]:
        """As many as the limits of size leave room for, and the disk."""
        if not rows:
            return []
        room = _bytes("files_gb", 30) - sum(self._kept.sizes().values())
        room = min(room, self._kept.free() - _bytes("disk_gb", 30))
        return [row for row in rows if (room := room - row.size) >= 0]

    def _since(self) -> Ms:
        return Ms(self._clock.now() - int(codes.limit("files_days")) * DAY)

    # Carrying.

    def _thumbs(
        self, client: Client, outward: Sequence[Attachment], inward: Sequence[Attachment]
    ) -> None:
        for row in outward:
            if not client.give_thumb(row.id, self._kept.thumb(row.id).read_bytes()):
                self._tries[row.id] = TRIES
        came = client.thumbs([row.id for row in inward]) if inward else {}
        for row in inward:
            self._kept.draw_thumb(row.id, came.get(row.id, b""))

    def _give(self, client: Client, row: Attachment) -> bool:
        key = hash_of(row)
        try:
            begun = at = client.give(key, 0, b"")
            for most in self._pieces():
                if not 0 <= at < row.size:
                    break
                at = client.give(key, at, self._kept.read(key, at, most))
        except PoolTrouble as trouble:
            if trouble.code != "chain":
                raise
            log.warning("the pool does not take a file: %s", trouble)
            self._tries[row.id] = TRIES
            return False
        if at < 0:
            self._tries[row.id] = self._tries.get(row.id, 0) + 1
            log.error("the pool got another file than it should; ours: %s", self._kept.verify(key))
        return at != begun

    def _get(self, client: Client, row: Attachment) -> bool:
        key = hash_of(row)
        begun = at = self._kept.arrived(key)
        for most in self._pieces():
            if at >= row.size:
                break
            if not (part := client.get(key, at, most)):
                self._tries[key] = self._tries.get(key, 0) + 1
                break
            at = self._kept.append(key, part)
        if at >= row.size:
            self._complete(key)
        return at != begun

    def _complete(self, key: str) -> None:
        try:
            if not self._kept.complete(key):
                self._tries[key] = self._tries.get(key, 0) + 1
                log.error("a file came with other bytes than its name says: set aside, asked again")
        except Unfit as why:
            log.warning("a file came that may not be attached: %s", why.code)

    def _pieces(self) -> Iterator[int]:
        """Sizes of pieces as the line takes them, until a turn is over."""
        until = self._clock.monotonic() + TURN_S
        share, aim = codes.limit("files_share"), codes.limit("part_seconds")
        while not self._over() and self._clock.monotonic() < until:
            began = self._clock.monotonic()
            yield self._piece
            took = self._clock.monotonic() - began
            if took > 2 * aim:
                self._piece = max(LEAST, self._piece // 2)
            elif took < aim / 2:
                self._piece = min(_bytes("part_kb", 10), 2 * self._piece)
            self._clock.pause(took * (1 / share - 1))


class Porting(Beside):
    """The porter at work beside the link."""

    every_s, retry_s = LOOK_S, RETRY_S

    def __init__(
        self, store: Store, desk: Desk, clock: Clock, connect: Callable[[], Client]
    ) -> None:
        super().__init__("porter")
        self._connect, self._clock = connect, clock
        self._porter = Porter(store, desk, clock, self._halt.is_set)
        self._tidied = Ms(0)

    def look(self) -> None:
        try:
            self._round()
        except (PoolTrouble, StoreTrouble, OSError) as trouble:
            log.warning("files: %s; again in %.0f s", trouble, RETRY_S)
            self._halt.wait(RETRY_S)

    def _round(self) -> None:
        work = self._porter.work()
        if work.draw:
            self._porter.draw(work)
        elif work.carries:
            with self._connect() as client:
                self._carry(client, work)
        if abs(self._clock.now() - self._tidied) > DAY // 24:
            self._tidied = self._clock.now()
            self._porter.tidy()

    def _carry(self, client: Client, work: Work) -> None:
        client.meta()
        while client.takes_files and work.carries and not self._halt.is_set():
            if not self._porter.turn(client, work):
                return
            work = self._porter.work()


_NEWS = """
SELECT (SELECT coalesce(max(seq), 0) FROM changed WHERE kind = 'attachedfile'),
    (SELECT coalesce(max(seq), 0) FROM mirror_changed WHERE kind = 'attachment')
"""


def _bytes(limit: str, power: int) -> int:
    return int(codes.limit(limit) * (1 << power))
