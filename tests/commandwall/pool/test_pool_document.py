"""docs/pool.md: a city's engineers copy its SQL, so it runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from commandwall.sensors import unpack

DOCUMENT = Path(__file__).parents[3] / "docs" / "pool.md"
ROLES = ("wall_front", "hotline", "gateway")


def test_every_statement_runs_and_the_rows_arrive(pool: Any) -> None:
    blocks = re.findall(r"```sql\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    begin_anew = next(block for block in blocks if "cw_begin_anew" in block)
    try:
        for block in blocks:
            if block is not begin_anew:
                pool.owner.execute(block)
        with pool.client() as client:
            page = client.page(0, 100)
            told = {kind: len(rows) for kind, rows in page.rows.items()}
            assert told == {"event": 1, "place": 3, "attachment": 1}
            assert [(kind, len(unpack(body))) for kind, _, body in client.packs()] == [
                ("readings", 0)
            ]
            epoch = client.meta().epoch
            pool.owner.execute(begin_anew)
            assert client.meta().epoch != epoch
    finally:
        pool.owner.execute("DROP TABLE IF EXISTS my_places")
        for role in ROLES:
            pool.owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_it_names_every_table(pool: Any) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    named = set(re.findall(r"`(cw_\w+)`", text))
    found = pool.owner.execute("SELECT tablename FROM pg_tables WHERE tablename ~ '^cw_'")
    assert {name for (name,) in found} - named <= {
        "cw_meta",
        "cw_head",
        "cw_pack_head",
        "cw_pack",
        "cw_own",
    }
