"""First fill: a whole mirror beside the one in use, by key ranges, in a child program.

`python -m commandwall.pool.fill FOLDER` is told the pool's address by who starts it (environment),
and prints how far it is as lines of JSON. "Fuzzy copy, then catch up": the head of the feed is
noted first and becomes the cursor, so what changes during the copy arrives again through the feed.

Where a city's past is long, a small mirror comes first: everything but the past. The folder points
at it after seconds, the agent follows the feed with it, and the whole one takes its place when it
is made. Killed at any moment, the next run goes on behind the last range that arrived.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

from commandwall import platform
from commandwall.clock import DAY, Clock
from commandwall.config import BUSY, REFUSED
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.filling import Share, told
from commandwall.pool.pages import FromPool
from commandwall.pool.refill import catch_up, refill
from commandwall.pool.schema import city_kinds
from commandwall.pool.source import Piece, Source
from commandwall.store.draft import Draft
from commandwall.store.mirror import Mirror, mirror_name, use
from commandwall.store.store import pointed

LONG = 200_000
"""A pool with more events than this gets a small mirror first."""
LAST_WORK = 0.15
"""What is left to do once all rows are there (indexes, words), as a share of the rows."""
PACED = 0.01
"""Of less than this share nobody knows the pace: a run that goes on with hardly a row to come would
tell of weeks."""


@dataclass(slots=True)
class Progress:
    """Tells how far it is: rows that arrived, then the steps of the last work."""

    tell: Callable[[Share], None]
    clock: Clock
    total: int = 1
    done: int = 0
    usable: bool = False
    _begun: tuple[float, int] = field(default=(0.0, 0))

    def begin(self, total: int, done: int) -> None:
        self.total, self.done = max(1, round(total * (1 + LAST_WORK))), done
        self._begun = self.clock.monotonic(), done

    def add(self, rows: int) -> None:
        """Rows arrived."""
        self.done += rows
        self.tell(Share(min(1.0, self.done / self.total), self._left(), self.usable))

    def last(self, share: float) -> None:
        """All rows are there, and this share of the last work is done."""
        done = round(self.total * (1 + LAST_WORK * share) / (1 + LAST_WORK))
        self.add(max(0, done - self.done))

    def _left(self) -> float | None:
        at, before = self._begun
        passed, came = self.clock.monotonic() - at, self.done - before
        if came < PACED * self.total:
            return None
        return round(max(0, self.total - self.done) * passed / came, 1)


def fill(folder: Path, client: Client, clock: Clock, tell: Callable[[Share], None]) -> str:
    """Copy the pool into a new mirror; returns its file name once the folder points at it."""
    name = mirror_name(client.meta().epoch)
    if pointed(folder) != name:
        with Source(client) as source:
            _fill(folder, client, source, Progress(tell, clock))
        _catch_up(folder / name, client, clock)
        use(folder, name)
    return name


def _fill(folder: Path, client: Client, source: Source, progress: Progress) -> None:
    meta = client.meta()
    name, small = mirror_name(meta.epoch), mirror_name(meta.epoch, small=True)
    counts = {kind: source.count(kind) for kind in city_kinds()}
    facts = {"term": "".join(name for name, _ in client.terms()[-1:]), "scope": client.scope}
    with closing(_draft(folder / name, facts)) as draft:
        if draft.made:
            progress.last(1.0)
            return
        if not draft.meta("cursor"):
            draft.note(cursor=str(client.head()), epoch=meta.epoch, city=meta.city, **facts)
        progress.begin(sum(counts.values()), draft.rows())
        for kind in city_kinds():
            if kind != "event":
                _copy(draft, kind, source.rows(kind, draft.meta(f"filled.{kind}")), progress)
    if counts["event"] > LONG and pointed(folder) != small:
        _make_small(folder, (name, small), source, progress)
    progress.usable = pointed(folder) == small
    with closing(Draft(folder / name)) as draft:
        _copy(draft, "event", source.rows("event", draft.meta("filled.event")), progress)
        draft.finish(progress.last)


def _draft(path: Path, facts: Mapping[str, str]) -> Draft:
    """What an earlier run left, unless it came of another server, which may have had rows that
    are not in this one, or of another scope: nothing would tell of them."""
    draft = Draft(path)
    same = all(draft.meta(name) == fact for name, fact in facts.items())
    if draft.made or not draft.meta("cursor") or same:
        return draft
    draft.close()
    path.unlink()
    return Draft(path)


def _copy(draft: Draft, kind: str, pieces: Iterable[Piece], progress: Progress) -> None:
    for rows, after in pieces:
        draft.take(kind, rows, after)
        progress.add(rows.num_rows)
    draft.keep()


def _make_small(folder: Path, names: tuple[str, str], source: Source, progress: Progress) -> None:
    """A mirror of what the whole one has so far, with the events of today and all open ones."""
    whole, small = names
    fresh = folder / (small + ".new")
    shutil.copyfile(folder / whole, fresh)
    since = progress.clock.now() - DAY
    with closing(Draft(fresh)) as draft:
        draft.clear("event")
        for rows, after in source.newest(since):
            draft.take("event", rows, after)
        draft.finish()
    fresh.replace(folder / small)
    use(folder, small)


def _catch_up(path: Path, client: Client, clock: Clock) -> None:
    """Take what the feed brought meanwhile: the picture does not go back when this one is used."""
    with closing(Mirror(path, clock)) as mirror:
        catch_up(client, mirror, lambda share: None)
        carrier, more = FromPool(client, clock), True
        while more:
            with carrier.pages(int(mirror.meta("cursor"))) as page:
                refill(client, mirror, page.anew, lambda share: None)
                now = str(clock.now())
                mirror.take(page.rows, page.gone, cursor=str(page.last), taken_at=now)
            more = page.more


def main(folder: Path) -> int:
    """Fill the folder of a station; one at a time."""
    with platform.lock(folder / "fill.lock") as held:
        if not held:
            return BUSY
        try:
            with Client(*told()) as client:
                fill(folder, client, Clock(), _print)
        except PoolTrouble as trouble:
            print(trouble, file=sys.stderr)
            return REFUSED
    return 0


def _print(share: Share) -> None:
    print(json.dumps(asdict(share)), flush=True)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
