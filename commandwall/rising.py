"""What rises 升温: classes of events that a town, or the city, has far oftener in the last days
than before. Counted from the hot columns, whatever the pool holds; how far it rises is
`surge.score` over days.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from commandwall import codes, cube, surge
from commandwall.areas import by_code, town_of
from commandwall.clock import DAY, Ms, day
from commandwall.saved_views import POOL, Filter
from commandwall.store.store import Reader

_OLDEST = "SELECT reported_at FROM event ORDER BY rowid LIMIT 1"
Sums = Counter[tuple[str, str]]
"""Town ("" for the city) and class -> events."""


@dataclass(frozen=True, slots=True)
class Rising:
    """A class of a town, or of the city, that rises."""

    town: str
    cls: str
    n: int
    usual: float
    score: float

    def filter(self, now: Ms) -> Filter:
        """Which events these are."""
        days = int(codes.limit("hot_days", day(now)))
        return Filter(POOL, cls=self.cls, area=self.town, days=days)


def of_pool(reader: Reader, now: Ms) -> list[Rising]:
    """What rises, the furthest first; nothing where the pool does not go back as long again."""
    on = day(now)
    since, first = (Ms(int(now - codes.limit(n, on) * DAY)) for n in ("hot_days", "hot_from"))
    first = max(first, Ms(int(reader.value(_OLDEST) or now)))
    if since - first < now - since:
        return []
    late, whole = _sums(reader, since), _sums(reader, first)
    spans = (now - since) / DAY, (since - first) / DAY
    return sorted(_risen(late, whole, *spans), key=lambda r: (-r.score, r.town, r.cls))


def _risen(late: Sums, whole: Sums, days: float, before: float) -> list[Rising]:
    least, worth = codes.limit("hot_least"), codes.limit("hot_score")
    found = []
    for (town, cls), n in late.items():
        k = whole[town, cls] - n
        score = surge.score(n, days, k, before)
        if n >= least and score >= worth:
            found.append(Rising(town, cls, n, surge.usual(days, k, before), score))
    return found


def _sums(reader: Reader, since: Ms) -> Sums:
    areas = by_code(reader)
    told = cube.count(reader, ("area", "cls"), since=since)
    sums: Sums = Counter()
    for code, row in zip(told.rows, told.counts.tolist(), strict=True):
        town = town_of(areas, code)
        for cls, n in zip(told.cols, row, strict=True):
            for part in {"", town} if cls and n else ():
                sums[part, cls] += n
    return sums
