"""Whole numbers 未遮盖号码: one at a time, for a while, to whoever rings it from a desk.

Everything that is drawn is masked; `Numbers` alone makes a `Whole`, which is not. It is in memory
only: no file, no other station and no start of this one shows a number again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from commandwall.clock import SECOND
from commandwall.desk import Desk
from commandwall.people import IN
from commandwall.picture import Picture
from commandwall.unmasking import Unmasking, readable_until
from widgets.text import Whole

GROUPS = (3, 7)
"""Where the eleven digits of a mobile number are set apart, for who types them."""


class Now(Protocol):
    """What is now, whatever moment is shown."""

    @property
    def picture(self) -> Picture: ...


class Around(Protocol):
    """What the panels of one window share, as far as numbers go by it."""

    @property
    def desk(self) -> Desk: ...
    @property
    def live(self) -> Now: ...
    @property
    def past(self) -> object: ...
    @property
    def page(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Readable:
    """A number that may be read now: where it stands, who looks, and while what is so."""

    looked: Unmasking
    page: str
    still: Callable[[], bool]


class Numbers:
    """What belongs to one window."""

    def __init__(self, context: Around) -> None:
        self._context = context
        self._look: Readable | None = None
        self._covered = False
        self._reasons: dict[tuple[str, str, str], str] = {}

    def reason(self, matter: str) -> str:
        """What this person gave in a matter already: an incident or an event; "" for nothing."""
        desk = self._context.desk
        return self._reasons.get((matter, desk.person, desk.post), "")

    def take(self, looked: Unmasking, still: Callable[[], bool]) -> None:
        """Written down: from now on it may be read there, while that is `still` so."""
        self._look = Readable(looked, self._context.page, still)
        if looked.reason:
            matter = looked.incident or looked.subject
            self._reasons[matter, looked.by, looked.post] = looked.reason

    def whole(self, phone: str, kind: str, subject: str, before: str = "") -> Whole | None:
        """The number of something as it may be read now, after other words; None where it may
        not."""
        return self.words(f"{before}{_spaced(phone)}", kind, subject)

    def words(self, line: str, kind: str, subject: str) -> Whole | None:
        """What was written of something as it may be read now; None where it may not."""
        look = self._look
        if look is None or (look.looked.kind, look.looked.subject) != (kind, subject):
            return None
        if not self._holds(look):
            self.forget()
            return None
        return None if self._covered else Whole(line)

    def left(self) -> int:
        """Seconds for which the number that is read now will be."""
        if self._look is None or not self._holds(self._look):
            return 0
        return -(-(readable_until(self._look.looked) - self._context.live.picture.now) // SECOND)

    def forget(self) -> None:
        """Masked again."""
        self._look = None

    @contextmanager
    def covered(self) -> Iterator[None]:
        """While a picture of the screen is taken, no number is whole."""
        self._covered = True
        try:
            yield
        finally:
            self._covered = False

    def _holds(self, look: Readable) -> bool:
        """Whether the same person still sits at the same page, looks at now, and has time left."""
        context, desk = self._context, self._context.desk
        seated = desk.here is None or desk.here.state == IN
        same = (desk.person, desk.post) == (look.looked.by, look.looked.post)
        here = context.past is None and context.page == look.page
        timely = context.live.picture.now < readable_until(look.looked)
        return seated and same and here and timely and look.still()


def _spaced(phone: str) -> str:
    """138 1234 7719; other numbers as they are."""
    number = phone.strip()
    if len(number) != 11 or not number.isdigit() or number.startswith("0"):
        return number
    first, second = GROUPS
    return f"{number[:first]} {number[first:second]} {number[second:]}"
