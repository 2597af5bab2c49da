"""The ring of changes: it tells the newest and keeps no more than it must."""

from __future__ import annotations

from pathlib import Path

from builders import StillClock

from commandwall.desk import Desk
from commandwall.events import EventNote
from commandwall.store.migrate import open_store
from commandwall.store.store import Tx
from commandwall.store.tables import RING


def test_the_ring_of_wall_db_is_trimmed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    desk = Desk(store, StillClock())

    def fill(tx: Tx) -> None:
        rows = [("eventnote", str(i)) for i in range(RING + 500)]
        tx.run("INSERT INTO changed(kind, id) VALUES (?, ?)", rows)
        tx.put(EventNote("newest", "e1", "记", tx.now, "", ""))

    desk.run(fill, {}, local=True)
    kept = store.read(lambda r: r.rows("SELECT id FROM changed ORDER BY seq"))
    assert len(kept) == RING and kept[-1] == ("newest",)
    desk.close()
    store.close()
