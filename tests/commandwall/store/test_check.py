"""What the look at a journal finds in a file whose pages are sound."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlite

from commandwall import incidents
from commandwall.clock import Clock
from commandwall.desk import Desk
from commandwall.incidents import Incident, Opening
from commandwall.store import check
from commandwall.store.guard import look
from commandwall.store.migrate import open_store

EDITS = {
    "a record is changed": "UPDATE incident SET title = '小火'",
    "a record is gone": "DELETE FROM incident",
    "a record is said to be written later": "UPDATE version SET hlc = hlc + 512",
    "a record is said to be written elsewhere": "UPDATE version SET origin = 'd' || origin",
    "another record is said to be written": "UPDATE version SET record = record || 'd'",
    "a head stands still": "UPDATE head SET seq = seq - 1",
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edit_beside_the_lines_is_found_and_mended(tmp_path: Path, edit: str) -> None:
    file = tmp_path / "wall.db"
    with closing(open_store(tmp_path)) as store, closing(Desk(store, Clock())) as desk:
        desk.take_post("chief", "陈").result()
        opening = Opening(title="大火", kind="fire", area="320281", place="江边", lon=1.0, lat=2.0)
        desk.do(incidents.open_incident, opening=opening).result()
    assert check.journal(file) is None
    with closing(sqlite.connect(str(file), isolation_level=None)) as raw:
        raw.execute(edit)
    assert [name for name, _ in look(tmp_path)] == ["wall.db"]
    assert check.journal(file) is None
    with closing(open_store(tmp_path)) as store:
        assert [i.title for i in store.read(lambda r: r.find(Incident))] == ["大火"]
