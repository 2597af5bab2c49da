"""Hot words 热词: what is told of far oftener in the last days than before, of the city and of each
town, in events of the pool and mentions of an outside feed, with the rows that hold it.

How far a word rises is `surge.score` over the texts now and before, so that a day on which more is
told lifts no word by itself. A word counts once in a text, and stands in the title of a third of
those that hold it: bodies say much that they are not about. Words of the same texts are one row.
Where there are too many, all of now are read and of those before one of so many, evenly: what is
compared are shares.
Texts are cut by jieba's dictionary, to which the places of the city are added, in a child program:
that takes seconds, and 60 MB.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely

from commandwall import codes, mentions, platform, surge, whereabouts
from commandwall.areas import TOWN, VILLAGE, Area, by_code, town_of
from commandwall.clock import DAY, HOUR, Ms, day
from commandwall.errand import Question, end_with_starter, say
from commandwall.events import Event, readable
from commandwall.mentions import Mention
from commandwall.store import numbers
from commandwall.store.store import Reader, Store

READ = 300
"""Characters of a body that are read."""
BESIDE, PLACES = 3, 3
"""Words that are told with one, and towns and places of one, that are named."""
DRAWN = 1.1
"""How many times as many as it should be a draw may be."""
CARRIED = 50
"""Mentions of one word that are told with it."""
SAME = 0.6
"""A word of which so large a share of the texts hold a hotter one is told with that."""
TITLED = 3
"""One in so many texts holds a word in its title."""
_WORD = re.compile("[\u4e00-\u9fff]{2,}")
_ROWS = (
    "SELECT * FROM event WHERE rowid >= :no AND reported_at >= :t AND reported_at < :end"
    " AND (rowid * 1000003 >> 20) % :k = 0 ORDER BY rowid DESC LIMIT :n"
)
"""One of so many, drawn by their numbers: these go by the minute, which reports may go by too."""
_MANY = "SELECT sum(n) FROM tally WHERE name = 'hour' AND key >= :first AND key < :end"
Cut = Callable[[str], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Telling:
    """A text, where and when it was told."""

    id: str
    at: Ms
    town: str  # code; "" where nobody knows
    title: str
    body: str = ""
    mention: Mention | None = None  # where it was told outside


@dataclass(frozen=True, slots=True)
class HotWord:
    """One word of one town, or ("") of the city."""

    town: str
    word: str
    beside: tuple[str, ...]  # words that the same texts hold
    usual: float  # in how many texts it would stand, were it as before
    score: float  # surge.score
    towns: tuple[tuple[str, int], ...]  # code and how many texts, the most first
    places: tuple[tuple[str, int], ...]  # names of estates, squares, villages in these texts
    events: tuple[str, ...]  # ids, the newest first
    outside: int  # mentions that hold it
    mentions: tuple[Mention, ...]  # the newest of them

    @property
    def n(self) -> int:
        """How many texts of now hold it."""
        return len(self.events) + self.outside


@dataclass(frozen=True, slots=True)
class Found:
    """Hot words, and what they were found in."""

    words: tuple[HotWord, ...]  # of the city, then town by town, the hottest first
    first: Ms  # the oldest text
    since: Ms  # from then on a text is of now
    now: int  # texts of now
    before: int
    outside: int  # mentions among both
    every: int = 1  # of the texts before one of so many was read


class Search(Question):
    """A look for the hot words of a data directory at a moment; `answer` is a Found."""

    def __init__(self, folder: Path, now: Ms) -> None:
        super().__init__("commandwall.hotwords", [str(folder), str(now)], _found)


def find(tellings: Sequence[Telling], names: Collection[str], since: Ms) -> list[HotWord]:
    """The hot words of texts, those from `since` on against those before; `names`: places of the
    city, which are no words."""
    now = sorted((t for t in tellings if t.at >= since), key=lambda t: (-t.at, t.id))
    least = int(codes.limit("hot_least", day(since)))
    texts = [f"{t.title}\n{t.body}" for t in now]
    places = whereabouts.named(texts, [t.town for t in now], least)
    counts = _Counts(_words({*names, *places}), now)
    counts.add_past([t for t in tellings if t.at < since])
    return counts.hot(places)


def of_pool(reader: Reader, now: Ms) -> Found:
    """The hot words of the pool at a moment. Takes seconds."""
    on = day(now)
    since, first = (int(now - codes.limit(name, on) * DAY) for name in ("hot_days", "hot_from"))
    every = _every(reader, first, since, codes.limit("hot_rows", on))
    areas = by_code(reader)
    town = cache(lambda code: town_of(areas, code))
    told = [*_read(reader, since, now + 1, 1), *_read(reader, first, since, every)]
    tellings = [_telling(e, town(e.area)) for e in told]
    towns = _Towns([area for area in areas.values() if area.level == TOWN])
    outside = mentions.between(reader.folder, Ms(first), now)
    shown = [m for n, m in enumerate(outside) if m.at >= since or n % every == 0]
    tellings += (Telling(m.id, m.at, towns.of(m), m.text[:READ], "", m) for m in shown)
    held = sum(t.at >= since for t in tellings)
    before = len(tellings) - held
    enough = before >= codes.limit("hot_past", on)
    words = find(tellings, _names(areas.values()), Ms(since)) if enough else []
    oldest = min((t.at for t in tellings), default=Ms(since))
    return Found(tuple(words), oldest, Ms(since), held, before, len(shown), every)


def _every(reader: Reader, first: int, since: int, most: float) -> int:
    """Of how many events of a stretch one is read, so that no more than so many are."""
    hours = {"first": f"{first // HOUR:06}", "end": f"{since // HOUR:06}"}
    return max(1, ceil(int(reader.value(_MANY, **hours) or 0) / most))


def _read(reader: Reader, first: int, end: int, every: int) -> Iterable[Event]:
    """The events of a stretch, one of so many, of which more may be told than their class."""
    most = int(codes.limit("hot_rows", day(Ms(end))) * DRAWN)
    params = {"no": numbers.first(first), "t": first, "end": end, "k": every, "n": most}
    return readable(reader, reader.records(Event, _ROWS, **params))


class _Counts:
    """How many texts hold each word, of the city and of each town."""

    def __init__(self, words: Callable[[str], set[str]], now: Sequence[Telling]) -> None:
        self._words, self._now = words, now
        self._held: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._titled: Counter[tuple[str, str]] = Counter()
        self._all: Counter[str] = Counter()
        self._past: Counter[tuple[str, str]] = Counter()
        self._all_past: Counter[str] = Counter()
        for at, telling in enumerate(now):
            for town in {"", telling.town}:
                self._all[town] += 1
            for key in self._keys(telling.town, f"{telling.title}\n{telling.body}"):
                self._held[key].append(at)
            self._titled.update(self._keys(telling.town, telling.title))

    def add_past(self, past: Iterable[Telling]) -> None:
        for telling in past:
            self._all_past.update({"", telling.town})
            self._past.update(self._keys(telling.town, f"{telling.title}\n{telling.body}"))

    def hot(self, places: Mapping[str, set[int]]) -> list[HotWord]:
        """Of the city, then of each town."""
        by_town: dict[str, list[tuple[float, str]]] = defaultdict(list)
        on = day(self._now[0].at) if self._now else None
        least, worth = codes.limit("hot_least", on), codes.limit("hot_score", on)
        for (town, word), rows in self._held.items():
            if len(rows) >= least and (score := self._score(town, word, len(rows))) >= worth:
                by_town[town].append((-score, word))
        told = ((town, sorted(by_town[town])) for town in sorted(by_town))
        return [one for town, ranked in told for one in self._rows(town, ranked, places)]

    def _keys(self, town: str, text: str) -> list[tuple[str, str]]:
        words = self._words(text)
        return [(here, word) for here in {"", town} for word in words]

    def _score(self, town: str, word: str, n: int) -> float:
        if TITLED * self._titled[town, word] < n:
            return 0.0
        past, before = self._past[town, word], self._all_past[town]
        return surge.score(n, self._all[town], past, before)

    def _rows(
        self, town: str, ranked: Sequence[tuple[float, str]], places: Mapping[str, set[int]]
    ) -> Iterable[HotWord]:
        """What stands in the same texts is told with the hottest of them."""
        most = int(codes.limit("hot_shown"))
        heads: dict[str, list[str]] = {}
        for _, word in ranked:
            rows = set(self._held[town, word])
            alike = (h for h in heads if self._alike(rows, self._held[town, h]))
            head = next(alike, None)
            if head is not None:
                heads[head].append(word)
            elif len(heads) < most:
                heads[word] = []
        return [self._row(town, word, beside, places) for word, beside in heads.items()]

    def _alike(self, rows: set[int], others: Sequence[int]) -> bool:
        return len(rows.intersection(others)) >= SAME * len(rows)

    def _row(
        self, town: str, word: str, beside: Sequence[str], places: Mapping[str, set[int]]
    ) -> HotWord:
        rows = self._held[town, word]
        usual = surge.usual(self._all[town], self._past[town, word], self._all_past[town])
        towns = Counter(t for i in rows if (t := self._now[i].town))
        named = Counter({name: len(at.intersection(rows)) for name, at in places.items()})
        told = [self._now[i] for i in rows]
        outside = [t.mention for t in told if t.mention is not None]
        return HotWord(
            town, word, tuple(_apart(word, beside)), round(usual, 1),
            round(self._score(town, word, len(rows)), 1), _most(towns), _most(named),
            tuple(t.id for t in told if t.mention is None), len(outside), tuple(outside[:CARRIED]),
        )  # fmt: skip


class _Towns:
    """In which town something outside was told: by its point, else by the first name it holds."""

    def __init__(self, towns: Sequence[Area]) -> None:
        self._codes = [town.id for town in towns]
        blobs = np.array([town.geom for town in towns], object)
        self._shapes = shapely.from_wkb(blobs, on_invalid="ignore")  # one that is none holds nobody
        named = [(name, town.id) for town in towns for name in _names([town])]
        self._named = dict(sorted(named, key=lambda one: -len(one[0])))

    def of(self, mention: Mention) -> str:
        if mention.lon is not None and mention.lat is not None:
            inside = shapely.contains_xy(self._shapes, mention.lon, mention.lat)
            return next((code for code, hit in zip(self._codes, inside, strict=True) if hit), "")
        told = f"{mention.place} {mention.text[:READ]}"
        return next((code for name, code in self._named.items() if name in told), "")


def _most(counted: Counter[str]) -> tuple[tuple[str, int], ...]:
    found = sorted(((n, key) for key, n in counted.items() if n > 0), key=lambda o: (-o[0], o[1]))
    return tuple((key, n) for n, key in found[:PLACES])


def _apart(word: str, beside: Sequence[str]) -> list[str]:
    """Those that say something else: none that is a part of another one."""
    found: list[str] = []
    for one in beside:
        if len(found) < BESIDE and not any(one in o or o in one for o in (word, *found)):
            found.append(one)
    return found


def _words(places: Collection[str]) -> Callable[[str], set[str]]:
    """The words of a text that say what it is about: those of word_known, none of word_left_out,
    and none of these places."""
    left_out = [row.facts for row in codes.load("word_left_out").values()]
    words = {*places, *(word for facts in left_out for word in facts["words"])}
    kinds = {kind for facts in left_out for kind in facts["kinds"]}
    known = {w for row in codes.load("word_known").values() for w in row.facts["words"]} - words
    cut = _cutter({*places, *known})

    def of(text: str) -> set[str]:
        found = ((word, kind) for word, kind in cut(text) if _WORD.fullmatch(word))
        return {w for w, kind in found if w in known or (kind not in kinds and w not in words)}

    return of


def _cutter(names: Iterable[str]) -> Cut:
    """Cuts a text into words and their kinds, and these names in no more."""
    from rjieba import Jieba  # 60 MB: only where somebody looks for hot words

    jieba = Jieba()
    for name in names:
        jieba.add_word(name, None, None)
    cut: Cut = jieba.tag
    return cut


def _telling(event: Event, town: str) -> Telling:
    return Telling(event.id, event.reported_at, town, event.headline, event.words[:READ])


def _names(areas: Iterable[Area]) -> set[str]:
    """Names of towns and villages, also without what such names end in."""
    endings = tuple(codes.load("area_suffix"))
    names = {area.name for area in areas if area.level in (TOWN, VILLAGE)}
    stems = {n.removesuffix(end) for n in names for end in endings if n.endswith(end)}
    return {name for name in names | stems if _WORD.fullmatch(name)}


def _found(said: dict[str, Any]) -> Found:
    return msgspec.convert(said, Found)


def main(folder: str, now: str) -> None:
    """In the child."""
    platform.be_nice(10)
    end_with_starter()
    with closing(Store(Path(folder))) as store:
        say(asdict(store.read(lambda reader: of_pool(reader, Ms(int(now))))))


if __name__ == "__main__":
    main(*sys.argv[1:3])
