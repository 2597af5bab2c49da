"""Names of places in texts 文中地名: estates, squares, villages that several texts name, found
without a list of them.

A name ends as such names do (code list place_ending). It is whole where what stands before it
differs from text to text, and it is a place where the texts that name it lie in one town:
丽发新城 does, 物业公司 is named everywhere.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from commandwall import codes

LONGEST = 9
SHORTEST = 3
TAIL = 0.6
"""Where one character stands before so large a share of a name, it belongs to the name."""
ELSEWHERE = 0.3
"""At most this share of the texts lies in another town than most of them."""
_BREAK = re.compile(
    r"[^\u4e00-\u9fff]|街道|大道|小区|[镇路县区市省旁的在是对了我于与和及到向从被把请将就有无为们住个该这那各]"
    r"|[本整每附近周边进入内外里严重影响]"
)
"""Where a name cannot begin before: signs, streets, and words that join."""


def named(texts: Sequence[str], towns: Sequence[str], least: int) -> dict[str, set[int]]:
    """Name -> which texts hold it, of names that at least so many do. `towns`: the town of each
    text, "" where it is not known. What a longer name holds is told under the shorter one."""
    held: dict[str, set[int]] = defaultdict(set)
    ending = _endings()
    for at, text in enumerate(texts):
        for name in _names(text, ending):
            held[name].add(at)
    before: Counter[str] = Counter()
    for name, rows in held.items():
        before[name[1:]] = max(before[name[1:]], len(rows))
    whole = {
        name: rows
        for name, rows in held.items()
        if len(rows) >= least and before[name] < TAIL * len(rows) and _one_town(rows, towns)
    }
    return _under_shortest(whole)


def _endings() -> tuple[re.Pattern[str], frozenset[str]]:
    """What names end in, and which of these words are no part of the name."""
    rows = codes.load("place_ending").values()
    words = sorted((row.id for row in rows), key=len, reverse=True)
    dropped = frozenset(row.id for row in rows if row.facts["dropped"])
    return re.compile(f"(?=({'|'.join(words)}))"), dropped


def _names(text: str, ending: tuple[re.Pattern[str], frozenset[str]]) -> set[str]:
    """All that may be names in a text, each with every beginning it may have."""
    found: set[str] = set()
    for match in ending[0].finditer(text):
        run = _BREAK.split(text[max(0, match.start() - LONGEST) : match.start()])[-1]
        tail = "" if match[1] in ending[1] else match[1]
        found.update(run[-n:] + tail for n in range(1, len(run) + 1))
    return {name for name in found if len(name) >= SHORTEST}


def _one_town(rows: set[int], towns: Sequence[str]) -> bool:
    known = Counter(town for at in rows if (town := towns[at]))
    return known.total() - max(known.values(), default=0) <= ELSEWHERE * len(rows)


def _under_shortest(whole: dict[str, set[int]]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for name in sorted(whole, key=len):
        inside = next((short for short in found if short in name), name)
        found[inside] = found.get(inside, set()) | whole[name]
    return found
