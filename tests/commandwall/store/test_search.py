"""Search over the whole pool: two-character words, literal signs, updates, deletions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlite
from builders import StillClock, an_event, finish

from commandwall import event_lists, events, tallies
from commandwall.clock import DAY, to_datetime
from commandwall.desk import Desk
from commandwall.events import FiledEvent
from commandwall.registering import Matter, register
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.store import Store


def row(**kw: object) -> tuple[object, ...]:
    event = an_event(**kw)
    return tuple(getattr(event, name) for name in event.__slots__)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    mirror = Mirror(tmp_path / "mirror-1.db")
    use(tmp_path, "mirror-1.db")
    yield mirror
    mirror.close()


@pytest.fixture
def store(tmp_path: Path, mirror: Mirror) -> Iterator[Store]:
    store = open_store(tmp_path)
    yield store
    store.close()


def found(store: Store, words: str) -> list[str]:
    return [v.event.id for v in store.read(lambda r: event_lists.search(r, words))]


ROWS = [
    row(id="a", title="工地夜间噪音扰民", body="", address="", reported_at=3),
    row(id="b", title="咨询医保报销", body="100% 自费", address="", reported_at=2),
    row(id="c", title="广场舞噪声", body="噪 音", address="", reported_at=1),
    row(id="d", title="GPS 坐标错误 abc_def", body="", address="花园路", reported_at=4),
]


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("噪音", ["a"]),
        ("医保", ["b"]),
        ("噪", ["a", "c"]),
        ("夜间 噪音", ["a"]),
        ("夜间 医保", []),
        ("gps", ["d"]),
        ("坐标 abc", ["d"]),
        ("100%", ["b"]),
        ("%", ["b"]),
        ("_", ["d"]),
        ("花园路", ["d"]),
        ('"', []),
        ("' OR 1=1 --", []),
        ("NEAR(", []),
    ],
)
def test_words_are_found_literally(
    mirror: Mirror, store: Store, words: str, ids: list[str]
) -> None:
    mirror.take({"event": ROWS}, {})
    assert found(store, words) == ids


def test_a_mirror_of_an_older_program_gets_the_indexes_that_it_lacks(
    mirror: Mirror, store: Store, tmp_path: Path
) -> None:
    """Else the search for a number reads all events of years."""

    def here() -> bool:
        sql = "SELECT 1 FROM mirror.sqlite_master WHERE name = 'ix_event_source_id'"
        return bool(store.read(lambda r: r.value(sql)))

    with closing(sqlite.connect(str(tmp_path / "mirror-1.db"))) as raw:
        raw.execute("DROP INDEX ix_event_source_id")
    assert not here()
    Mirror(tmp_path / "mirror-1.db").close()
    assert here()


def test_a_changed_title_is_found_by_its_new_words_only(mirror: Mirror, store: Store) -> None:
    mirror.take({"event": ROWS}, {})
    mirror.take({"event": [row(id="a", title="路灯不亮", body="", address="")]}, {})
    assert found(store, "噪音") == [] and found(store, "路灯") == ["a"]


def test_a_deleted_event_is_found_no_more(mirror: Mirror, store: Store) -> None:
    mirror.take({"event": ROWS}, {})
    mirror.take({}, {"event": ["a"]})
    assert found(store, "噪音") == []


def test_a_found_event_shows_what_stations_did(mirror: Mirror, store: Store) -> None:
    mirror.take({"event": ROWS}, {})
    desk = Desk(store, StillClock())
    desk.take_post("chief").result()
    desk.do(events.dispatch, event="b", unit="医保局").result()
    finish(desk, "b", "已答复")
    (view,) = store.read(lambda r: event_lists.search(r, "医保"))
    assert (view.state, view.unit, view.open) == ("CLOSED", "医保局", False)
    desk.close()


def test_what_was_registered_here_is_found_while_the_pool_has_no_row_of_it(
    mirror: Mirror, store: Store
) -> None:
    mirror.take({"event": ROWS}, {})
    desk = Desk(store, StillClock())
    desk.take_post("chief").result()
    told = Matter("夜间施工噪音", body="50% 的住户", source="duty", address="书香公馆")
    (filed,) = desk.do(register, matter=told).result().of(FiledEvent)
    assert found(store, "噪音") == [filed.id, "a"]
    assert found(store, "0% 书香") == [filed.id] and found(store, "5_%") == []
    # What nobody sees is cut out, as for the pool's rows.
    assert found(store, "书\u200b香") == [filed.id]
    (view,) = store.read(lambda r: event_lists.search(r, "书香"))
    assert view.filed and view.state == "NEW"
    mirror.take({"event": [row(id=filed.id, title="夜间施工噪音", reported_at=9)]}, {})
    assert found(store, "噪音") == [filed.id, "a"]  # once, by the pool's row
    desk.close()


def test_counters_follow_rows_and_deletions(mirror: Mirror, store: Store) -> None:
    now = an_event().reported_at
    mirror.take({"event": [row(id=str(i)) for i in range(5)]}, {})
    mirror.take({"event": [row(id="0", state="CLOSED", closed_at=now)]}, {"event": ["1"]})
    mirror.take({"event": [row(id="0", state="CLOSED", closed_at=now)]}, {})
    counters = store.read(lambda r: tallies.count(r, now))
    assert (counters.total, counters.open, counters.closed_today) == (4, 3, 1)
    assert counters.today("12345") == 4


def test_the_usual_band_is_that_of_the_last_four_weeks(mirror: Mirror, store: Store) -> None:
    now = an_event().reported_at
    hour = to_datetime(now).hour
    for days, count in [(day, 3) for day in range(1, 29)] + [(29, 50), (60, 50)]:
        rows = [row(id=f"{days}.{i}", reported_at=now - days * DAY) for i in range(count)]
        mirror.take({"event": rows}, {})
    assert store.read(lambda r: tallies.count(r, now)).usual("12345")[hour] == (3.0, 3.0)
    kept = {"12345": [(1.0, 2.0)] * 24}
    assert store.read(lambda r: tallies.count(r, now, kept)).usual("12345")[hour] == (1.0, 2.0)
