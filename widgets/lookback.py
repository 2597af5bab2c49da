"""Looking back 回看: which past moment is shown, and how a person moves through the past.

The picture of a moment is made elsewhere, one at a time: of several moments that are wanted one
after the other the last one counts, and what is being made for another is given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import CancelledError
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from commandwall import codes, past
from commandwall.clock import HOUR, MINUTE, SECOND, Ms
from commandwall.desk import Desk
from commandwall.past import HAPPENED, KNEW, Mark, Question, Reach
from commandwall.picture import Picture
from commandwall.store.store import Reader
from widgets.courier import Courier
from widgets.i18n import tr

SPEEDS = (1, 2, 5, 10, 30, 60)
STEP, FAR = MINUTE, 10 * MINUTE
"""What an arrow moves by, alone and with Shift."""
SHARE = 1.25
"""A station that knows little as yet shows so much more than what it knows."""
REST_MS = 120
"""What a hand that moves on passes over is not read: only the moment at which it rests."""
FRAME_MS = 500
"""So often a replay asks for the next moment."""


class Lookback(QObject):
    """`came(picture)`: that of the moment is there. `moved`: what the bar shows is another."""

    came = Signal(object)
    moved = Signal()

    def __init__(self, desk: Desk, live: Picture, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._live = desk, live
        self._courier = Courier(self, self._failed)
        self._question: Question | None = None
        self.at, self.by, self.speed, self.playing = live.now, HAPPENED, SPEEDS[0], False
        self._shown = self.at, self.by
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._ask)
        self.reach = Reach(live.now, live.now, live.now, live.now)
        self.marks: Sequence[Mark] = ()
        self.known = False
        """Whether it is known how far back one can look."""
        self.trouble, self._over = "", False
        self._frame = QTimer(self)
        self._frame.timeout.connect(self._play_on)
        self._looked = Ms(0)
        self.follow()

    @property
    def span(self) -> tuple[Ms, Ms]:
        """The stretch of time that the bar shows; it ends now, or holds the moment further back."""
        most, known = codes.limit("look_back_hours") * HOUR, self._live.now - self.reach.since
        length = int(min(most, max(HOUR, SHARE * known)))
        end = self._live.now if self.at > self._live.now - length else self.at + length // 2
        return Ms(end - length), Ms(end)

    @property
    def share(self) -> float | None:
        """How far the picture of the moment is made; None where it is shown, or cannot be."""
        if self.trouble or self._shown == (self.at, self.by):
            return None
        return self._question.share if self._question is not None else 0.0

    # What a person does.

    def to(self, at: int) -> None:
        """Go to a moment, or as near to it as is known."""
        before = self.span
        self.at = Ms(max(self.reach.since, min(at, self._live.now)))
        if self.span != before:
            self._look_round()
        self._want()

    def step(self, by: int) -> None:
        self.to(self.at + by)

    def to_line(self, onward: bool) -> None:
        """To the next moment, or the one before, at which a person wrote something."""
        at, by = self.at, self.by
        found = self._desk.ask(lambda r: past.line_beside(r, at, by, onward))
        self._courier.follow(found, partial(self._to_line, (at, by), onward))

    def to_begin(self) -> None:
        """The first moment that is known."""
        self.to(self.reach.since)

    def turn(self) -> None:
        """The other notion of a moment: what had happened, or what this station knew."""
        self.by = KNEW if self.by == HAPPENED else HAPPENED
        self._want()

    def play(self) -> None:
        """Replay from here, or pause."""
        self.playing = not self.playing
        if self.playing:
            self._frame.start(FRAME_MS)
        else:
            self._frame.stop()
        self.moved.emit()

    def faster(self, by: int = 1) -> None:
        place = SPEEDS.index(self.speed) + by
        self.speed = SPEEDS[max(0, min(place, len(SPEEDS) - 1))]
        self.moved.emit()

    def slower(self) -> None:
        self.faster(-1)

    def end(self) -> None:
        """Now is shown again: nobody waits for an answer any more."""
        self._frame.stop()
        self._over = True
        if self._question is not None:
            self._question.cancelled = True

    # How answers come.

    def follow(self) -> None:
        """Time goes on: once a minute it is looked what else is marked."""
        if abs(self._live.now - self._looked) >= MINUTE:
            self._look_round()

    def _look_round(self) -> None:
        """From when on the past is known, and what is marked in the stretch that is shown."""
        self._looked = now = self._live.now
        since, until = self.span
        self._courier.follow(
            self._desk.ask(lambda r: (past.reach(r, now), past.marks(r, since, until))),
            self._take_round,
        )

    def _take_round(self, found: tuple[Reach, Sequence[Mark]]) -> None:
        (self.reach, self.marks), self.known = found, True
        self.moved.emit()

    def _to_line(self, asked: tuple[Ms, str], onward: bool, at: Ms | None) -> None:
        if asked != (self.at, self.by):  # the person has gone elsewhere meanwhile
            return
        if at is not None and at >= self.reach.since:
            self.to(at)
        else:
            self.trouble = tr("没有更晚的记录") if onward else tr("没有更早的记录")
            self.moved.emit()

    def _want(self) -> None:
        """The moment is read at once, or when the hand rests; what is being made is given up."""
        self.trouble, moves = "", self._rest.isActive()
        self._rest.start()
        if self._question is not None:
            self._question.cancelled = True
        elif not moves:
            self._ask()
        self.moved.emit()

    def _ask(self) -> None:
        """Ask for the picture of the moment, where that is not shown and none is being made."""
        if self._over or self._question is not None or self._shown == (self.at, self.by):
            return
        self._question = question = Question(self.at, self.by)
        answer = self._desk.ask(partial(_made, self._live.copy(), question))
        self._courier.follow(answer, partial(self._take, question))

    def _take(self, question: Question, found: tuple[Reach, Picture | None]) -> None:
        (self.reach, picture), self._question, self.known = found, None, True
        if question.at < self.reach.since and not question.cancelled:
            self.to(self.at)  # the first moment that is known
        elif picture is not None and not question.cancelled:
            self._shown = question.at, question.by
            self.came.emit(picture)
        elif not self._rest.isActive():
            self._ask()
        self.moved.emit()

    def _failed(self, why: str) -> None:
        self._question, self.trouble = None, why
        self.moved.emit()

    def _play_on(self) -> None:
        if self._question is not None:  # a slow machine shows fewer moments, not older ones
            self.at = Ms(self.at + FRAME_MS * self.speed)
            return
        if self.at >= self._live.now - SECOND:
            self.play()
        else:
            self.to(self.at + FRAME_MS * self.speed)


def _made(base: Picture, question: Question, reader: Reader) -> tuple[Reach, Picture | None]:
    """From when on the past is known, which may be later than it was: the city may have been copied
    anew since. And the picture of a moment; None where it is not known, or nobody wants it."""
    reach = past.reach(reader, base.now)
    if question.at < reach.since:
        return reach, None
    try:
        return reach, past.at(reader, base, question)
    except CancelledError:
        return reach, None
