"""Copy some kinds of the pool anew into a mirror that is in use.

For a station that was away longer than the feed is kept, and for rows that were written past the
triggers. The cursor stays where it is until all rows are there, so one that is broken off begins
again, and what changes meanwhile comes through the feed once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from commandwall.pool.client import Client
from commandwall.store.mirror import Mirror

Tell = Callable[[float], None]
"""Hears the share of the rows that arrived."""
AT_ONCE = 2_000


def catch_up(client: Client, mirror: Mirror, tell: Tell) -> None:
    """Behind the tail of the feed: copy anew what changed in the stretch that is gone."""
    tail, tails = client.tails()
    cursor = int(mirror.meta("cursor", "0"))
    if cursor < tail:
        refill(client, mirror, [kind for kind, pos in tails.items() if pos > cursor], tell)
        mirror.note(cursor=str(tail))


def refill(client: Client, mirror: Mirror, kinds: Iterable[str], tell: Tell) -> None:
    """All rows of these kinds; what the mirror has and the pool has not is gone."""
    wanted = [kind for kind in kinds if kind in client.columns]  # lines come by their own way
    total = sum(client.count(kind) for kind in wanted)
    done = 0
    for kind in wanted:
        there: set[str] = set()
        after = ""
        while rows := client.rows(kind, after, AT_ONCE):
            mirror.take({kind: rows}, {})
            after = rows[-1][0]
            there.update(row[0] for row in rows)
            tell(min(1.0, (done + len(there)) / max(1, total)))
        done += len(there)
        _drop(mirror, kind, sorted(mirror.ids(kind) - there))


def _drop(mirror: Mirror, kind: str, ghosts: list[str]) -> None:
    for start in range(0, len(ghosts), AT_ONCE):
        mirror.take({}, {kind: ghosts[start : start + AT_ONCE]})
