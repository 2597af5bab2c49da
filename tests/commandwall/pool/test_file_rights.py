"""A file is seen by whoever may see what it belongs to. What was tried stands here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
import pytest
from builders import NOW, an_event
from station import exchange

from commandwall import attachments
from commandwall.attachments import AttachedFile
from commandwall.pool import stations
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.loader import load
from commandwall.pool.porter import Porter
from commandwall.store.journal import GENESIS, Line, body_text, seal

OURS, THEIRS = "320281001", "320281002"
SECRET = b"ID3" + "别镇机密".encode() * 40
HASH = hashlib.sha256(SECRET).hexdigest()


def named(
    origin: str, key: str, to: str, sha256: str = HASH, size: int = len(SECRET), **kw: Any
) -> Line:
    """The first line of a station: it attaches a file to an event."""
    row = AttachedFile(key, "event", to, sha256, "机密.mp3", "audio/mpeg", size, NOW, "陈", "p")
    body = body_text({"attachedfile": [{**asdict(row), **kw}]}, {})
    return seal(Line(origin, 1, 1 << 16, "", "attach", "陈", "p", "", GENESIS, "", body))


def attempt(client: Client, sql: str) -> str:
    """Whatever comes back, an error too."""
    try:
        with client._conn.transaction(force_rollback=True):
            return repr(client._conn.execute(sql).fetchall())
    except psycopg.Error as error:
        return str(error)


@pytest.fixture
def towns(pool: Any, tmp_path: Path) -> Iterator[tuple[Client, Client]]:
    """Two towns; the second has attached a secret to its event, with a small picture."""
    load(pool.owner, [an_event(id="t1", area=OURS), an_event(id="t2", area=THEIRS)])
    clients = []
    for name, area in (("town_one", OURS), ("town_two", THEIRS)):
        stations.add(pool.owner, name, area, tmp_path / f"{name}.secret")
        url = stations.address(pool.station_url, name)
        clients.append(Client(url, str(tmp_path / f"{name}.secret")))
        clients[-1].meta()
    two = clients[1]
    two.push([named("theirs", "a2", "t2")])
    assert two.give(HASH, 0, SECRET) == len(SECRET) and two.give_thumb("a2", SECRET)
    with pool.client() as city:
        city.head()
    yield clients[0], two
    for name, client in zip(("town_one", "town_two"), clients, strict=True):
        client.__exit__()
        assert stations.remove(pool.owner, name)


ATTEMPTS = f"""
SELECT cw_get('{HASH}', 0, 100000)
SELECT cw_get('{HASH}', 3, 1)
SELECT * FROM cw_thumbs(ARRAY['a2'])
SELECT cw_give('{HASH}', 0, '')
SELECT cw_give('{HASH}', 0, 'x')
SELECT cw_give_thumb('a2', 'x')
SELECT * FROM cw_attachment_seen()
SELECT * FROM cw_page(0, 1000)
SELECT * FROM cw_file
SELECT * FROM cw_file_part
SELECT * FROM cw_thumb
SELECT * FROM cw_attachment
SELECT cw_file_hash('{HASH}', 'town_two')
SELECT cw_attachment_told(a, '') FROM cw_attachment a
SELECT cw_subject_area('event', 't2')
SELECT cw_forget_file('{HASH}')
SELECT cw_prune_files(true)
SELECT cw_attach('event', 't1', 'x', 'x')
SELECT cw_apply_attached('{{}}')
SELECT cw_given(NULL)
SELECT cw_file_limit('most')
COPY cw_file_part TO STDOUT
DELETE FROM cw_file
UPDATE cw_attachment SET area = '{OURS}'
INSERT INTO cw_attachment(id, kind, subject, sha256, name, mime, size, at)
    VALUES ('x', 'event', 't1', '{HASH}', '', '', 1, now())
""".strip().split("\n")


def test_no_statement_shows_a_town_the_file_of_another(towns: tuple[Client, Client]) -> None:
    one, two = towns
    statements = "\n".join(ATTEMPTS).replace("\n    ", " ").split("\n")
    told = {sql: attempt(one, sql) for sql in statements}
    signs = ("别镇", "机密", SECRET[:20].hex(), repr(SECRET[:20])[2:-1], THEIRS)
    leaks = [s for s, t in told.items() if any(sign in t.replace(s, "") for sign in signs)]
    assert leaks == []
    changing = ("DELETE", "UPDATE", "INSERT", "COPY", "SELECT cw_f", "SELECT cw_a", "SELECT cw_p")
    refused = {s: t for s, t in told.items() if s.startswith(changing)}
    assert all("permission denied" in t for t in refused.values()), refused
    assert two.get(HASH, 0, 100_000) == SECRET and two.thumbs(["a2"]) == {"a2": SECRET}


def test_naming_the_hash_under_an_event_of_ones_own_is_no_key(
    pool: Any, towns: tuple[Client, Client]
) -> None:
    """Whoever knows the hash does not have the file; the size he must guess too."""
    one, two = towns
    one.push([named("ours", "a1", "t1")])
    assert one.get(HASH, 0, 100) == b""
    assert one.give(HASH, 0, b"") == 0  # nor is he told that it is there
    assert one.give(HASH, 0, bytes(len(SECRET))) == -1
    assert one.get(HASH, 0, 100) == b""
    held = pool.owner.execute("SELECT held FROM cw_attachment WHERE id = 'a1'").fetchone()
    assert held == (0,)
    assert two.get(HASH, 0, 100_000) == SECRET
    assert one.give(HASH, 0, SECRET) == len(SECRET)  # who has the bytes may have them
    assert one.get(HASH, 0, 100_000) == SECRET
    assert pool.owner.execute("SELECT count(*) FROM cw_file_part").fetchone() == (1,)


def test_a_file_for_an_event_elsewhere_reaches_nobody(
    pool: Any, towns: tuple[Client, Client]
) -> None:
    one, _ = towns
    other = b"ID3 other"
    sha = hashlib.sha256(other).hexdigest()
    one.push([named("ours", "a1", "t2", sha, len(other))])
    assert pool.owner.execute("SELECT count(*) FROM cw_attachment").fetchone() == (1,)
    assert pool.owner.execute("SELECT count(*) FROM cw_quarantine").fetchone() == (1,)
    with pytest.raises(PoolTrouble, match="cw_unnamed"):
        one.give(sha, 0, other)


FORGED: dict[str, dict[str, Any]] = {
    "the id of another": {"id": "a2"},
    "a hash that is none": {"sha256": "../../etc/passwd"},
    "larger than a file may be": {"size": 1 << 40},
    "no size": {"size": 0},
    "a text for a size": {"size": "x"},
    "the city as a subject": {"kind": "area", "subject": "320281"},
    "another town as a subject": {"kind": "area", "subject": THEIRS},
    "of an unknown kind": {"kind": "novelty"},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_record_changes_nothing_and_blocks_nothing(
    pool: Any, towns: tuple[Client, Client], forged: dict[str, Any]
) -> None:
    one, two = towns
    before = pool.owner.execute("SELECT * FROM cw_attachment WHERE id = 'a2'").fetchall()
    assert one.push([named("ours", "a1", "t1", **forged)]) == 1
    assert pool.owner.execute("SELECT * FROM cw_attachment").fetchall() == before
    assert pool.owner.execute("SELECT count(*) FROM cw_quarantine").fetchone() == (1,)
    assert two.get(HASH, 0, 100_000) == SECRET


def test_a_file_goes_along_when_its_event_moves(pool: Any, towns: tuple[Client, Client]) -> None:
    one, two = towns
    with pool.client() as city:
        after = city.head()
        pool.owner.execute("UPDATE cw_event SET area = %s WHERE id = 't2'", (OURS,))
        city.head()
    assert [row[0] for row in one.page(after, 99).rows["attachment"]] == ["a2"]
    assert two.page(after, 99).gone["attachment"] == ["a2"]
    assert one.get(HASH, 0, 100_000) == SECRET and one.thumbs(["a2"]) == {"a2": SECRET}
    assert two.get(HASH, 0, 100_000) == b"" and two.thumbs(["a2"]) == {}


def test_a_towns_station_carries_files_like_any(
    pool: Any, towns: tuple[Client, Client], station: Any
) -> None:
    """Its own to the hall and back; what the city sent within its area; nothing else."""
    one, _ = towns
    hall, town = station("hall"), station("town")
    pool.owner.execute("SELECT cw_attach('event', 't1', '市.mp3', %s)", (b"ID3 of the city",))
    with pool.client() as city:
        ours, theirs = hall.meet(city), town.meet(one)
        town.desk.attach(b"ID3 of the town", "镇.mp3", "event", "t1").result()
        for _ in range(4):
            for who, link, client in ((town, theirs, one), (hall, ours, city)):
                porter = Porter(who.store, who.desk, who.clock)
                exchange(link)
                porter.turn(client, porter.work())
                porter.turn(client, porter.work())
    for who in (hall, town):
        rows = who.store.read(lambda r, who=who: attachments.views(r, who.desk.kept, "t1"))
        assert sorted(v.file.name for v in rows if v.whole and v.stored) == ["市.mp3", "镇.mp3"]
    assert len(hall.desk.kept.sizes()) == 3 and len(town.desk.kept.sizes()) == 2
