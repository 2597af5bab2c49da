"""Databases of earlier releases open with the present program, and nothing in them is lost."""

from __future__ import annotations

import gzip
import shutil
from contextlib import closing
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlite
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from builders import NOW, StillClock

from commandwall import alarms, events
from commandwall.alarms import ACKED, Alarm
from commandwall.areas import BuildingColour
from commandwall.desk import Desk
from commandwall.directives import Directive
from commandwall.events import EventNote
from commandwall.incidents import Incident
from commandwall.posts import FRONT
from commandwall.store import backup, check, database, guard, lines, migrate
from commandwall.store.journal import first_bad
from commandwall.store.migrate import open_store
from commandwall.store.schema import wall
from commandwall.store.store import Store

KEPT = sorted(Path(__file__).parent.glob("*.db.gz"))
ORIGIN, ALARM, PERSON = "0123456789abcdef", "alarm-1", "王秀英"
ACTS = [
    "acknowledge", "accept", "dispatch", "note", "close", "recolour", "open_incident", "issue",
]  # fmt: skip


@pytest.fixture(params=KEPT, ids=lambda path: path.name)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "wall.db").write_bytes(gzip.decompress(request.param.read_bytes()))
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Store:
    return open_store(folder)


def test_one_is_kept() -> None:
    assert KEPT


def test_it_is_sound_before_it_is_upgraded(folder: Path) -> None:
    """Else its backups were good for nothing, and a program that was replaced under a running
    agent would put the journal into quarantine."""
    assert check.journal(folder / "wall.db") is None
    assert list(guard.look(folder)) == []
    shutil.copy(folder / "wall.db", folder / "wall-20260101-000000.db")
    found, fault = backup.look(folder / "wall-20260101-000000.db")
    assert fault is None and found and found.lines


def test_an_edit_beside_the_lines_is_found_in_it_too(folder: Path) -> None:
    with closing(sqlite.connect(str(folder / "wall.db"))) as conn, conn:
        conn.execute("UPDATE eventnote SET text = 'another'")
    fault = check.journal(folder / "wall.db")
    assert fault and fault.code == "fold"


def test_every_act_is_there_and_the_chain_verifies(store: Store) -> None:
    kept = store.read(lambda r: lines.unsent(r, ORIGIN, 0))
    own = [line for line in kept if line.person == PERSON]
    assert [line.act for line in own] == ACTS
    assert [line.at for line in own] == sorted({line.at for line in own})
    assert first_bad(kept) is None
    store.close()


def test_what_people_did_is_shown_as_they_left_it(store: Store) -> None:
    event = alarms.event_id(ALARM)
    view = store.read(lambda r: events.view(r, event))
    assert (view.state, view.unit, view.work and view.work.result) == (
        "CLOSED", "燃气抢修一队", "复测 0 %LEL，恢复供气",
    )  # fmt: skip
    note = store.read(lambda r: r.find(EventNote, event=event))[0]
    assert note.text == "已到现场，<b>阀门</b>关闭；电话 13800001111"
    assert store.read(lambda r: r.get(Alarm, ALARM)).state == ACKED  # type: ignore[union-attr]
    colour = store.read(lambda r: r.get(BuildingColour, "b-1"))
    assert colour and (colour.before, colour.colour, colour.reason) == ("yellow", "red", "外墙开裂")
    incident = store.read(lambda r: r.find(Incident))[0]
    order = store.read(lambda r: r.find(Directive, incident=incident.id))[0]
    assert (incident.title, order.no, order.to_post, order.text) == ("泄漏", 1, FRONT, "封控港五路")
    store.close()


def test_work_goes_on_in_the_same_chain(store: Store) -> None:
    desk = Desk(store, StillClock(NOW + 10**9))
    assert desk.origin == ORIGIN
    before = store.read(lambda r: lines.unsent(r, ORIGIN, 0))
    desk.run(events.note, {"event": alarms.event_id(ALARM), "text": "回访满意"}, PERSON, "p1")
    after = store.read(lambda r: lines.unsent(r, ORIGIN, 0))
    assert (after[:-1], after[-1].act, first_bad(after)) == (before, "note", None)
    desk.close()
    store.close()


def test_its_tables_are_those_of_the_present_program(store: Store, folder: Path) -> None:
    engine = database.writer(folder / "wall.db", "FULL")
    with engine.connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn), wall) == []
    engine.dispose()
    store.close()


def test_a_changed_byte_of_a_kept_line_is_found(folder: Path) -> None:
    raw = sqlite.connect(str(folder / "wall.db"))
    raw.execute(
        "UPDATE journal SET body = replace(body, '恢复供气', '恢复供电') WHERE act = 'close'"
    )
    raw.commit()
    raw.close()
    store = open_store(folder)
    bad = first_bad(store.read(lambda r: lines.unsent(r, ORIGIN, 0)))
    assert bad is not None
    assert (bad[0].act, bad[1]) == ("close", "body was changed")
    store.close()


def test_the_names_of_the_scripts_tell_the_schemas_as_their_contents_do() -> None:
    scripts = ScriptDirectory(str(migrate.SCRIPTS))
    assert migrate.revisions()[-1] == scripts.get_current_head()
    assert set(migrate.revisions()) == {script.revision for script in scripts.walk_revisions()}
