"""What a draft of a study consists of: blocks of sentences and tables, whose numbers know the rows
that they count; a person's own words keep the numbers that he leaves in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from commandwall import plain
from commandwall.clock import Ms
from commandwall.reports.basis import Row
from commandwall.studies import Scope

_FIELD = re.compile(r"\{(\w+)\}")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?\s?%?")
_DATE = re.compile(r"\d+(?=\s*[年月日时分号]|[-:/]\d)|(?<=[-:/])\d+")
_ID = itemgetter(0)
LONGEST = 4000
"""Letters of a block's words."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is written, and the ids of the events that it counts."""

    text: str
    keys: tuple[str, ...]
    what: str  # that is counted, in words

    @property
    def n(self) -> int:
        return len(self.keys)

    @property
    def counts(self) -> bool:
        """Whether it says how many rows it has: a share and the number of an event do not."""
        return self.text == f"{self.n:,}"


Piece = str | Figure
Line = tuple[Piece, ...]
TREND, BARS = "trend", "bars"
"""How a chart is drawn: by day as a line, by name as bars."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers as a picture: each keeps its rows."""

    kind: str
    series: tuple[str, ...]
    points: tuple[tuple[str, tuple[Figure, ...]], ...]  # what it is of -> a number of each series

    @property
    def most(self) -> int:
        """The greatest of its numbers."""
        return max((figure.n for _, some in self.points for figure in some), default=0)


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a study: sentences, then a table, each cell of which is a piece."""

    id: str  # code list study_block
    head: str
    lines: tuple[Line, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[Line, ...] = ()
    chart: Chart | None = None  # it stands after the sentences
    typed: bool = False  # a person wrote its sentences

    @property
    def figures(self) -> list[Figure]:
        """All its numbers, in the order in which they are read."""
        drawn = self.chart.points if self.chart is not None else ()
        lines = (*self.lines, *(some for _, some in drawn), *self.rows)
        return [p for line in lines for p in line if isinstance(p, Figure)]

    @property
    def text(self) -> str:
        """Its sentences."""
        return "\n".join(map(written, self.lines))


@dataclass(frozen=True, slots=True)
class Draft:
    """A study before it is given out."""

    kind: str
    template: str
    title: str
    told: tuple[str, ...]  # of what, of when, as of when
    scope: Scope
    as_of: Ms
    rows: int  # events of the period
    blocks: tuple[Block, ...]

    @property
    def figures(self) -> list[Figure]:
        return [figure for block in self.blocks for figure in block.figures]

    def counts(self) -> dict[str, dict[str, int]]:
        """Block -> what is counted -> how many."""
        return {b.id: {f.what: f.n for f in b.figures if f.counts} for b in self.blocks}

    def worded(self, block: str, text: str) -> Draft:
        """The same with a person's words in a block; the numbers that he left keep their rows."""
        blocks = (_worded(b, text) if b.id == block else b for b in self.blocks)
        return replace(self, blocks=tuple(blocks))

    def without(self, block: str) -> Draft:
        return replace(self, blocks=tuple(b for b in self.blocks if b.id != block))


def say(sentence: str, **parts: Piece) -> Line:
    """A translated sentence with pieces in its {fields}."""
    found: list[Piece] = list(_FIELD.split(sentence))
    found[1::2] = [parts[str(name)] for name in found[1::2]]
    return tuple(piece for piece in found if piece != "")


def written(line: Iterable[Piece]) -> str:
    """A line as it is printed."""
    return "".join(p.text if isinstance(p, Figure) else p for p in line)


def counted(rows: Sequence[Row], what: str) -> Figure:
    """1,234 with its rows."""
    return Figure(f"{len(rows):,}", tuple(map(_ID, rows)), what)


def charted(kind: str, columns: Sequence[str], rows: Sequence[Line], most: int) -> Chart | None:
    """The first columns of numbers of a table (`most`) as a picture, by its first column; None for
    a table without any."""
    counts = [n for n in range(1, len(columns)) if rows and all(_counts(row[n]) for row in rows)]
    if not (shown := counts[:most]):
        return None
    points = ((written(row[:1]), tuple(p for n in shown if isinstance(p := row[n], Figure)))
              for row in rows)  # fmt: skip
    return Chart(kind, tuple(columns[n] for n in shown), tuple(points))


def _counts(piece: Piece) -> bool:
    return isinstance(piece, Figure) and piece.counts


def share(good: Sequence[Row], of: Sequence[Row], what: str) -> Piece:
    """72.1 %, whose rows are the good ones; — where nothing counts."""
    if not of:
        return "—"
    return Figure(f"{len(good) / len(of):.1%}", tuple(map(_ID, good)), what)


def unfounded(block: Block, text: str) -> list[str]:
    """Numbers in a person's words that no row stands behind, and that are no part of a date."""
    known = {f.text for f in block.figures}
    bare = _DATE.sub("", text)
    return [n for n in map(str.strip, _NUMBER.findall(bare)) if n not in known]


def _worded(block: Block, text: str) -> Block:
    """Numbers that stand as the draft had them are linked again, the first that is left of each."""
    left = list(block.figures)
    lines = tuple(tuple(_linked(one, left)) for one in paragraphs(text))
    return replace(block, lines=lines, typed=True)


def _linked(line: str, left: list[Figure]) -> Iterator[Piece]:
    at = 0
    for number in _NUMBER.finditer(line):
        found = next((f for f in left if f.text == number[0].strip()), None)
        if found is not None:
            yield line[at : number.start()]
            yield found
            at = number.start() + len(found.text)
    yield line[at:]


def paragraphs(text: str, clean: Callable[[str], str] = plain.mask) -> list[str]:
    """A person's words, line by line, masked as everything that leaves."""
    lines = (clean(plain.clean(line, LONGEST)) for line in text.splitlines())
    return [line for line in lines if line.strip()]
