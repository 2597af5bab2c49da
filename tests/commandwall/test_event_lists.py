"""What a filter finds in the pool is what a plain look at every row finds, in the same order,
whatever came, changed and went, and also while the columns are behind."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import NOW, StillClock, an_event

from commandwall import cube, event_lists
from commandwall.clock import DAY, HOUR, MINUTE, Ms, day
from commandwall.desk import Desk
from commandwall.events import Event, EventView, EventWork, FiledEvent, as_event
from commandwall.saved_views import POOL, Filter
from commandwall.store import hot, numbers
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Reader

SOURCES, CLASSES = ("12345", "grid", "110"), ("water", "gas", "noise", "rare")
UNITS = ("", "供水公司", "燃气公司", "住建局")
DAYS = ("", "", *(str(day(Ms(NOW - n * DAY))) for n in (0, 1, 31, 60, 200)))
TOWNS = tuple(f"32028{town}{village:03d}" for town in range(3) for village in range(4))
BACK = (40 * MINUTE, DAY, 29 * DAY, 40 * DAY, 130 * DAY, 700 * DAY)


def a_moment(drawn: random.Random) -> Ms:
    """Mostly of the last day, thinly of long ago, some at one moment, some of the hour to come."""
    back = drawn.randrange(-HOUR, drawn.choice(BACK), drawn.choice([MINUTE // 4, HOUR]))
    return Ms(NOW - back)


def event(drawn: random.Random, key: str) -> Event:
    return an_event(
        id=key, source=drawn.choice(SOURCES), cls=drawn.choice(CLASSES * 5 + ("only",)),
        area=drawn.choice(TOWNS), state=drawn.choice(["NEW", "CLOSED"]),
        unit=drawn.choice(UNITS),
        reported_at=a_moment(drawn),
    )  # fmt: skip


def row(one: Event) -> tuple[object, ...]:
    return tuple(getattr(one, name) for name in one.__slots__)


def filters(drawn: random.Random) -> Iterator[Filter]:
    yield Filter(POOL)
    for _ in range(12):
        area = drawn.choice(["", "32028", "320281", drawn.choice(TOWNS), "9"])
        yield Filter(
            POOL, source=drawn.choice(["", *SOURCES]), cls=drawn.choice(["", "only", *CLASSES]),
            area=area, days=drawn.choice([0, 0, 1, 30, 31, 500]), unit=drawn.choice(UNITS),
            first_day=drawn.choice(DAYS), last_day=drawn.choice(DAYS),
        )  # fmt: skip


def plain(reader: Reader, filter: Filter) -> list[str]:
    """The ids by looking at every row: newest first, of one moment as they were numbered."""
    pooled = [Event(*r) for r in reader.rows("SELECT * FROM event ORDER BY rowid")]
    held = {e.id for e in pooled}
    filed = [as_event(f) for f in reader.find(FiledEvent) if f.id not in held]
    work = {w.id: w for w in reader.find(EventWork)}
    fit = [
        e for e in (*filed, *pooled)
        if filter.fits(e, NOW) and filter.stands(EventView(e, work.get(e.id)))
    ]  # fmt: skip
    return [e.id for e in sorted(fit, key=lambda e: -e.reported_at)]


class Pool:
    """A station whose mirror takes pages of new, changed, moved and removed events."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.drawn = folder, random.Random(seed)
        self.mirror = Mirror(folder / "m1.db")
        use(folder, "m1.db")
        self.store = open_store(folder)

    def page(self) -> None:
        keys = [f"e{self.drawn.randrange(260)}" for _ in range(90)]
        gone = [f"e{self.drawn.randrange(260)}" for _ in range(9)]
        self.mirror.take({"event": [row(event(self.drawn, k)) for k in keys]}, {"event": gone})

    def agree(self) -> None:
        for filter in filters(self.drawn):
            wanted = self.store.read(lambda r, f=filter: plain(r, f))
            for limit in (3, 40, 10_000):
                found = self.store.read(lambda r, f=filter, n=limit: event_lists.find(r, f, NOW, n))
                assert [view.event.id for view in found] == wanted[:limit], filter
            counted = self.store.read(lambda r, f=filter: event_lists.count(r, f, NOW, 9))
            assert counted == len(wanted), filter

    def file(self) -> None:
        desk = Desk(self.store, StillClock())
        filed = [
            FiledEvent(f"e{n}", "duty", "停水", "", self.drawn.choice(CLASSES), 3, TOWNS[n % 12],
                       "", None, None, None, a_moment(self.drawn))
            for n in range(240, 280)
        ]  # fmt: skip
        desk.run(lambda tx: tx.put(*filed), {}, local=True)
        desk.close()

    def give(self) -> None:
        """Stations give some to other units, to lead or to help; the city's rows do not know."""
        desk = Desk(self.store, StillClock())
        work = [
            EventWork(f"e{self.drawn.randrange(280)}", "SIGNED", self.drawn.choice(UNITS), "", NOW,
                      "陈", "p3", furthest="SIGNED", co=self.drawn.choice(("", "住建局,燃气公司")))
            for _ in range(60)
        ]  # fmt: skip
        desk.run(lambda tx: tx.put(*{w.id: w for w in work}.values()), {}, local=True)
        desk.close()

    def close(self) -> None:
        self.mirror.close()
        self.store.close()


@pytest.mark.parametrize("seed", range(3))
def test_lists_are_what_a_plain_look_finds_whatever_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(event_lists, "PART", 11)
    monkeypatch.setattr(cube, "BLOCK", 70)
    pool = Pool(tmp_path, seed)
    for n in range(4):
        pool.page()
        if n == 1:
            pool.file()
        if n > 1:
            pool.give()
        pool.agree()
    pool.mirror.close()
    hot.hot_path(tmp_path / "m1.db").unlink()
    pool.mirror = Mirror(tmp_path / "m1.db")  # the columns are made anew
    pool.agree()
    pool.close()


def test_what_the_mirror_has_is_listed_before_the_columns_hold_it(tmp_path: Path) -> None:
    """The columns follow the mirror's commit; an agent killed between the two leaves them so."""
    pool = Pool(tmp_path, 7)
    pool.page()
    pool.page()
    path, old = hot.hot_path(tmp_path / "m1.db"), tmp_path / "old"
    shutil.copy(path, old)
    pool.page()
    shutil.copy(old, path)
    for filter in filters(pool.drawn):
        found = pool.store.read(lambda r, f=filter: event_lists.find(r, f, NOW, 9_999))
        wanted = pool.store.read(lambda r, f=filter: plain(r, f))
        assert [view.event.id for view in found] == wanted
    pool.close()


def test_a_minute_with_more_events_than_numbers_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import that knows only the day puts all of it at midnight: those without a number in
    their minute have one of a later hour. Nor are those lost that are older than all numbers."""
    pool = Pool(tmp_path, 9)
    monkeypatch.setattr(numbers, "ROOM", 2)
    at = Ms(NOW // HOUR * HOUR)
    rows = [an_event(id=f"m{n:03d}", reported_at=at, cls=CLASSES[n % 2]) for n in range(150)]
    rows += [an_event(id=f"z{n}", reported_at=Ms(-n * HOUR), cls="gas") for n in range(9)]
    pool.mirror.take({"event": [row(one) for one in rows]}, {})
    pool.mirror.take({"event": [row(rows[3])]}, {"event": ["m000", "m149"]})
    pool.agree()
    pool.close()


DRAWN = "b465b589-0c1d-4e6e-9b63-3b1f54b7a001"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("1125-00665", ["closed"]),
        ("gd7", ["two", "three"]),  # of two sources
        ("B465B589", [DRAWN]),  # as the wall shows what a station drew
        ("b465b589", [DRAWN]),
        ("B465B58A", ["filed"]),
        ("1125", []),
        ("closed", []),  # an id of ours that nobody sees
        ("b465b58%", []),
        ("", []),
    ],
)
def test_an_event_is_found_by_the_number_that_people_see(
    tmp_path: Path, typed: str, found: list[str]
) -> None:
    mirror = Mirror(tmp_path / "m1.db")
    given = {"closed": "1125-00665", "two": "GD7", "three": "gd7", DRAWN: DRAWN, "other": "102"}
    some = [an_event(id=key, source_id=no, state="CLOSED") for key, no in given.items()]
    mirror.take({"event": [row(one) for one in some]}, {})
    mirror.close()
    use(tmp_path, "m1.db")
    store, filed = open_store(tmp_path), DRAWN.replace("b589", "b58a")
    duty = FiledEvent(filed, "duty", "路灯", "", "light", 4, "320281", "", None, None, None, NOW)
    desk = Desk(store, StillClock(NOW))
    desk.run(lambda tx: tx.put(duty), {}, local=True)
    names = {"filed": filed}
    keys = store.read(lambda reader: event_lists.numbered(reader, typed))
    desk.close()
    store.close()
    assert sorted(keys) == sorted(names.get(key, key) for key in found)
