"""Full text that finds two-character Chinese words: pairs of characters in an FTS5 index.

The index keeps no positions, so a hit is a candidate; the query checks it again with LIKE.
"""

from __future__ import annotations

import re
from operator import add

DDL = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS event_fts USING fts5("
    "grams, content='', contentless_delete=1, detail=none, tokenize='unicode61')"
)
_RUN = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")
_LATIN = re.compile(r"[a-z0-9]+")


def grams(text: str) -> list[str]:
    """Words of Latin letters and digits as they are, everything else as pairs of characters."""
    found: list[str] = []
    for run in _RUN.findall(text.lower()):
        if len(run) == 1 or _LATIN.fullmatch(run):
            found.append(run)
        else:
            found.extend(map(add, run, run[1:]))
    return found


def match(term: str) -> str:
    """The MATCH expression of one search term; "" where only LIKE can find it.

    A lone character, or the last letters of a Latin word, may stand inside a pair or a longer
    word: the index is asked for their beginning.
    """
    parts = [f'"{gram}"' for gram in grams(term) if len(gram) > 1]
    return " AND ".join(f"{part}*" if part[1].isascii() else part for part in parts)


def like(term: str) -> str:
    """A LIKE pattern (ESCAPE '\\') that takes the term literally."""
    escaped = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
