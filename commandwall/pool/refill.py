"""Copy some kinds or rows of the pool anew into a mirror that is in use.

For a station that was away longer than the feed is kept, for rows that were written past the
triggers, and where a standby that has not all of it takes the pool's place. The cursor stays where
it is until all rows are there, so one that is broken off begins again, and what changes meanwhile
comes through the feed once more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.schema import city_kinds
from commandwall.store.mirror import Mirror

log = logging.getLogger(__name__)
Tell = Callable[[float], None]
"""Hears the share of the rows that arrived."""
AT_ONCE = 2_000


def catch_up(client: Client, mirror: Mirror, tell: Tell) -> None:
    """Before the first page of a connection: go back where another server goes on, and copy anew
    what changed in a stretch that the feed no longer keeps.

    PoolTrouble("epoch") where the pool was set back and its owner did not say so.
    """
    _go_on(client, mirror, tell)
    if client.head() < int(mirror.meta("cursor", "0")):
        raise PoolTrouble("epoch", "the pool was set back: SELECT cw_begin_anew()")
    tail, tails = client.tails()
    cursor = int(mirror.meta("cursor", "0"))
    if cursor < tail:
        refill(client, mirror, [kind for kind, pos in tails.items() if pos > cursor], tell)
        mirror.note(cursor=str(tail))
    _bound(client, mirror, tell)


def _bound(client: Client, mirror: Mirror, tell: Tell) -> None:
    """The pool's owner gave this login another area, or other kinds: what came into its scope is
    copied, what left it goes."""
    was, now = mirror.meta("scope"), client.scope
    if was == now:
        return
    log.info("this login takes %s of the city, before %s", now or "all", was or "all")
    area, _, named = was.partition("/")
    had = set(named.split(",")) if named else set(city_kinds())
    held = had if area == client.area else set()
    refill(client, mirror, [kind for kind in client.columns if kind not in held], tell)
    for kind in city_kinds().keys() - client.columns.keys():
        _drop(mirror, kind, sorted(mirror.ids(kind)))
    mirror.note(scope=now)


def _go_on(client: Client, mirror: Mirror, tell: Tell) -> None:
    """Another server may go on with the feed behind a position: rows that came behind it from the
    server before become what they are there, and the feed is read again from it.

    PoolTrouble("epoch") from a server that knows nothing of the one that was followed so far: an
    old primary that came back.
    """
    terms, known = client.terms(), mirror.meta("term")
    cursor = int(mirror.meta("cursor", "0"))
    began = dict(terms)
    if not terms or known == terms[-1][0]:
        return
    if known and known not in began:
        told = "another server has taken this one's place; if this one is right: cw_begin_anew()"
        raise PoolTrouble("epoch", told)
    behind = [pos for _, pos in terms[[*began].index(known) + 1 :]] if known else []
    fork = min([cursor, *behind])
    if fork < cursor:
        log.warning("the pool goes on behind %d, we had read %d: going back", fork, cursor)
        _take_back(client, mirror, fork, tell)
    mirror.go_back(fork, terms[-1][0])


def _take_back(client: Client, mirror: Mirror, pos: int, tell: Tell) -> None:
    """Rows that were written behind a position become what they are in the pool now."""
    written = mirror.written_behind(pos)
    if written is None:
        refill(client, mirror, client.columns, tell)
        return
    for kind, ids in written.items():
        if kind not in client.columns:
            continue
        for some in _portions(sorted(ids)):
            rows = client.some(kind, some)
            gone = sorted({*some} - {row[0] for row in rows})
            mirror.take({kind: rows} if rows else {}, {kind: gone} if gone else {})


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
    for some in _portions(ghosts):
        mirror.take({}, {kind: some})


def _portions(ids: list[str]) -> Iterator[list[str]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
