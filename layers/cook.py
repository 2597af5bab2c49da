"""The cook: a worker thread that has a painter make pictures, for every window in turn.

It runs nothing that holds the GIL, so that the screen's thread is never held up. Two pictures
of a window take turns: the worker fills one while the screen shows the other, and begins the next
only when the screen has taken the last.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from layers.far import Far
from layers.painter import Frame, Overtaken, Painter, give_way
from layers.scene import Plan
from layers.viewport import Viewport

log = logging.getLogger(__name__)


class Order(NamedTuple):
    """What a window wants; `first`: what it shows may come alone, and what lies around it later."""

    plan: Plan
    view: Viewport
    ticket: int
    first: bool = True


@dataclass(slots=True, eq=False)
class Seat:
    """One window's place at the cook: its order, its finished picture and the one that grows."""

    done: Callable[[Seat], None]
    painter: Painter
    order: Order | None = None
    ready: Frame | None = None
    growing: Frame | None = None

    @property
    def wants(self) -> bool:
        return self.order is not None and self.ready is None


class Cook:
    """The worker thread, which serves every window in turn."""

    def __init__(self, threads: int = 2) -> None:
        self._threads, self._seats = threads, deque[Seat]()
        self._door = threading.Condition()
        self._ticket = 0
        self._first: Callable[[], None] = lambda: None
        self._closed = False
        self._far = Far()
        self._thread = threading.Thread(target=self._run, name="map-cook", daemon=True)

    def start(self, first: Callable[[], None]) -> None:
        """Begin; `first()` is done before any order (it compiles the kernels)."""
        self._first = first
        self._thread.start()

    def join(self, done: Callable[[Seat], None]) -> Seat:
        """A place for one more window; `done(seat)` is called on the worker whenever a frame
        waits, and once more, maybe, when the window has left."""
        seat = Seat(done, Painter(self._threads))
        with self._door:
            self._seats.append(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        """Nothing more is begun for this window."""
        with self._door:
            seat.order = None
            if seat in self._seats:
                self._seats.remove(seat)

    def request(self, seat: Seat, plan: Plan, view: Viewport) -> int:
        """Ask for a picture; an older order of that window that was not begun is dropped.

        Returns a growing number, which the frame that answers carries.
        """
        with self._door:
            self._ticket += 1
            seat.order = Order(plan, view, self._ticket)
            self._door.notify()
            return self._ticket

    def adopt(self, seat: Seat) -> Frame | None:
        """Take the finished picture; from now on the worker may reuse the one before it."""
        with self._door:
            frame, seat.ready = seat.ready, None
            self._door.notify()
            return frame

    @property
    def far(self) -> Frame | None:
        """The whole city from afar; None until a window has its picture."""
        return self._far.frame

    def close(self, wait_s: float = 10.0) -> None:
        with self._door:
            self._closed = True
            self._door.notify()
        if self._thread.is_alive():
            self._thread.join(wait_s)
        for seat in self._seats:
            seat.painter.close()
        self._far.close()

    def _run(self) -> None:
        give_way()
        self._guarded(self._first)
        while self._serve_one():
            pass  # and hold no window meanwhile that may go

    def _serve_one(self) -> bool:
        seat = self._next()
        if seat is not None:
            self._guarded(partial(self._fill, seat))
        return seat is not None

    def _next(self) -> Seat | None:
        """The window that has waited longest; None at the end."""
        with self._door:
            self._door.wait_for(lambda: self._closed or any(s.wants for s in self._seats))
            if self._closed:
                return None
            seat = next(s for s in self._seats if s.wants)
            self._seats.remove(seat)
            self._seats.append(seat)
            return seat

    def _fill(self, seat: Seat) -> None:
        with self._door:
            order, seat.order = seat.order, None
        if order is None:
            return
        try:
            frame = seat.painter.paint(
                order.plan, order.view, partial(self._grow, seat, order), order.first
            )
        except Overtaken:
            seat.done(seat)
            return
        with self._door:
            seat.growing, seat.ready = None, replace(frame, ticket=order.ticket)
            if frame.close and seat.order is None and seat in self._seats:
                seat.order = order._replace(first=False)
            waited = any(s.order is not None for s in self._seats)
        seat.done(seat)
        if not waited:
            self._far.follow(order.plan)

    def _grow(self, seat: Seat, order: Order, frame: Frame) -> None:
        with self._door:
            if self._closed or (_another_scale(seat, order) and not _nearly(frame)):
                seat.growing = None
                raise Overtaken
            seat.growing = replace(frame, ticket=order.ticket)
        seat.done(seat)

    def _guarded(self, work: Callable[[], Any]) -> None:
        try:
            work()
        except Exception:  # one bad item must not leave the wall without a map
            log.exception("The map could not be drawn")


def _another_scale(seat: Seat, order: Order) -> bool:
    """Whether the window has asked for another scale meanwhile."""
    return seat.order is not None and seat.order.view.mpp != order.view.mpp


def _nearly(frame: Frame) -> bool:
    """Whether at most as much is left as was done: a hand that goes on zooming would never see
    a picture that is given up then."""
    return 2 * sum(b - a for a, b in frame.done) >= len(frame.pixels)
