"""`commandwall pool`: make, upgrade, check, status, drop, as an engineer types it."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from builders import a_sensor, an_event

from commandwall import cli, codes
from commandwall.platform import write_private
from commandwall.pool import schema
from commandwall.pool.loader import load, upsert

OLDER = Path(__file__).parents[2] / "upgrade" / "pool-0001.sql.gz"
Shell = Callable[..., int]


@pytest.fixture
def shell(pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Types a command about the pool, with the owner's login; "-" stands for no address."""
    secret = tmp_path / "owner.secret"
    write_private(secret, pool.owner_dsn["password"])
    monkeypatch.setenv("COMMANDWALL_SECRET_FILE", str(secret))

    def typed(*words: str, typed: str = "", lang: str = "zh") -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        command = ["--lang", lang, "pool", words[0], pool.owner_dsn["conninfo"], *words[1:]]
        return cli.run([word for word in command if word != "-"], None)  # type: ignore[arg-type]

    return typed


def empty(pool: Any) -> None:
    pool.owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def found(capsys: Any) -> list[str]:
    """Lines of a check that are not as they should be."""
    lines = capsys.readouterr().out.splitlines()
    return [line for line in lines if line.startswith(("[ bad]", "[warn]"))]


def bad(capsys: Any) -> list[str]:
    """Those of damage; that the events of these tests stand in no area is only a warning."""
    return [line for line in found(capsys) if line.startswith("[ bad]")]


def test_a_city_makes_its_pool_with_one_command(pool: Any, shell: Shell, capsys: Any) -> None:
    empty(pool)
    assert shell("check") == 1
    assert "commandwall pool init" in capsys.readouterr().out
    assert shell("upgrade") == shell("status") == 1
    assert shell("init", "--city", "江阴市") == 0
    assert "江阴市" in capsys.readouterr().out
    assert shell("init", "--city", "别处") == 1
    assert "upgrade" in capsys.readouterr().err
    assert shell("check") == 0
    with pool.client() as client:
        assert client.meta().city == "江阴市" and client.head() == 0


def test_without_an_address_the_sentence_says_what_to_type(capsys: Any) -> None:
    assert cli.run(["pool", "check"], None) == 2  # type: ignore[arg-type]
    assert "COMMANDWALL_POOL" in capsys.readouterr().err


def test_a_pool_that_cannot_be_reached_is_one_sentence(tmp_path: Path, capsys: Any) -> None:
    url = f"postgresql://nobody@/city?host={tmp_path}"
    assert cli.run(["pool", "check", url], None) == 1  # type: ignore[arg-type]
    assert "Traceback" not in capsys.readouterr().err


def test_the_printed_sql_makes_the_same_pool(pool: Any, shell: Shell, capsys: Any) -> None:
    empty(pool)
    assert shell("init", "--print", "--city", "O'Ville") == 0
    pool.owner.execute(capsys.readouterr().out)
    with pool.client() as client:
        assert client.meta().city == "O'Ville"
    query = "SELECT oid FROM pg_proc WHERE proname = 'cw_page'"
    before = pool.owner.execute(query).fetchall()
    schema.create(pool.owner)
    assert pool.owner.execute(query).fetchall() == before
    assert shell("check") == 0


def test_every_table_says_what_it_is_for(pool: Any) -> None:
    silent = (
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^cw_'"
        " AND obj_description(oid, 'pg_class') IS NULL"
    )
    assert pool.owner.execute(silent).fetchall() == []


def test_a_pool_of_the_first_release_is_upgraded_and_keeps_its_rows(
    pool: Any, shell: Shell, capsys: Any
) -> None:
    empty(pool)
    pool.owner.execute(gzip.decompress(OLDER.read_bytes()).decode())
    load(pool.owner, [an_event()])
    assert shell("check") == 1
    assert "upgrade" in capsys.readouterr().out
    assert shell("upgrade") == 0
    assert shell("check") == 0, found(capsys)
    upsert(pool.owner, [an_event(title="新")])
    with pool.client() as client:
        assert [row[3] for row in client.page(0, 10).rows["event"]] == ["新"]
    assert shell("check") == 0, found(capsys)


def test_the_pool_of_a_newer_program_is_left_alone(pool: Any, shell: Shell, capsys: Any) -> None:
    pool.owner.execute("UPDATE cw_meta SET schema = 99")
    for command in ("upgrade", "check"):
        assert shell(command) == 1
        told = capsys.readouterr()
        assert "99" in told.out + told.err


FAULTS = {
    "a trigger is switched off": (
        "ALTER TABLE cw_event DISABLE TRIGGER cw_out", ["cw_event", "cw_out", "cw_refill('event')"]
    ),
    "a trigger can be passed": (
        "ALTER TABLE cw_event ENABLE TRIGGER cw_out", ["cw_event", "cw_out"]
    ),
    "a trigger is gone": ("DROP TRIGGER cw_all ON cw_place", ["cw_place", "cw_all"]),
    "a trigger does something else": (
        "CREATE OR REPLACE TRIGGER cw_out AFTER UPDATE ON cw_place FOR EACH ROW "
        "EXECUTE FUNCTION cw_revised(); ALTER TABLE cw_place ENABLE ALWAYS TRIGGER cw_out",
        ["cw_place", "cw_revised"],
    ),
    "a table is gone": ("DROP TABLE cw_pipe CASCADE", ["cw_pipe"]),
    "a column is gone": ("ALTER TABLE cw_place DROP COLUMN capacity", ["cw_place", "capacity"]),
    "a function was changed": (
        "CREATE OR REPLACE FUNCTION cw_packs(after bigint, lim int) RETURNS TABLE(seq bigint, "
        "kind text, at bigint, body bytea) LANGUAGE sql AS 'SELECT 1, '''', 1, ''''::bytea'",
        ["cw_packs"],
    ),
    "a right is missing": ("REVOKE SELECT ON cw_event FROM station", ["SELECT", "cw_event"]),
    "a call is missing": (
        "REVOKE EXECUTE ON FUNCTION cw_push(jsonb) FROM station", ["EXECUTE", "cw_push"]
    ),
    "anyone may call": ("GRANT EXECUTE ON FUNCTION cw_refill(text) TO PUBLIC", ["cw_refill"]),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_and_an_upgrade_mends_it(
    pool: Any, shell: Shell, capsys: Any, fault: str
) -> None:
    load(pool.owner, [an_event()])
    statement, words = FAULTS[fault]
    pool.owner.execute(statement)
    assert shell("check") == 1
    told = capsys.readouterr().out
    assert all(word in told for word in words), told
    assert shell("upgrade") == 0
    assert shell("check") == 0, found(capsys)


def test_rows_written_past_the_triggers_are_seen_and_walls_told(
    pool: Any, shell: Shell, capsys: Any
) -> None:
    load(pool.owner, [an_event(), an_event(id="e2")])
    pool.owner.execute("ALTER TABLE cw_event DISABLE TRIGGER USER")
    pool.owner.execute("UPDATE cw_event SET title = '改' WHERE id = 'e2'")
    assert shell("upgrade") == 0
    capsys.readouterr()
    assert shell("check") == 1
    (line,) = bad(capsys)
    assert "cw_event" in line
    pool.owner.execute("SELECT cw_refill('event')")
    assert shell("check") == 0
    with pool.client() as client:
        assert client._rows("SELECT kind, op FROM cw_page(2, 9)") == []
        client.head()
        assert client._rows("SELECT kind, op FROM cw_page(2, 9)") == [("event", "A")]


@pytest.mark.parametrize("setting", ["replica", "local"])
def test_a_session_cannot_get_past_the_triggers(pool: Any, shell: Shell, setting: str) -> None:
    with pool.connect() as conn:
        conn.execute(f"SET session_replication_role = {setting}")
        load(conn, [an_event()])
        conn.execute("UPDATE cw_event SET title = '改'")
    with pool.client() as client:
        assert [row[3] for row in client.page(0, 10).rows["event"]] == ["改"]
    assert shell("check") == 0


def test_the_sums_follow_every_kind_of_change(pool: Any, shell: Shell, capsys: Any) -> None:
    load(pool.owner, [an_event(id=f"e{i}") for i in range(9)])
    load(pool.owner, [a_sensor(i) for i in range(3)])
    pool.owner.execute("UPDATE cw_event SET id = 'x1', lon = NULL, lat = NULL WHERE id = 'e1'")
    pool.owner.execute("DELETE FROM cw_event WHERE id = 'e2'")
    with pool.client() as client:
        client.head()
    pool.owner.execute("TRUNCATE cw_sensor")
    with pool.connect() as conn, conn.transaction(force_rollback=True):
        conn.execute("DELETE FROM cw_event")
    assert shell("check") == 0, found(capsys)
    pool.owner.execute("SELECT cw_begin_anew()")
    assert shell("check") == 0, found(capsys)


def test_a_column_of_another_type_is_named_with_its_cure(
    pool: Any, shell: Shell, capsys: Any
) -> None:
    pool.owner.execute("ALTER TABLE cw_place ALTER COLUMN capacity TYPE numeric")
    assert shell("check") == 1
    told = capsys.readouterr().out
    (cure,) = (line.strip() for line in told.splitlines() if "ALTER TABLE" in line)
    pool.owner.execute(cure)
    assert shell("check") == 0


def test_who_may_write_past_the_checks_is_named_with_the_cure(
    pool: Any, shell: Shell, capsys: Any
) -> None:
    pool.owner.execute("GRANT INSERT ON cw_journal TO station")
    assert shell("check", lang="en") == 1
    told = capsys.readouterr().out
    (cure,) = (line.strip() for line in told.splitlines() if "REVOKE" in line)
    pool.owner.execute(cure)
    shell("upgrade")
    assert shell("check") == 0


def test_a_hole_in_the_feed_is_named(pool: Any, shell: Shell, capsys: Any) -> None:
    load(pool.owner, [an_event(id=f"e{i}") for i in range(3)])
    with pool.client() as client:
        client.head()
    pool.owner.execute("DELETE FROM cw_feed WHERE pos = 2")
    assert shell("check") == 1
    assert "cw_begin_anew" in capsys.readouterr().out


def test_what_waits_and_who_stands_still_is_told_without_being_an_error(
    pool: Any, shell: Shell, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = codes.limit
    strict = {"pool_waiting": 1, "pool_idle_minutes": 0, "pool_prepared_minutes": 0}
    monkeypatch.setattr(codes, "limit", lambda name: strict.get(name, usual(name)))
    load(pool.owner, [an_event()])
    with pool.connect() as writer, writer.transaction():
        writer.execute("UPDATE cw_event SET title = '等'")
        assert shell("check", lang="en") == 0
        told = capsys.readouterr().out
        assert f"pg_terminate_backend({writer.info.backend_pid})" in told
        assert "1 changes wait" in told


def test_a_damaged_file_is_named_with_its_cure(pool: Any, shell: Shell, capsys: Any) -> None:
    load(pool.owner, [an_event()])
    bodies = (b"ID3 whole", b"ID3 short", b"ID3 other")
    for body in bodies:
        pool.owner.execute("SELECT cw_attach('event', 'e1', 'a.mp3', %s)", (body,))
    assert shell("check") == 0
    capsys.readouterr()
    shell("status", "--json")
    state = json.loads(capsys.readouterr().out)
    assert (state["files"], state["file_bytes"], state["files_coming"]) == (3, 27, 0)
    for word in ("short", "other"):
        pool.owner.execute(
            "UPDATE cw_file_part SET body = %s WHERE body = %s",
            (b"ID3 shor" if word == "short" else b"ID3 OTHER", f"ID3 {word}".encode()),
        )
    capsys.readouterr()
    assert shell("check", lang="en") == 1
    told = bad(capsys)
    assert len(told) == 2 and any("has 8" in line for line in told)
    for (sha256,) in pool.owner.execute("SELECT sha256 FROM cw_file").fetchall():
        pool.owner.execute("SELECT cw_forget_file(%s)", (sha256,))
    assert shell("check") == 0


def test_the_state_is_told_to_people_and_programs(pool: Any, shell: Shell, capsys: Any) -> None:
    load(pool.owner, [an_event()])
    with pool.client() as client:
        client.head()
    assert shell("status", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["city"] == "临江市" and facts["schema"] == schema.SCHEMA
    assert facts["feed_head"] == 1 and facts["waiting"] == 0 and facts["rows"]["event"] == 1
    assert facts["feed_days"] == codes.limit("feed_days")
    assert shell("status", lang="en") == 0
    told = capsys.readouterr().out
    assert "feed position: 1" in told and "\n  event: 1\n" in told and "{" not in told


def test_a_pool_is_dropped_only_by_its_name(pool: Any, shell: Shell, capsys: Any) -> None:
    load(pool.owner, [an_event()])
    pool.owner.execute("CREATE TABLE others (id text)")
    for answer in ("", "临江", "y\n"):
        assert shell("drop", typed=answer) == 1
    assert pool.owner.execute("SELECT count(*) FROM cw_event").fetchone() == (1,)
    assert shell("drop", typed="临江市\n") == 0
    left = (
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    assert pool.owner.execute(left).fetchall() == [("others",)]
    assert pool.owner.execute("SELECT FROM pg_proc WHERE proname ~ '^cw_'").fetchall() == []
    allowed = "SELECT has_schema_privilege('town', 'public', 'USAGE') AND nspacl::text ~ 'town='"
    assert pool.owner.execute(
        f"{allowed} FROM pg_namespace WHERE nspname = 'public'"
    ).fetchone() in [(False,), (None,)]  # else the role could not be dropped
    assert shell("init") == 0
    assert shell("drop", "--yes") == 0


def test_a_pool_that_others_lean_on_is_not_dropped(pool: Any, shell: Shell, capsys: Any) -> None:
    pool.owner.execute("CREATE VIEW seen AS SELECT id FROM cw_event")
    assert shell("drop", "--yes") == 1
    assert "seen" in capsys.readouterr().err
    with pytest.raises(psycopg.errors.DuplicateTable):
        pool.owner.execute("CREATE TABLE cw_event (id text)")


def test_an_upgrade_leaves_the_rights_that_the_city_gave(pool: Any, shell: Shell) -> None:
    pool.owner.execute("GRANT EXECUTE ON FUNCTION cw_put_pack(text, bytea) TO station")
    assert shell("upgrade") == 0
    with pool.client() as client:
        client._rows("SELECT cw_put_pack('readings', '')")


def test_a_station_gets_its_login_with_one_command(
    pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    write_private(tmp_path / "owner.secret", pool.owner_dsn["password"])
    monkeypatch.setenv("COMMANDWALL_SECRET_FILE", str(tmp_path / "owner.secret"))
    monkeypatch.setenv("COMMANDWALL_POOL", pool.owner_dsn["conninfo"])

    def typed(*words: str) -> int:
        return cli.run(["pool", "station", *words], None)  # type: ignore[arg-type]

    assert typed("add", "town_cli", "--area", "320281001") == 0
    told = capsys.readouterr().out
    secret = (tmp_path / "town_cli.secret").read_text()
    try:
        assert secret not in told and "town_cli@" in told
        assert typed("list") == 0
        assert "town_cli\t320281001\t0" in capsys.readouterr().out
        assert typed("add", "town_cli", "--area", "320281001") == 1
        assert "--out" in capsys.readouterr().err
        assert typed("add", "town_cli", "--area", "320281001", "--out", "other.secret") == 1
        assert "station remove" in capsys.readouterr().err
        assert typed("add", "Town; DROP", "--area", "1") == 2
        assert typed("add", "few_cli", "--kinds", "event,evnt") == 2
        assert "evnt" in capsys.readouterr().err and not (tmp_path / "few_cli.secret").exists()
        assert typed("add", "few_cli", "--kinds", "event, sensor") == 0
        assert typed("list") == 0
        (line,) = [x for x in capsys.readouterr().out.splitlines() if x.startswith("few_cli\t")]
        assert line.endswith("\tevent,sensor") and typed("remove", "few_cli") == 0
    finally:
        assert typed("remove", "town_cli") == 0
    assert typed("remove", "town_cli") == 1


def test_ids_that_no_list_has_and_areas_that_are_none_are_named(
    pool: Any, shell: Shell, capsys: Any
) -> None:
    load(pool.owner, [an_event(cls="no<b>such", area="999999999")])
    shell("check")
    told = "\n".join(found(capsys))
    assert "cls" in told and "no<b>such" in told and "event_class" in told
    assert "cw_event" in told and "999999999" in told and "cw_area" in told
    pool.owner.execute("UPDATE cw_event SET cls = 'gas', area = ''")
    assert shell("check") == 0
    assert not [line for line in found(capsys) if "event" in line]
