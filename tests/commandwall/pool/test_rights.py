"""A town's login sees and writes its own area, whatever it tries. ATTEMPTS lists what was tried."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher
from builders import a_sensor, an_event
from psycopg.types.json import Jsonb
from station import exchange

from commandwall import events, people
from commandwall.clock import Ms
from commandwall.dispatch import Assignment, AssignmentStep
from commandwall.people import Duty, Officer
from commandwall.pool import schema, stations
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.loader import load
from commandwall.store.journal import GENESIS, Line, body_text, seal
from commandwall.store.store import Refused

OURS, THEIRS = "320281001", "320281002"
SECRET = "别镇机密"
"""Stands in every row, line and pack of the other town: no answer and no error may hold it."""
TABLES = [f"cw_{kind}" for kind in schema.city_kinds()] + [
    table for table in schema.own_tables() if table not in schema.TOWN_READS
]
CALLS = sorted(schema.sources())
SEEN = [kind for kind in schema.city_kinds() if schema.scoped(kind, "t", "")]
LEFT = """
SELECT * FROM {t}
SELECT count(*) FROM {t}
TABLE {t}
COPY {t} TO STDOUT
COPY (SELECT * FROM {t}) TO STDOUT
INSERT INTO {t} DEFAULT VALUES
DELETE FROM {t}
TRUNCATE {t}
LOCK TABLE {t} IN ACCESS SHARE MODE
ALTER TABLE {t} DISABLE TRIGGER ALL
CREATE TRIGGER x BEFORE UPDATE ON {t} EXECUTE FUNCTION suppress_redundant_updates_trigger()
DROP TABLE {t}
EXPLAIN ANALYZE SELECT * FROM {t}
SELECT 1 FROM {t} FOR UPDATE
CREATE TEMP VIEW v AS SELECT * FROM {t} ;; SELECT * FROM v
GRANT ALL ON {t} TO PUBLIC
PREPARE p AS SELECT * FROM {t} ;; EXECUTE p
DECLARE c CURSOR WITH HOLD FOR SELECT * FROM {t}
""".strip().splitlines()
"""Tried on every table that is not the town's to read; `;;` parts statements."""
REFUSED = """
SET ROLE station
SET ROLE pool
SET SESSION AUTHORIZATION pool
GRANT station TO CURRENT_USER
SET session_replication_role = replica
ALTER ROLE CURRENT_USER SUPERUSER
SELECT cw_advance()
SELECT cw_begin_anew()
SELECT cw_refill('event')
SELECT cw_recount('')
SELECT cw_prune()
SELECT cw_take('{}')
SELECT cw_apply('{}')
SELECT cw_apply_work('{}', '{"id": "t2"}')
SELECT cw_apply_filed('{"id": "x"}')
SELECT cw_put_pack('fixes', '')
SELECT cw_sources_seen('')
SELECT cw_stations_seen('')
SELECT cw_count_sources()
SELECT cw_apply_switch('{}', '{"id": "12345", "state": "off"}')
SELECT cw_apply_verdict('{}', '{"id": "d"}')
SELECT cw_put_area_pack('fixes', '', '320281002')
SELECT cw_check_login('theirs')
SELECT cw_set_aside('{}', '')
SELECT cw_withdraw(1)
SELECT cw_begin_batch('12345', 'x', 'x')
SELECT cw_end_batch('x')
SELECT cw_verdict('x', 'held', 'x')
SELECT cw_acts('12345', 0)
SELECT cw_receipt('12345', 0)
SELECT cw_told(NULL, '')
SELECT cw_line(NULL, '')
SELECT cw_places('{}')
SELECT cw_lies('eventwork', '{"id": "t2"}', '{}')
UPDATE cw_meta SET min_client = 99
UPDATE cw_head SET pos = 0
SELECT pos FROM cw_head FOR UPDATE
LOCK TABLE cw_head IN EXCLUSIVE MODE
DELETE FROM cw_tail
CREATE TABLE public.cw_event2 (id text)
CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION pg_temp.f(text) RETURNS bool LANGUAGE sql LEAKPROOF AS 'SELECT true'
CREATE OR REPLACE FUNCTION public.cw_scope() RETURNS text LANGUAGE sql AS 'SELECT NULL::text'
ALTER FUNCTION cw_scope() SECURITY INVOKER
COPY cw_event FROM '/etc/passwd'
COPY (SELECT 1) TO PROGRAM 'id'
SELECT pg_read_file('postgresql.conf')
SELECT lo_import('/etc/passwd')
CREATE EXTENSION dblink
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION cw_revised()
SELECT passwd FROM pg_shadow
SELECT * FROM pg_authid
SELECT * FROM pg_statistic
""".strip().splitlines()
"""Each must be refused for want of a right."""
SHOWS_NOTHING = (
    """
SELECT * FROM cw_page(0, 1000)
SELECT * FROM cw_packs(0, 1000)
SELECT * FROM cw_lines('theirs', 0, 1000)
SELECT * FROM cw_heads()
SELECT cw_sight()
SELECT * FROM pg_stats
SELECT * FROM pg_stats_ext_exprs
SELECT query FROM pg_stat_activity
SELECT * FROM pg_prepared_statements
SELECT * FROM pg_proc WHERE proname LIKE 'cw_%'
SELECT * FROM information_schema.columns
CREATE TEMP TABLE cw_station AS SELECT session_user AS login, '' AS area \
;; SELECT * FROM cw_event_seen()
CREATE TEMP TABLE cw_station AS SELECT session_user AS login, '' AS area \
;; SELECT * FROM cw_page(0, 99)
CREATE FUNCTION pg_temp.starts_with(text, text) RETURNS bool LANGUAGE sql AS 'SELECT true' \
;; SET search_path = pg_temp, public, pg_catalog ;; SELECT * FROM cw_event_seen()
CREATE FUNCTION pg_temp.peep(text) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS \
$$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$ \
;; SELECT * FROM cw_event_seen() WHERE pg_temp.peep(title)
SELECT 1 / (title <> '' AND id = 't2')::int FROM cw_event_seen()
SELECT title::int FROM cw_event_seen() WHERE id <> 't1'
SELECT title::int FROM cw_place_seen()
SELECT * FROM cw_event_seen() WHERE id = 't2'
SET ROLE town ;; SELECT * FROM cw_event_seen()
PREPARE q AS SELECT * FROM cw_page(0, 99) ;; EXECUTE q
SELECT cw_page(0, 99) FROM generate_series(1, 2)
COPY (SELECT * FROM cw_event_seen()) TO STDOUT
SET cw.batch = '1' ;; SELECT * FROM cw_event_seen()
SET row_security = off ;; SELECT * FROM cw_event_seen()
SELECT schema_to_xml('public', true, true, '')
EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM cw_event_seen()
SELECT cw_push('[{"origin": "theirs", "seq": 2}]')
SELECT cw_push('[{"origin": 1, "seq": "x"}]')
""".replace("\\\n", "")
    .strip()
    .splitlines()
    + [f"SELECT * FROM cw_{kind}_seen()" for kind in SEEN]
)
"""Each may answer or fail, and neither answer, error nor notice may hold the other town's word."""


@pytest.fixture
def towns(pool: Any, tmp_path: Path) -> Iterator[dict[str, Client]]:
    """Two towns' clients; whatever is the second's says SECRET."""
    owner = pool.owner
    load(
        owner, [an_event(id="t1", area=OURS + "004"), an_event(id="t2", area=THEIRS, title=SECRET)]
    )
    load(owner, [a_sensor(1, area=OURS), a_sensor(2, area=THEIRS, name=SECRET)])
    for i, area in enumerate((OURS, THEIRS), 1):
        owner.execute(
            "INSERT INTO cw_place(id, kind, name, area, lon, lat) VALUES (%s, 'x', %s, %s, 1, 1)",
            (f"p{i}", SECRET if area == THEIRS else "小学", area),
        )
    owner.execute("SELECT cw_put_area_pack('fixes', %s, %s)", (SECRET.encode(), THEIRS))
    owner.execute("SELECT cw_put_pack('fixes', %s)", (SECRET.encode(),))
    names = {"town_one": OURS, "town_two": THEIRS}
    clients = {}
    for name, area in names.items():
        stations.add(owner, name, area, tmp_path / f"{name}.secret")
        url = stations.address(pool.station_url, name)
        clients[name] = Client(url, str(tmp_path / f"{name}.secret"))
        clients[name].meta()
    clients["town_two"].push([worked("theirs", "t2", SECRET)])
    with pool.client() as city:
        city.head()
    owner.execute("ANALYZE")
    yield clients
    for name, client in clients.items():
        client.__exit__()
        assert stations.remove(owner, name)


def worked(origin: str, event: str, result: str, seq: int = 1, prev: str = GENESIS) -> Line:
    work = {"id": event, "state": "CLOSED", "unit": "", "result": result, "at": 1}
    body = body_text({"eventwork": [work]}, {})
    return seal(Line(origin, seq, seq << 16, "", "close", "陈", "p3", "", prev, "", body))


def attempt(conn: Any, statement: str) -> tuple[bool, str]:
    """Whether a right was wanting, and everything that came back: rows, error, notices."""
    told: list[str] = []
    conn.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
    try:
        with conn.transaction(force_rollback=True):
            for part in statement.split(" ;; "):
                told += answers(conn, part)
    except psycopg.Error as error:
        told += [str(error), str(error.diag.message_detail), str(error.diag.context)]
        return isinstance(error, psycopg.errors.InsufficientPrivilege), " ".join(told)
    finally:
        conn.execute("DEALLOCATE ALL")
    return False, " ".join(told)


def answers(conn: Any, statement: str) -> list[str]:
    with conn.cursor() as cursor:
        if statement.startswith("COPY") and "STDOUT" in statement:
            with cursor.copy(statement.encode()) as copy:
                return [bytes(piece).decode() for piece in copy]
        cursor.execute(statement.encode())
        return [str(row) for row in cursor.fetchall()] if cursor.description else []


def test_no_table_of_the_city_is_a_towns_to_touch(towns: Any) -> None:
    conn = towns["town_one"]._conn
    passed = [
        (statement, told)
        for table in TABLES
        for statement in (form.format(t=table) for form in LEFT)
        for refused, told in [attempt(conn, statement)]
        if not refused or SECRET in told
    ]
    assert passed == []


def test_what_only_others_may_is_refused(towns: Any) -> None:
    conn = towns["town_one"]._conn
    passed = [
        (statement, told)
        for statement in REFUSED
        for refused, told in [attempt(conn, statement)]
        if not refused or SECRET in told
    ]
    assert passed == []


def test_a_town_may_call_nothing_but_what_is_meant_for_it(towns: Any) -> None:
    meant = {call.partition("(")[0] for call in schema.TOWN_CALLS}
    meant |= {f"cw_{kind}_seen" for kind in schema.city_kinds()}
    query = (
        "SELECT DISTINCT proname FROM pg_proc WHERE proname = ANY(%s)"
        " AND has_function_privilege('town_one', oid, 'EXECUTE')"
    )
    assert {name for (name,) in towns["town_one"]._rows(query, CALLS)} <= meant


def test_nothing_of_the_other_town_shows(towns: Any) -> None:
    """And the same statements show it to the one whose it is."""
    one, two = towns["town_one"]._conn, towns["town_two"]._conn
    leaks = [s for s in SHOWS_NOTHING if SECRET in attempt(one, s)[1]]
    assert leaks == []
    for statement in SHOWS_NOTHING[:3]:
        told = attempt(two, statement)[1]
        assert SECRET in told or repr(SECRET.encode())[2:-1] in told, statement


def test_the_packs_of_another_town_and_of_the_city_do_not_come(towns: Any) -> None:
    assert towns["town_one"].packs() == []
    assert [body for _, _, body in towns["town_two"].packs()] == [SECRET.encode()]


def test_a_line_about_another_towns_event_is_kept_and_does_nothing(pool: Any, towns: Any) -> None:
    """It may be an honest one: the event was moved. What follows it is not held up."""
    bad = worked("ours", "t2", "抢")
    good = worked("ours", "t1", "成", 2, bad.hash)
    assert towns["town_one"].push([bad, good]) == 2
    found = pool.owner.execute("SELECT id, result FROM cw_work ORDER BY id").fetchall()
    assert found == [("t1", "成"), ("t2", SECRET)]
    assert pool.owner.execute(
        "SELECT event, result FROM cw_act WHERE origin = 'ours'"
    ).fetchall() == [("t1", "成")]
    (reason,) = pool.owner.execute("SELECT reason FROM cw_quarantine").fetchone()
    assert "town_one" in reason
    with pool.client() as city:
        assert [(line.seq, line.body) for line in city.lines("ours", 0)] == [
            (1, None),
            (2, good.body),
        ]
        assert all(line.body is None or "抢" not in line.body for line in city.page(0, 99).lines)
    seen = {(line.origin, line.seq): line.body for line in towns["town_two"].lines("ours", 0)}
    assert seen == {("ours", 1): None, ("ours", 2): None}


FILED = {
    "source": "iot", "title": "x", "body": "", "cls": "gas", "urgency": 1, "address": "",
    "lon": 120.0, "lat": 31.0, "acc_m": 1.0, "reported_at": 1,
}  # fmt: skip
INCIDENT = {"id": "i2", "title": SECRET, "area": THEIRS}
FOREIGN = {
    "an event filed in another town": {"filedevent": [{**FILED, "id": "n1", "area": THEIRS}]},
    "a foreign event filed as ours": {"filedevent": [{**FILED, "id": "t2", "area": OURS}]},
    "a note": {"eventnote": [{"id": "n", "event": "t2", "text": "x"}]},
    "an alarm": {"alarm": [{"id": "a", "sensor": "s2", "area": OURS}]},
    "an incident": {"incident": [{"id": "i9", "area": THEIRS}]},
    "a foreign incident as ours": {"incident": [{"id": "i2", "area": OURS}]},
    "an order in it": {"directive": [{"id": "d", "incident": "i2"}]},
    "ours and theirs": {"eventwork": [{"id": "t1"}, {"id": "t2"}]},
    "one that is nowhere": {"eventwork": [{"id": "no"}]},
    "a mode of the whole city": {"mode": [{"id": "m", "area": ""}]},
    "of an unknown kind": {"novelty": [{"id": "n"}]},
}


@pytest.mark.parametrize("records", FOREIGN.values(), ids=FOREIGN)
def test_whatever_is_written_over_another_town_is_set_aside(
    pool: Any, towns: Any, records: dict[str, Any]
) -> None:
    last = worked("theirs", "t2", SECRET)
    body = body_text({"incident": [INCIDENT]}, {})
    line = seal(Line("theirs", 2, 2 << 16, THEIRS, "open", "陈", "p3", "", last.hash, "", body))
    towns["town_two"].push([line])
    forged = seal(
        Line("ours", 1, 1 << 16, OURS, "x", "陈", "p", "", GENESIS, "", body_text(records, {}))
    )
    assert towns["town_one"].push([forged]) == 1
    kept = pool.owner.execute("SELECT body FROM cw_journal WHERE origin = 'ours'").fetchall()
    assert kept == [(None,)]
    assert pool.owner.execute("SELECT count(*) FROM cw_quarantine").fetchone() == (1,)
    assert pool.owner.execute("SELECT id FROM cw_event ORDER BY id").fetchall() == [
        ("t1",),
        ("t2",),
    ]


@pytest.mark.parametrize(("area", "told"), [("", True), (OURS, True), (THEIRS, False)])
def test_a_mode_is_told_to_every_town_in_its_area(
    pool: Any, towns: Any, area: str, told: bool
) -> None:
    body = body_text({"mode": [{"id": "m1", "area": area, "incident": "i2"}]}, {})
    line = Line("city", 1, 1 << 16, area, "enter_mode", "陈", "chief", "", GENESIS, "", body)
    with pool.client() as city:
        city.push([seal(line)])
    (got,) = towns["town_one"].lines("city", 0)
    assert (got.body == body) == told


def test_a_warning_that_the_city_took_is_told_to_every_town(pool: Any, towns: Any) -> None:
    body = body_text({"publicwarning": [{"id": "w:0", "message": "w"}]}, {})
    line = Line("city", 1, 1 << 16, "", "take_warnings", "", "", "", GENESIS, "", body)
    with pool.client() as city:
        city.push([seal(line)])
    assert [town.lines("city", 0)[0].body for town in towns.values()] == [body, body]


def test_one_town_does_not_speak_for_the_others_station(towns: Any) -> None:
    with pytest.raises(PoolTrouble, match="cw_stranger") as refused:
        towns["town_one"].push([worked("theirs", "t1", "x", 2)])
    assert SECRET not in str(refused.value)


def test_a_town_cannot_hold_up_the_feed_or_the_other_stations(pool: Any, towns: Any) -> None:
    conn = towns["town_one"]._conn
    conn.execute("SELECT pg_advisory_lock(4711, n) FROM generate_series(-9, 9) n")
    conn.execute("SELECT pg_advisory_lock(4711, hashtext('theirs'))")
    with conn.transaction():
        conn.execute("SELECT cw_push(%s)", (Jsonb([]),))
        conn.execute("LOCK TABLE cw_head IN ACCESS SHARE MODE")
        last = worked("theirs", "t2", SECRET)
        assert towns["town_two"].push([worked("theirs", "t2", "又", 2, last.hash)]) == 2
        with pool.client() as city:
            after = city.head()
            pool.owner.execute("UPDATE cw_event SET title = '新' WHERE id = 't1'")
            assert [row[3] for row in city.page(after, 9).rows["event"]] == ["新"]


def test_what_leaves_the_area_arrives_as_gone_and_what_enters_as_new(pool: Any, towns: Any) -> None:
    one, two = towns["town_one"], towns["town_two"]
    with pool.client() as city:
        after = city.head()
        pool.owner.execute("UPDATE cw_event SET area = %s WHERE id = 't1'", (THEIRS,))
        pool.owner.execute("UPDATE cw_event SET title = '之后' WHERE id = 't1'")
        pool.owner.execute("DELETE FROM cw_place WHERE id = 'p2'")
        city.head()
    ours, theirs = one.page(after, 99), two.page(after, 99)
    assert (ours.rows, ours.gone) == ({}, {"event": ["t1"]})
    assert [row[3] for row in theirs.rows["event"]] == ["之后"]
    assert set(theirs.gone) <= {"event", "place"} and theirs.gone["place"] == ["p2"]
    assert ours.last == theirs.last


def test_a_town_fills_and_works_like_any_station(pool: Any, towns: Any, station: Any) -> None:
    back, front = station("back"), station("front")
    with pool.client() as city:
        ours, theirs = back.meet(city), front.meet(towns["town_one"])
        assert [e.id for e in front.store.read(lambda r: r.find(events.Event))] == ["t1"]
        front.do(events.accept, event="t1")
        back.do(events.accept, event="t2")
        for link in (theirs, ours, theirs):
            exchange(link)
        pool.owner.execute("UPDATE cw_event SET area = %s WHERE id = 't1'", (THEIRS,))
        exchange(ours)
        exchange(theirs)
    assert back.work("t1").state == "ACCEPTED" and front.work("t2") is None
    assert front.store.read(lambda r: r.find(events.Event)) == []


def test_a_login_without_an_area_here_sees_nothing(pool: Any, towns: Any) -> None:
    pool.owner.execute("DELETE FROM cw_station WHERE login = 'town_one'")
    client = towns["town_one"]
    with pytest.raises(PoolTrouble, match="login"):
        client.meta()
    for statement in SHOWS_NOTHING[:3]:
        _, told = attempt(client._conn, statement)
        assert SECRET not in told and "t1" not in told
    with pytest.raises(PoolTrouble, match="cw_stranger"):
        client.push([worked("new", "t1", "x")])
    pool.owner.execute("INSERT INTO cw_station VALUES ('town_one', %s)", (OURS,))


def test_the_password_goes_into_a_file_of_its_own(pool: Any, tmp_path: Path) -> None:
    file = tmp_path / "hall.secret"
    stations.add(pool.owner, "hall_one", "", file)
    try:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        with Client(stations.address(pool.station_url, "hall_one"), str(file)) as client:
            assert client.meta().city == "临江市" and client.area == ""
        assert [login.name for login in stations.listed(pool.owner)] == ["hall_one"]
        with pytest.raises(FileExistsError):
            stations.add(pool.owner, "hall_two", "", file)
        with pytest.raises(psycopg.errors.DuplicateObject):
            stations.add(pool.owner, "hall_one", OURS, tmp_path / "again.secret")
        assert not (tmp_path / "again.secret").exists()
    finally:
        assert stations.remove(pool.owner, "hall_one")
    assert not stations.remove(pool.owner, "pool")


def test_people_travel_within_their_area_and_sign_in_where_they_are_known(
    pool: Any, towns: Any, station: Any
) -> None:
    back, front, other = station("back"), station("front"), station("p1")
    secret = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("港口起雾 1842")
    with pool.client() as city:
        links = [
            post.meet(client)
            for post, client in zip(
                (back, front, other), (city, towns["town_one"], towns["town_two"]), strict=True
            )
        ]
        for key, name, area in (("chen", "陈一", ""), ("wang", "王三", OURS)):
            officer = Officer(key, name, area, "", "", secret, Ms(0), "", "")
            back.desk.run(people.enrol, {"officer": officer}, "root")
        for link in links:
            exchange(link)
        known = [
            {o.id for o in post.store.read(lambda r: r.find(Officer))}
            for post in (back, front, other)
        ]
        assert known == [{"chen", "wang"}, {"wang"}, set()]
        for name, word in (("nobody", "x"), ("wang", "wrong"), ("chen", "港口起雾 1842")):
            with pytest.raises(Refused, match="secret"):
                front.desk.sign_in(name, word, "front").result()
        with pytest.raises(Refused, match="signed_out"):
            front.do(events.note, event="t1", text="在场")
        front.desk.sign_in("wang", "港口起雾 1842", "front").result()
        front.do(events.note, event="t1", text="在场")
        exchange(links[1])
        exchange(links[0])
        (duty,) = back.store.read(lambda r: r.find(Duty))
        assert (duty.name, duty.seat) == ("王三", "front")
        (note,) = back.store.read(lambda r: r.find(events.EventNote))
        assert (note.by, note.post) == ("王三", "front")


def test_units_that_were_sent_are_known_within_their_area(
    pool: Any, towns: Any, station: Any
) -> None:
    back, front, other = station("back"), station("front"), station("p1")
    sent = Assignment("s1", "event", "e1", "U1", 1, OURS, 120.2, 31.9, None, None, 90, "road",
                      Ms(1_795_500_000_000), "陈", "chief")  # fmt: skip
    step = AssignmentStep(
        "t1", "s1", OURS, "ACKED", Ms(1_795_500_020_000), "told", "", "陈", "chief"
    )
    with pool.client() as city:
        clients = city, towns["town_one"], towns["town_two"]
        links = [p.meet(c) for p, c in zip((back, front, other), clients, strict=True)]
        back.desk.run(lambda tx: tx.put(sent), {})
        back.desk.run(lambda tx: tx.put(step), {})
        for link in links:
            exchange(link)
        known = [
            [{r.id for r in post.store.read(lambda r, k=k: r.find(k))} for k in
             (Assignment, AssignmentStep)]
            for post in (back, front, other)
        ]  # fmt: skip
        assert known == [[{"s1"}, {"t1"}], [{"s1"}, {"t1"}], [set(), set()]]
