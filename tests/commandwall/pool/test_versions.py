"""The oldest PostgreSQL that is supported, where this machine has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import an_event

from commandwall import finding
from commandwall.pool import check, schema, server
from commandwall.pool.client import Client
from commandwall.pool.loader import load
from commandwall.pool.server import PoolServer
from commandwall.store.journal import GENESIS, Line, body_text, seal

OLDEST = Path(f"/usr/lib/postgresql/{schema.OLDEST_SERVER}/bin")


@pytest.fixture
def oldest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PoolServer]:
    if not (OLDEST / "initdb").exists():
        pytest.skip(f"PostgreSQL {schema.OLDEST_SERVER} is not installed in {OLDEST}")
    monkeypatch.setattr(server, "BIN", OLDEST)
    with PoolServer(tmp_path / "pool") as running:
        yield running


def test_a_backlog_is_handed_over_in_one_go_where_the_server_compiles(oldest: Any) -> None:
    """Debian's and most others do; compiling for each line took longer than any limit."""
    prev, lines = GENESIS, []
    for seq in range(1, 201):
        note = {"id": f"n{seq}", "event": "e1", "text": "x", "by": "陈", "post": "p3", "at": 1}
        body = body_text({"eventnote": [note]}, {})
        line = seal(Line("o1", seq, seq << 16, "", "note", "陈", "p3", "", prev, "", body))
        prev, lines = line.hash, [*lines, line]
    with oldest.owner() as owner:
        schema.create(owner, "临江市")
        load(owner, [an_event(id=f"e{i}") for i in range(40)])
    with Client(oldest.station_url, oldest.station_secret) as client:
        assert client.push(lines) == 200


def test_a_pool_on_the_oldest_server_works_from_end_to_end(oldest: Any) -> None:
    line = seal(
        Line("o1", 1, 1 << 16, "", "accept", "陈", "p3", "", GENESIS, "", body_text({}, {}))
    )
    with oldest.owner() as owner:
        assert owner.info.server_version // 10_000 == schema.OLDEST_SERVER
        for again in (False, True):
            schema.create(owner, "临江市", again)
        load(owner, [an_event(), an_event(id="e2")])
        owner.execute("UPDATE cw_event SET title = '改' WHERE id = 'e2'")
        with Client(oldest.station_url, oldest.station_secret) as client:
            assert client.push([line]) == 1
            page = client.page(0, 10)
            assert page.lines == [line] and len(page.rows["event"]) == 2
            owner.execute("TRUNCATE cw_event")
            assert len(client.page(page.last, 10).gone["event"]) == 2
        wrong = [f for f in check.examine(owner, "en") if f.state != finding.OK]
        assert wrong == []
        schema.drop(owner)
