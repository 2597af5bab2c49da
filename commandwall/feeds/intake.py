"""The intake: what brokers sent becomes readings of the pool's devices, and is taken like a pack's.

Brokers' threads drain sockets into one bounded queue; this thread takes what lies there as one
batch: decodes it, hands the readings over, writes down what was refused, and acknowledges at last.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from commandwall import codes
from commandwall.beside import Beside
from commandwall.clock import SECOND, Clock, Ms
from commandwall.config import Settings, brokers
from commandwall.feeds import mailbox, refused, senml
from commandwall.feeds.devices import Devices, Found, Told, by_name, readings, rows_of
from commandwall.feeds.mqtt import Line, Message
from commandwall.feeds.rate import Rates
from commandwall.sensors import Sensor
from commandwall.store import pulse
from commandwall.store.database import StoreTrouble

log = logging.getLogger(__name__)
LOOK_S = 0.2
BATCH = 2000
"""Messages that are decoded at one go."""
SPAN_S = 10.0
"""A rate is that of so many seconds."""
ROOM_S = 1.0
"""Between two tries to hand over what a disk did not take."""


class Taker(Protocol):
    """The live side of the station."""

    @property
    def known(self) -> Sequence[Sensor]:
        """The devices of the pool: another object when they are others."""

    def take_readings(self, rows: NDArray[np.void], at: Ms) -> None:
        """READING_DTYPE, which came at a moment. May raise StoreTrouble: nothing was taken."""


@dataclass(slots=True)
class Counts:
    """What one broker brought since this agent began."""

    readings: int = 0
    refused: int = 0
    unknown: int = 0
    limited: int = 0
    withheld: int = 0
    lag_s: float = 0.0  # of the newest reading, when it was taken
    recent: deque[tuple[float, int]] = field(default_factory=deque)

    def note(self, now: float, number: int) -> None:
        self.readings += number
        self.recent.append((now, number))
        self._forget(now)

    def rate(self, now: float) -> float:
        """Readings per second."""
        self._forget(now)
        return sum(number for _, number in list(self.recent)) / SPAN_S

    def _forget(self, now: float) -> None:
        while self.recent and now - self.recent[0][0] > SPAN_S:
            self.recent.popleft()


class Intake(Beside):
    """Idle where the settings name no broker."""

    def __init__(
        self, settings: Settings, clock: Clock, client: str,
        off: Callable[[], Collection[str]] = frozenset,
    ) -> None:  # fmt: skip
        """`client`: how this station calls itself at brokers; always the same. `off`: sources that
        a person switched off; may raise StoreTrouble."""
        super().__init__("intake")
        self._settings, self._folder, self._clock = settings, settings.data_dir, clock
        self._queue: queue.Queue[Message] = queue.Queue(int(codes.limit("feed_queue")))
        self._lines = [
            Line(broker, settings, client, clock, self._queue) for broker in brokers(settings.mqtt)
        ]
        self._counts = {line: Counts() for line in self._lines}
        self._devices = {line: Devices() for line in self._lines}
        self._rates = {line: Rates() for line in self._lines}
        self._prefix = settings.mqtt_prefix
        self._taker: Taker | None = None
        self._served = threading.Event()
        self._known: Sequence[Sensor] = ()
        self._named: set[str] = set()
        self._ask_off = off
        self._off: Collection[str] = ()
        self._asked_at = -LOOK_S

    def __enter__(self) -> Intake:
        """Begins to wait for whom it serves: its threads have the weight of who begins it."""
        return super().__enter__() if self._lines else self

    def stop(self) -> None:
        self._halt.set()
        self._served.set()
        for line in self._lines:
            line.halt()
        for line in self._lines:
            line.stop()
        super().stop()

    def serve(self, taker: Taker) -> None:
        """From now on this takes the readings; the first one opens the lines."""
        self._taker = taker
        self._served.set()

    def seen(self) -> tuple[pulse.Feed, ...]:
        """How it stands with each broker, for the pulse; from any thread."""
        return tuple(self._seen(line) for line in self._lines)

    def _seen(self, line: Line) -> pulse.Feed:
        now, counts, devices = line.standing, self._counts[line], self._devices[line]
        return pulse.Feed(
            line.broker.address, now.joined, now.at, counts.rate(self._clock.monotonic()),
            counts.lag_s, counts.refused, counts.unknown, devices.lost,
            now.tries, now.next_try_at, now.trouble, counts.limited, counts.withheld,
        )  # fmt: skip

    def run(self) -> None:
        self._served.wait()
        for line in self._lines if not self._halt.is_set() else ():
            line.start()
        while not self._halt.is_set():
            if batch := self._drained():
                self._look_off()
                warned = [one for one in batch if one.line.warns(one.topic)]
                for message in warned:
                    if self._deliver(message):
                        message.line.acknowledge(message)
                if batch := [one for one in batch if one not in warned] if warned else batch:
                    self._work(batch)

    def _deliver(self, message: Message) -> bool:
        """A CAP warning becomes a file in the folder of warnings, which takes or refuses it like
        any. False where it cannot lie there: it comes again with the next connection."""
        counts = self._counts[message.line]
        if self._is_off(message.line):
            counts.withheld += 1
        elif len(message.body) > codes.limit("cap_bytes"):
            counts.refused += 1
            self._put_aside([_line(message, senml.Refusal(0, "", "size"))])
        else:
            try:
                mailbox.put(self._settings, message.body)
            except OSError as why:
                log.warning("a warning of %s waits: %s", message.line.broker.address, why)
                return False
        return True

    def _look_off(self) -> None:
        """Learn what is switched off, now and then; what cannot be read stays as it was."""
        if (now := self._clock.monotonic()) - self._asked_at >= LOOK_S:
            self._asked_at = now
            with suppress(StoreTrouble):
                self._off = frozenset(self._ask_off())

    def _drained(self) -> list[Message]:
        """All that lies there; waits a little for the first."""
        self._know()
        batch: list[Message] = []
        with suppress(queue.Empty):
            batch.append(self._queue.get(timeout=LOOK_S))
            while len(batch) < BATCH:
                batch.append(self._queue.get_nowait())
        return batch

    def _work(self, batch: list[Message]) -> None:
        """Take a batch; one that fails in a way nobody thought of is put aside whole."""
        try:
            taken = self._take(batch)
        except Exception:
            log.exception("messages of a feed cannot be taken")
            self._put_aside([_line(m, senml.Refusal(0, "", "fault")) for m in batch])
            taken = True
        if taken:
            for message in batch:
                message.line.acknowledge(message)

    def _take(self, batch: list[Message]) -> bool:
        """False where this ends before anything was taken."""
        taker = self._know()
        aside: list[dict[str, Any]] = []
        brought, others = self._alone(batch)
        for message in others:
            found = self._read(message)
            aside += self._noted(message, found)
            brought.setdefault(message.line, []).extend(self._allowed(message.line, found))
        came = batch[-1].at
        kept = np.concatenate([self._thinned(line, some, came) for line, some in brought.items()])
        taken = self._hand_over(taker, kept, came) if len(kept) else True
        if taken:
            self._put_aside(aside)
        return taken

    def _alone(self, batch: list[Message]) -> tuple[dict[Line, list[Found]], list[Message]]:
        """What single readings brought, those of each line at one go; and the other messages."""
        told, others = dict[Line, list[Told]](), list[Message]()
        most = int(codes.limit("feed_message_bytes"))
        for message in batch:
            row = self._devices[message.line].lone(*self._given(message, most))
            if row is not None:
                told.setdefault(message.line, []).append(row)
            else:
                others.append(message)
        found = {line: Found(rows_of(rows)) for line, rows in told.items()}
        for line, some in found.items():
            self._tally(line, some, batch[-1].at)
        return {line: self._allowed(line, some) for line, some in found.items()}, others

    def _know(self) -> Taker:
        """Who takes this batch, by whose numbers its devices are called."""
        taker = self._taker
        assert taker is not None
        if self._known is not taker.known:
            self._known = taker.known
            names = by_name(self._known, self._prefix)
            for devices in self._devices.values():
                devices.names = names
        return taker

    def _given(self, message: Message, most: int) -> tuple[bytes, float, int, str]:
        """What a message is read by; the last part of its topic names a device that does not."""
        own = message.topic.rpartition("/")[2]
        return message.body, message.at / SECOND, most, self._prefix + own

    def _read(self, message: Message) -> Found:
        most = int(codes.limit("feed_message_bytes"))
        pack = senml.read(*self._given(message, most))
        found = self._devices[message.line].take(message.topic, pack)
        self._tally(message.line, found, message.at)
        return found

    def _tally(self, line: Line, found: Found, came: Ms) -> None:
        counts = self._counts[line]
        counts.refused += len(found.refused)
        counts.unknown += len(found.unknown)
        if len(found.rows):
            counts.note(self._clock.monotonic(), len(found.rows))
            counts.lag_s = (came - int(found.rows["at"].max())) / SECOND

    def _allowed(self, line: Line, found: Found) -> list[Found]:
        """What is switched off is counted, and not taken."""
        if not self._is_off(line):
            return [found]
        self._counts[line].withheld += len(found.rows)
        return []

    def _is_off(self, line: Line) -> bool:
        return bool(self._off) and pulse.source(line.broker.address) in self._off

    def _thinned(self, line: Line, found: list[Found], now: Ms) -> NDArray[np.void]:
        """What one broker brought, without what a device may not say so often."""
        once = readings(found)
        keeps = self._rates[line].thin(once, now, codes.limit("feed_device_rate"))
        self._counts[line].limited += int(np.count_nonzero(~keeps))
        return once[keeps]

    def _hand_over(self, taker: Taker, rows: NDArray[np.void], at: Ms) -> bool:
        """Again and again where a disk does not take them; False where this ends before."""
        while not self._halt.is_set():
            try:
                taker.take_readings(rows, at)
            except (StoreTrouble, TimeoutError) as trouble:
                log.warning("readings wait: %s", trouble)
                self._halt.wait(ROOM_S)
            else:
                return True
        return False

    # What was refused.

    def _noted(self, message: Message, found: Found) -> list[dict[str, Any]]:
        """Each refusal; each device that nobody knows, once."""
        lines = [_line(message, why) for why in found.refused]
        for name in found.unknown:
            if name not in self._named and len(self._named) < codes.limit("feed_unknown_names"):
                self._named.add(name)
                lines.append(_line(message, senml.Refusal(0, "n", "unknown", name)))
        return lines

    def _put_aside(self, lines: list[dict[str, Any]]) -> None:
        try:
            refused.write(self._folder, lines)
        except OSError as why:
            log.warning("%d refused pieces are not written down: %s", len(lines), why)


def _line(message: Message, why: senml.Refusal) -> dict[str, Any]:
    return refused.line(
        message.at, message.line.broker.address, message.topic, message.body,
        record=why.no, field=why.field, reason=why.reason, name=why.name,
    )  # fmt: skip
