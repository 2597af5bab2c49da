"""A pool of many invented events in a PostgreSQL of this machine, for the store's benchmarks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commandwall.pool import schema
from commandwall.pool.server import PoolServer

STEP = 200_000
WORDS = (
    "停水", "噪音扰民", "路灯不亮", "占道经营", "井盖破损", "物业纠纷", "油烟污染", "拖欠工资",
    "道路积水", "车辆违停", "医保咨询", "燃气泄漏", "电梯困人", "垃圾堆放", "树木倒伏", "公交线路",
)  # fmt: skip
PLEAS = (
    "影响居民出行", "夜间尤其严重", "希望尽快派人", "已多次投诉无果", "老人孩子不便",
    "请有关部门核查",
)  # fmt: skip
SOURCES = ("12345", "grid", "110", "duty", "iot", "video", "whistle", "wage")
OPEN = ("NEW", "ACCEPTED", "DISPATCHED", "SIGNED", "ON_SCENE", "FEEDBACK")
RARE = "沼气"
"""A word of one event in a thousand."""


@contextmanager
def synthetic(count: int, kept: Path | None = None) -> Iterator[PoolServer]:
    """A running server with `count` events of the last year, one in a hundred open.

    `kept`: a folder in which such a pool is made once and stays.
    """
    with (
        tempfile.TemporaryDirectory(prefix="cw-") as folder,
        PoolServer(kept or Path(folder)) as server,
    ):
        with server.owner() as conn:
            schema.create(conn, "合成市")
            (held,) = conn.execute("SELECT count(*) FROM cw_event").fetchone() or (0,)
            if held == 0:
                _fill(conn, count)
        yield server


def _fill(conn: schema.Connection, count: int) -> None:
    """Without triggers: nobody follows the feed yet."""
    conn.execute("ALTER TABLE cw_event DISABLE TRIGGER ALL")
    for start in range(0, count, STEP):
        schema.run(conn, events(start, min(start + STEP, count), count))
    # The owner's triggers fire always, as `create` makes them.
    for name in ("cw_rev", "cw_out", "cw_all"):
        schema.run(conn, f"ALTER TABLE cw_event ENABLE ALWAYS TRIGGER {name}")
    conn.execute("SELECT cw_begin_anew()")
    conn.execute("ANALYZE cw_event")


def events(start: int, end: int, count: int) -> str:
    """SQL that makes the events of these numbers, of `count` within the last year."""

    def drawn(words: tuple[str, ...], salt: int) -> str:
        array = ", ".join(f"'{word}'" for word in words)
        return f"(ARRAY[{array}])[1 + abs(hashint8(i + {salt})) % {len(words)}]"

    return f"""
INSERT INTO cw_event(id, source, source_id, title, body, cls, urgency, area, address, lon, lat,
    acc_m, placed, datum, person, phone, occurred_at, reported_at, received_at, state, unit,
    closed_at, rev)
SELECT source || '-' || to_char(at, 'YYYYMMDD') || '-' || lpad(i::text, 8, '0'), source, i::text,
    {drawn(WORDS, 0)} || '问题，花园路 ' || i % 977 || ' 号',
    '市民反映' || {drawn(WORDS, 3)} || '多日未处理，' || {drawn(PLEAS, 5)} || '，要求回复。第 '
        || i % 300 || ' 幢' || CASE WHEN i % 1000 = 0 THEN '，涉及{RARE}' ELSE '' END,
    'c' || lpad((abs(hashint8(i + 1)) % 180)::text, 3, '0'), 2 + i % 4,
    '320281' || lpad((i * 31 % 3000)::text, 6, '0'), '第' || i % 4000 || '小区',
    120 + i % 1000 * 0.0005, 31.7 + i % 977 * 0.0005, 20, 'point', 'wgs84', '张三', '13800001111',
    at - interval '10 min', at, at + interval '1 min',
    CASE WHEN i % 107 = 0 THEN {drawn(OPEN, 7)} ELSE 'CLOSED' END, '处置单位' || i % 60,
    CASE WHEN i % 107 <> 0 THEN at + interval '8 hours' * (i % 9) END, 1
FROM (SELECT i, {drawn(SOURCES, 9)} AS source,
        now() - interval '1 year' * ({count} - 1 - i) / {count} AS at
    FROM generate_series({start}::bigint, {end - 1}::bigint) i) made
"""
