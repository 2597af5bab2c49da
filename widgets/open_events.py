"""What panels tell of all open events, kept event by event: of tens of thousands few change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Generic, TypeVar

from commandwall.events import Event, EventView
from commandwall.picture import Changes, Picture

T = TypeVar("T", bound=Hashable)


def is_anew(changes: Changes) -> bool:
    """Whether any event may be otherwise than a panel last saw it, and not only those that the
    changes name."""
    return Event in changes.whole or (Event in changes.kinds and Event not in changes.records)


def told(picture: Picture, changes: Changes) -> Iterator[EventView]:
    """The open events that may be otherwise."""
    news = picture.events if is_anew(changes) else changes.records.get(Event, ())
    return (picture.events[key] for key in news if key in picture.events)


class Counted(Generic[T]):
    """How many open events there are of each value of something."""

    def __init__(self, of: Callable[[EventView], T]) -> None:
        self._of, self._values = of, dict[str, T]()
        self.counts: Counter[T] = Counter()

    def look(self, picture: Picture, changes: Changes, also: Iterable[str] = ()) -> None:
        """Bring the counts up to a tick; `also`: ids of others whose value is another by now."""
        anew = is_anew(changes)
        if anew:
            self._values, self.counts = {}, Counter()
        for key in picture.events if anew else {*changes.records.get(Event, ()), *also}:
            if key in self._values:
                self.counts[self._values.pop(key)] -= 1
            if (view := picture.events.get(key)) is not None:
                value = self._values[key] = self._of(view)
                self.counts[value] += 1
