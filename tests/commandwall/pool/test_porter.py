"""Attached files between stations and a real pool: whole, resumable, bounded, by right."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, an_event
from station import Station, exchange

from commandwall import attachments
from commandwall.attachments import WANTED, AttachedFile, FileView
from commandwall.clock import DAY
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.loader import load
from commandwall.pool.porter import Porter
from commandwall.store.store import Refused

Make = Callable[[str], Station]


def body(size: int = 300_000, seed: int = 1) -> bytes:
    """A sound file that does not pack."""
    return b"ID3\x04" + random.Random(seed).randbytes(size - 4)


def picture() -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.effect_noise((800, 600), 60).save(out, "JPEG", quality=90)
    return out.getvalue()


def attach(one: Station, data: bytes, name: str = "现场.jpg", subject: str = "e1") -> AttachedFile:
    one.clock.at += 10
    (row,) = one.desk.attach(data, name, "event", subject).result().of(AttachedFile)
    one.desk.files(lambda kept: None).result()  # the small picture is made
    return row


def porter(one: Station) -> Porter:
    return Porter(one.store, one.desk, one.clock)


def carry(one: Station, client: Client, link: Any, turns: int = 99) -> None:
    """Until nothing moves any more."""
    mine = porter(one)
    for _ in range(turns):
        exchange(link)
        work = mine.work()
        mine.draw(work)
        if not (work.draw or (work.carries and mine.turn(client, work))):
            return


def shown(one: Station, subject: str = "e1") -> list[FileView]:
    return one.store.read(lambda r: attachments.views(r, one.desk.kept, subject))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_what_one_station_attaches_the_other_shows(pool: Any, station: Make) -> None:
    load(pool.owner, [an_event()])
    back, front = station("back"), station("front")
    data = picture()
    with pool.client() as one, pool.client() as two:
        ours, theirs = back.meet(one), front.meet(two)
        row = attach(back, data)
        (before,) = shown(back)
        assert before.whole and not before.sent and not before.stored and before.thumb
        carry(back, one, ours)
        (after,) = shown(back)
        assert after.sent and after.stored and after.file.thumb == 1
        carry(front, two, theirs)
    (seen,) = shown(front)
    assert (seen.file.name, seen.file.by, seen.file.post) == ("现场.jpg", "陈", "chief")
    assert seen.whole and seen.thumb and seen.file.area == "320281001"
    assert front.desk.kept.body(row.sha256).read_bytes() == data
    held = pool.owner.execute("SELECT kind, subject, held = size FROM cw_attachment").fetchall()
    assert held == [("event", "e1", True)]


def test_the_small_picture_comes_before_the_body(pool: Any, station: Make) -> None:
    load(pool.owner, [an_event()])
    back, front = station("back"), station("front")
    with pool.client() as one, pool.client() as two:
        ours, theirs = back.meet(one), front.meet(two)
        attach(back, picture())
        exchange(ours)
        mine = porter(back)
        mine.turn(one, mine.work())
        exchange(theirs)
        their = porter(front)
        their.turn(two, their.work())
        (seen,) = shown(front)
        assert seen.thumb and seen.here == 0 and not seen.stored


def test_the_act_is_told_only_when_the_file_is_on_disk(station: Make, pool: Any) -> None:
    load(pool.owner, [an_event()])
    back = station("back")
    with pool.client() as client:
        back.meet(client)
    row = attach(back, body())
    assert back.desk.kept.has(row.sha256)
    with pytest.raises(Refused) as refused:
        back.desk.attach(b"#!/bin/sh", "照片.jpg", "event", "e1").result()
    assert refused.value.reason.facts == {"found": "script", "name": "照片.jpg"}
    for kind, subject in (("event", "none"), ("directive", "none"), ("place", "e1")):
        with pytest.raises(Refused, match="unknown"):
            back.desk.attach(body(seed=3), "x.mp3", kind, subject).result()
    with pytest.raises(Refused, match="attached"):
        back.desk.attach(body(), "again.mp3", "event", "e1").result()
    assert len(shown(back)) == 1


class Cut(Exception):
    """The line, or the program, ends here."""


def test_giving_goes_on_where_it_was_cut_off(
    pool: Any, station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool says how much it has: no byte goes twice but those of the last piece."""
    load(pool.owner, [an_event()])
    back = station("back")
    data = body(2_000_000)
    sent: list[int] = []
    with pool.client() as client:
        link = back.meet(client)
        row = attach(back, data, "a.mp3")
        exchange(link)
    give = Client.give

    def cut(self: Client, sha256: str, at: int, part: bytes) -> int:
        held = give(self, sha256, at, part)
        sent.append(len(part))
        if part and random.Random(len(sent)).random() < 0.3:
            raise Cut
        return held

    monkeypatch.setattr(Client, "give", cut)
    for _ in range(60):  # each time a new program and a new connection
        with pool.client() as client:
            back.meet(client)
            if shown(back)[0].stored:
                break
            try:
                carry(back, client, back.meet(client))
            except Cut:
                continue
    assert shown(back)[0].stored and sum(sent) == len(data)
    assert pool.owner.execute("SELECT cw_file_hash(sha256, login) FROM cw_file").fetchall() == [
        (row.sha256,)
    ]


def test_getting_goes_on_where_it_was_cut_off(
    pool: Any, station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(pool.owner, [an_event()])
    back, front = station("back"), station("front")
    data = body(2_000_000)
    with pool.client() as one:
        ours = back.meet(one)
        row = attach(back, data, "a.mp3")
        carry(back, one, ours)
    came: list[int] = []
    get = Client.get

    def cut(self: Client, sha256: str, at: int, most: int) -> bytes:
        if random.Random(len(came)).random() < 0.3:
            came.append(0)
            raise Cut
        part = get(self, sha256, at, most)
        came.append(len(part))
        return part

    monkeypatch.setattr(Client, "get", cut)
    for _ in range(60):
        with pool.client() as two:
            try:
                carry(front, two, front.meet(two))
                break
            except Cut:
                continue
    assert front.desk.kept.body(row.sha256).read_bytes() == data
    assert sum(came) == len(data) and came.count(0) > 2


def test_wrong_bytes_are_set_aside_and_asked_for_again(pool: Any, station: Make) -> None:
    load(pool.owner, [an_event()])
    back, front = station("back"), station("front")
    data = body(100_000)
    with pool.client() as one, pool.client() as two:
        ours, theirs = back.meet(one), front.meet(two)
        row = attach(back, data, "a.mp3")
        carry(back, one, ours)
        pool.owner.execute(
            "UPDATE cw_file_part SET body = overlay(body PLACING 'x' FROM 9) WHERE at = 0"
        )
        exchange(theirs)
        their = porter(front)
        for _ in range(20):
            their.turn(two, their.work())
        assert not front.desk.kept.has(row.sha256) and front.desk.kept.arrived(row.sha256) == 0
        assert len(list((front.desk.kept.folder / "bad").iterdir())) == 3
        pool.owner.execute("SELECT cw_forget_file(%s)", (row.sha256,))
        carry(back, one, ours)  # gives it again
        carry(front, two, theirs)
    assert front.desk.kept.body(row.sha256).read_bytes() == data


def test_what_the_city_sends_by_sql_arrives_with_a_small_picture(pool: Any, station: Make) -> None:
    load(pool.owner, [an_event()])
    front = station("front")
    data = picture()
    pool.owner.execute("SELECT cw_attach('event', 'e1', '抓拍.jpg', %s, 'image/jpeg')", (data,))
    with pool.client() as client:
        carry(front, client, front.meet(client))
    (seen,) = shown(front)
    assert seen.whole and seen.thumb and seen.file.name == "抓拍.jpg"


def test_a_script_that_the_city_sends_stays_unopened(pool: Any, station: Make) -> None:
    load(pool.owner, [an_event()])
    front = station("front")
    pool.owner.execute("SELECT cw_attach('event', 'e1', '通知.jpg', %s)", (b"#!/bin/sh\nrm -rf ~",))
    with pool.client() as client:
        carry(front, client, front.meet(client))
    (seen,) = shown(front)
    assert seen.refused and not seen.whole
    assert list(front.desk.kept.sizes()) == []


def test_an_old_body_comes_only_when_a_person_asks(pool: Any, station: Make) -> None:
    load(pool.owner, [an_event()])
    front = station("front")
    pool.owner.execute("SELECT cw_attach('event', 'e1', 'a.mp3', %s)", (body(),))
    pool.owner.execute(
        "UPDATE cw_attachment SET at = to_timestamp(%s)", ((NOW - 200 * DAY) / 1000,)
    )
    with pool.client() as client:
        link = front.meet(client)
        carry(front, client, link)
        (seen,) = shown(front)
        assert seen.here == 0
        front.desk.keep(f"{WANTED}{seen.file.sha256}", "1").result()
        carry(front, client, link)
        porter(front).work()
    assert shown(front)[0].whole
    assert front.store.read(attachments.asked) == []


def test_a_full_folder_fetches_nothing_ahead_and_old_bodies_go(
    pool: Any, station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(pool.owner, [an_event(), an_event(id="e2")])
    front = station("front")
    for n in (1, 2):
        pool.owner.execute(
            "SELECT cw_attach('event', %s, 'a.mp3', %s)", (f"e{n}", body(400_000, n))
        )
    limit = attachments.content.codes.limit
    small = {"files_gb": 500_000 / (1 << 30)}
    monkeypatch.setattr(
        "commandwall.codes.limit", lambda name, on=None: small.get(name, limit(name))
    )
    with pool.client() as client:
        carry(front, client, front.meet(client))
    assert len(front.desk.kept.sizes()) == 1
    small["files_gb"] = 0
    porter(front).tidy()
    assert front.desk.kept.sizes() == {}
    assert len(shown(front)) == 1 and not shown(front)[0].whole


def test_what_the_pool_does_not_have_yet_never_goes(
    pool: Any, station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(pool.owner, [an_event()])
    back = station("back")
    with pool.client() as client:
        link = back.meet(client)
        row = attach(back, body())
        exchange(link)
    back.clock.at += 400 * DAY
    porter(back).tidy()
    assert back.desk.kept.has(row.sha256)


def test_a_pool_that_lost_its_files_gets_them_from_whoever_has_them(
    pool: Any, station: Make
) -> None:
    """The station that attached it may be gone for good."""
    load(pool.owner, [an_event()])
    back, front = station("back"), station("front")
    with pool.client() as one, pool.client() as two:
        ours, theirs = back.meet(one), front.meet(two)
        row = attach(back, picture())
        carry(back, one, ours)
        carry(front, two, theirs)
        pool.owner.execute("TRUNCATE cw_file, cw_file_part, cw_thumb")
        pool.owner.execute("UPDATE cw_attachment SET held = 0, thumb = 0")
        front.clock.at += 11 * 60_000
        carry(front, two, theirs)
    assert pool.owner.execute("SELECT held = size, thumb FROM cw_attachment").fetchall() == [
        (True, 1)
    ]
    assert front.desk.kept.has(row.sha256)


def test_old_files_leave_the_pool_and_are_not_given_again(pool: Any, station: Make) -> None:
    load(pool.owner, [an_event()])
    back, front = station("back"), station("front")
    with pool.client() as one, pool.client() as two:
        ours, theirs = back.meet(one), front.meet(two)
        attach(back, picture())
        carry(back, one, ours)
        pool.owner.execute("UPDATE cw_attachment SET at = at - interval '2000 days'")
        assert pool.owner.execute("SELECT cw_prune_files()").fetchone() == (1,)
        carry(back, one, ours)
        carry(front, two, theirs)
    assert pool.owner.execute("SELECT count(*) FROM cw_file_part").fetchone() == (0,)
    (seen,) = shown(front)
    assert seen.file.held == -1 and not seen.whole
    assert pool.owner.execute("SELECT count(*) FROM cw_thumb").fetchone() == (1,)


def test_nobody_gives_what_no_act_names_nor_more_than_it_says(pool: Any, station: Make) -> None:
    load(pool.owner, [an_event()])
    back = station("back")
    with pool.client() as client:
        link = back.meet(client)
        with pytest.raises(PoolTrouble, match="cw_unnamed"):
            client.give("ab" * 32, 0, b"x")
        row = attach(back, body(1000))
        exchange(link)
        with pytest.raises(PoolTrouble, match="cw_too_much"):
            client.give(row.sha256, 0, bytes(1001))
        assert client.give(row.sha256, 0, bytes(999)) == 999
        assert client.give(row.sha256, 0, bytes(9)) == 999
        assert client.give(row.sha256, 999, b"x") == -1
        assert client.give(row.sha256, 0, b"") == 0
        assert client.get(row.sha256, 0, 10) == b""


def test_a_file_without_any_is_no_file(pool: Any, station: Make, tmp_path: Path) -> None:
    load(pool.owner, [an_event()])
    back = station("back")
    with pool.client() as client:
        back.meet(client)
    with pytest.raises(FileNotFoundError):
        back.desk.attach(tmp_path / "none.jpg", "none.jpg", "event", "e1").result()
