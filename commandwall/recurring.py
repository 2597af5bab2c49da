"""Recurring topics 反复出现的问题: what is told again and again of one place, down to the rows.

First the place, then what is told there: only texts of one place are compared, and a topic is a
group of which each row is like the others on average (Sokal and Michener 1958), so that unrelated
messages of one estate do not run together over some in between.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from commandwall import codes, likeness, whereabouts
from commandwall.areas import by_code, town_of
from commandwall.clock import DAY, Ms, day
from commandwall.events import Event, readable
from commandwall.store import numbers
from commandwall.store.store import Reader

READ = 300
"""Characters of a body that are read."""
WORD = (2, 4)
"""Shortest and longest word that names a topic."""
WORDS = 3
NAMED = 3
"""One in so many rows names the place by its title or address, or holds a word of the topic."""
Floats = NDArray[np.float64]
_RUN = re.compile("[\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Topic:
    """What comes back at one place."""

    place: str  # a name from the texts
    words: tuple[str, ...]  # that its rows hold far oftener than others
    events: tuple[str, ...]  # ids, the oldest first
    typical: str  # id of the one that is most like the others
    first: Ms
    last: Ms
    like: float  # how like its rows are on average, 0..1


def find(events: Sequence[Event], town: Callable[[str], str]) -> list[Topic]:
    """Topics among events, the largest first; what is told of two places is under the one of which
    more tell. `town`: that of an area, "" where there is none."""
    events = sorted(events, key=lambda e: (e.reported_at, e.id))
    if not events:
        return []
    least = int(codes.limit("topic_least", day(events[-1].reported_at)))
    texts = [f"{e.address}。{e.title}。{e.body[:READ]}" for e in events]
    places = whereabouts.named(texts, [town(e.area) for e in events], least)
    telling = _Telling(events)
    found = [t for place, here in places.items() for t in telling.of(place, sorted(here), least)]
    return _each_once(sorted(found, key=lambda t: (-len(t.events), t.place)))


def of_pool(reader: Reader, now: Ms) -> list[Topic]:
    """Topics of the last days of the pool. Takes seconds."""
    on = day(now)
    begin = int(now - codes.limit("topic_days", on) * DAY)
    sql = (
        "SELECT * FROM event WHERE rowid >= :no AND reported_at >= :t ORDER BY rowid DESC LIMIT :n"
    )
    params = {"no": numbers.first(begin), "t": begin, "n": int(codes.limit("topic_rows", on))}
    rows = reader.records(Event, sql, **params)
    areas = by_code(reader)
    return find(list(readable(reader, rows)), lambda code: town_of(areas, code))


class _Telling:
    """What is told of places, against what is told everywhere."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._rarity = likeness.rarity(likeness.grams([_text(e) for e in events]))
        self._held = Counter(word for e in events for word in _words(e.title))

    def of(self, place: str, here: Sequence[int], least: int) -> list[Topic]:
        """Topics of a place that at least so many tell of, and a third by title or address: who
        complains of it names it there."""
        events = [self._events[i] for i in here]
        if len(events) < least:
            return []
        told = [_text(e).replace(place, "") for e in events]
        rows = likeness.weighed(likeness.grams(told), self._rarity)
        alike = np.clip((rows @ rows.T).toarray(), 0, 1)
        np.fill_diagonal(alike, 1)
        groups = (at for at in _groups(alike) if len(at) >= least)
        found = (
            self._topic(place, [events[i] for i in at], alike[np.ix_(at, at)]) for at in groups
        )
        return [t for t, named in found if NAMED * named >= len(t.events)]

    def _topic(self, place: str, events: Sequence[Event], alike: Floats) -> tuple[Topic, int]:
        """The topic, and how many of its rows name the place by title or address."""
        n = len(events)
        like = float((alike.sum() - n) / (n * (n - 1)))
        typical = events[int(alike.sum(axis=0).argmax())].id
        ids = tuple(e.id for e in events)
        ends = events[0].reported_at, events[-1].reported_at
        words = self._words(place, [e.title for e in events])
        named = sum(place in e.address + e.title for e in events)
        return Topic(place, words, ids, typical, *ends, like), named

    def _words(self, place: str, titles: Sequence[str]) -> tuple[str, ...]:
        """Words that a third of the titles hold, those first that say most of them (log-likelihood
        against all titles); none of the place's name, none twice."""
        here = Counter(word for title in titles for word in _words(title.replace(place, "。")))
        share = len(titles) / len(self._events)
        worth = {
            word: n * np.log(n / (self._held[word] * share)) * len(word) ** 0.5
            for word, n in here.items()
            if NAMED * n >= len(titles) and self._held[word]
        }
        found: list[str] = []
        for word in sorted(worth, key=lambda w: (-worth[w], w)):
            if len(found) < WORDS and not any(set(word) & set(other) for other in found):
                found.append(word)
        return tuple(found)


def _text(event: Event) -> str:
    return f"{event.title}\n{event.body[:READ]}"


def _groups(alike: Floats) -> list[NDArray[np.int64]]:
    """Which rows belong together."""
    tree = hierarchy.average(squareform(1 - alike, checks=False))
    of = hierarchy.fcluster(tree, 1 - codes.limit("topic_like"), "distance")
    return [np.flatnonzero(of == number) for number in range(1, of.max() + 1)]


def _each_once(topics: Sequence[Topic]) -> list[Topic]:
    """Without those of which a larger one already holds most."""
    told: set[str] = set()
    found: list[Topic] = []
    for topic in topics:
        if 2 * len(told.intersection(topic.events)) < len(topic.events):
            found.append(topic)
            told.update(topic.events)
    return found


def _words(text: str) -> set[str]:
    """All runs of Chinese characters of the length of a word."""
    runs = _RUN.findall(text)
    shortest, longest = WORD
    return {
        run[i : i + n]
        for run in runs
        for n in range(shortest, longest + 1)
        for i in range(len(run) - n + 1)
    }
