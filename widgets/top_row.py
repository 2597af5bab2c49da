"""The top row of a list in which nobody chose: a key means it once it has stood there for a moment.

Else a tick between the eye and the key would let the key act on a row that nobody has read.
"""

from __future__ import annotations

from collections.abc import Callable

from commandwall import codes


class TopRow:
    """Told at each look what stands on top; `seconds` is a clock that only goes on."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._key, self._until = "", 0.0

    def see(self, key: str) -> None:
        """The row that is on top now, "" for none. Only one that took another's place is new."""
        if key and self._key and key != self._key:
            self._until = self._seconds() + codes.limit("top_row_seconds")
        self._key = key

    def forget(self) -> None:
        """A person brought other rows: what comes on top is no change."""
        self._key, self._until = "", 0.0

    @property
    def new(self) -> bool:
        """Whether it stands there for so short a time that the one before may be meant."""
        return self._seconds() < self._until
