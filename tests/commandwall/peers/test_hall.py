"""Stations that exchange their lines over the hall's network while there is no pool."""

from __future__ import annotations

import itertools
import logging
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from builders import NOW, a_sensor, an_opening
from hall import Post, until
from line import Wire

from commandwall import alarms, directives, incidents
from commandwall.alarms import Crossing
from commandwall.clock import Ms
from commandwall.events import FiledEvent
from commandwall.peers import wire
from commandwall.peers.identity import Identity
from commandwall.store import space
from commandwall.store.journal import Line

MakePost = Callable[..., Post]


def pair(post: MakePost) -> tuple[Post, Post]:
    """The scene calls the hall, and both know each other."""
    back, front = post("back"), post("front", "front")
    back.knows(front)
    front.knows(back)
    return back, front


def joined(*posts: tuple[Post, Post]) -> None:
    for one, other in posts:
        until("both to be joined", lambda a=one, b=other: a.sees(b.folder.name).joined
              and b.sees(a.folder.name).joined)  # fmt: skip


def row_of_three(post: MakePost) -> tuple[Post, Post, Post]:
    """Hall, gate and scene: hall and scene have no line to each other."""
    back, gate, front = post("back"), post("gate", "p1"), post("front", "front")
    gate.knows(back, front)
    back.knows(gate)
    front.knows(gate)
    back.begin()
    gate.begin(back)
    front.begin(gate)
    joined((gate, back), (front, gate))
    return back, gate, front


def test_what_was_done_before_and_what_is_done_now_goes_there_and_back(post: MakePost) -> None:
    back, front = pair(post)
    before = back.order("封控港五路")
    back.begin()
    front.begin(back)
    joined((back, front))
    until("the directive", lambda: front.state(before) == "DELIVERED")
    until("that it arrived", lambda: back.state(before) == "DELIVERED")
    front.do(directives.acknowledge, directive=before)
    began = time.monotonic()
    until("the answer", lambda: back.state(before) == "ACKED")
    assert time.monotonic() - began < 2.0  # 0.1 s on a machine at rest
    until(
        "what the hall has of us",
        lambda: front.sees("back").has == front.heads()[front.desk.origin],
    )
    assert back.heads() == front.heads()
    assert back.conflicts() == front.conflicts() == []
    assert front.sees("back").origin == back.desk.origin


def test_who_was_away_catches_up_and_lines_of_third_stations_go_on(post: MakePost) -> None:
    back, gate, front = row_of_three(post)
    first = back.order("一号")
    until("the first order", lambda: back.state(first) == "DELIVERED")
    gate.end()
    second, third = back.order("二号"), back.order("三号")
    front.do(directives.acknowledge, directive=first)
    gate.begin(back)
    until("both later orders", lambda: [back.state(d) for d in (first, second, third)]
          == ["ACKED", "DELIVERED", "DELIVERED"])  # fmt: skip
    until("all to be the same", lambda: back.heads() == gate.heads() == front.heads())
    assert back.conflicts() == gate.conflicts() == front.conflicts() == []


def test_two_who_call_each_other_keep_one_line(post: MakePost) -> None:
    back, front = pair(post)
    back.begin(front)
    front.begin(back)
    joined((back, front))
    order = back.order("一号")
    until("the order", lambda: back.state(order) == "DELIVERED")
    assert len(back.peers._sessions) == len(front.peers._sessions) == 1


def test_who_calls_before_the_other_listens_calls_again(post: MakePost) -> None:
    back, front = pair(post)
    with Wire(back.port) as line:
        front.begin(line.address)
        until("a call in vain", lambda: front.trouble(line.address))
        back.begin()
        joined((back, front))
        front.end()


def test_a_line_that_swallows_everything_is_noticed_at_both_ends_and_mended(post: MakePost) -> None:
    back, front = pair(post)
    back.begin()
    with Wire(back.port) as line:
        front.begin(line.address)
        joined((back, front))
        line.hole()
        began = time.monotonic()
        order = back.order("一号")
        until("it here", lambda: not back.sees("front").joined)
        until("it there", lambda: not front.sees("back").joined)
        assert time.monotonic() - began < 15.0
        assert back.sees("front").trouble == "silent"
        line.mend()
        until("the order", lambda: back.state(order) == "DELIVERED")
        front.end()


def test_while_a_disk_is_full_nothing_is_taken_there_and_what_it_has_still_goes_out(
    post: MakePost,
) -> None:
    back, front = pair(post)
    back.begin()
    front.begin(back)
    joined((back, front))
    reserve = front.folder / space.NAME
    reserve.touch()  # given up
    first = back.order("一号")
    front.do(incidents.open_incident, opening=an_opening(title="二号"))
    until("what the full one has", lambda: front.desk.origin in back.heads())
    assert back.desk.origin not in front.heads()
    reserve.write_bytes(b"x")  # there is room again
    until("the order", lambda: back.state(first) == "DELIVERED")


def test_a_stranger_gets_nothing_and_is_named_once(
    post: MakePost, caplog: pytest.LogCaptureFixture
) -> None:
    back, thief = post("back"), post("thief")
    back.order("封控港五路")
    thief.knows(back)
    back.begin()
    thief.begin(back)
    until("to be turned away", lambda: thief.trouble(back.address) in ("stranger", "closed"))
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", back.port)) as line:
            line.sendall(b"GET / HTTP/1.1\r\n\r\n" * 50)
            while line.recv(4096):  # an alert, and the end
                pass
    assert thief.heads().keys() <= {thief.desk.origin}
    told = [
        r for r in caplog.records if "stranger" in r.getMessage() and r.levelno == logging.WARNING
    ]
    assert len([r for r in told if "127.0.0.1 was turned away" in r.getMessage()]) == 1


def test_who_answers_with_another_key_than_was_pinned_gets_nothing(post: MakePost) -> None:
    back, front, other = post("back"), post("front", "front"), post("other")
    front.order("一号")
    front.knows(back)
    other.knows(front)
    other.begin()
    front.begin(other)  # where the hall was to answer
    until("to be refused", lambda: front.trouble(other.address) == "stranger")
    assert not other.heads() and not front.sees("back").joined


def test_one_that_is_removed_is_cut_off(post: MakePost) -> None:
    back, front = pair(post)
    back.begin()
    front.begin(back)
    joined((back, front))
    (print_,) = back.identity.cards()
    back.identity.forget(print_)
    until("to be cut off", lambda: not front.sees("back").joined and not back.peers._sessions)
    back.order("一号")
    until("another try", lambda: front.sees("back").tries > 1)
    assert not front.sees("back").joined and not front.heads()


class Liar:
    """A paired station whose program is not ours: says what it likes over the real line."""

    def __init__(self, folder: Path, whom: Post) -> None:
        folder.mkdir()
        self.identity, self._whom = Identity(folder), whom
        self.identity.pin(whom.identity.card("back", "", ""))
        whom.identity.pin(self.identity.card("liar", "", ""))

    def call(self, hello: bool = True) -> ssl.SSLSocket:
        context = self.identity.context(False, self.identity.cards().values())
        line = context.wrap_socket(until("who listens", self._reach))
        line.settimeout(20)
        if hello:
            line.sendall(wire.pack(wire.Hello(wire.FORMAT, "liar", "", {})))
        return line

    def _reach(self) -> socket.socket | None:
        with suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", self._whom.port))
        return None


def hear(line: ssl.SSLSocket) -> bytes:
    """Everything until the other closes."""
    found = b""
    with suppress(ConnectionError, ssl.SSLError):
        while piece := line.recv(1 << 16):
            found += piece
    return found


def test_what_is_no_message_ends_the_line_and_harms_nobody(post: MakePost, tmp_path: Path) -> None:
    back, front = pair(post)
    liar = Liar(tmp_path / "liar", back)
    back.begin()
    front.begin(back)
    joined((back, front))
    bad = (
        b"\xff\xff\xff\xff" + b"x" * 100,  # four gigabytes
        b"\x00\x00\x00\x05hello",
        b"\x00\x00\x00\x00",
        wire.pack(wire.Bye("<b>\u202e" * 1000)),
        len(body := msgspec.msgpack.encode({"type": "lines", "lines": [{"origin": 1}]})).to_bytes(
            4, "big"
        )
        + body,
    )
    for what in bad:
        with liar.call() as line:
            line.sendall(what)
            hear(line)
    with liar.call(hello=False) as line:
        line.sendall(wire.pack(wire.Heads({})))
        hear(line)
    order = back.order("一号")
    until("the order all the same", lambda: back.state(order) == "DELIVERED")


def test_lines_that_cannot_be_taken_are_named_and_stop_no_other(
    post: MakePost, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    back, true = post("back"), post("true")
    for text in "一二三":
        true.do(incidents.open_incident, opening=an_opening(title=text))
    real = list(true.store.read(lambda r: [Line(*n) for n in r.rows("SELECT * FROM journal")]))
    changed = [_with(n, origin="forged") for n in real]
    alone = _with(real[0], origin="alone")
    liar = Liar(tmp_path / "liar", back)
    back.begin()
    with liar.call() as line:
        line.sendall(wire.pack(wire.Lines([changed[0], alone, *real[:2]])))
        line.sendall(wire.pack(wire.Lines([_with(real[2], hlc=(1 << 63) - 1), *changed[1:]])))
        line.sendall(wire.pack(wire.Lines([real[2]])))
        until("what is true", lambda: back.heads().get(true.desk.origin) == 2)
        until("what is refused", lambda: back.sees("liar").refused >= 5)
    assert set(back.heads()) == {true.desk.origin}
    told = [r.getMessage() for r in caplog.records if "not taken" in r.getMessage()]
    assert len(told) == 3 and any("unsound" in words for words in told)


def test_who_lies_without_end_is_cut_off_and_costs_nobody_else(
    post: MakePost, tmp_path: Path
) -> None:
    """Each lie is small and of another station; an honest station is heard meanwhile."""
    back, front = pair(post)
    front.do(incidents.open_incident, opening=an_opening())
    (real,) = list(front.store.read(lambda r: [Line(*n) for n in r.rows("SELECT * FROM journal")]))
    liar = Liar(tmp_path / "liar", back)
    back.begin()
    front.begin(back)
    joined((back, front))
    lies = [_with(real, origin=f"lie{n}", hlc=real.hlc + n) for n in range(600)]
    named = {f"station{n}": 1 for n in range(20_000)}
    for said in (
        [wire.Lines(lies[:501])],
        [wire.Lines(lies[at : at + 50]) for at in range(0, len(lies), 50)],
        [wire.Heads(named)],
    ):
        with liar.call() as line, suppress(OSError):
            for message in said:
                line.sendall(wire.pack(message))
            hear(line)  # the end, though we would go on
        until("to be cut off", lambda: back.sees("liar").trouble == "garbled")
        back.peers._standings[liar.identity.card("", "", "").fingerprint].trouble = ""
    order = back.order("一号")
    until("the order all the same", lambda: back.state(order) == "DELIVERED")
    assert not [origin for origin in back.heads() if origin.startswith("lie")]


def _with(line: Line, **changed: Any) -> Line:
    return msgspec.convert({**{n: getattr(line, n) for n in line.__slots__}, **changed}, Line)


def test_a_town_gives_to_the_city_and_gets_nothing_it_may_not_see(post: MakePost) -> None:
    city, town, other = (
        post("city"),
        post("town", "p1", "320281001"),
        post("other", "p1", "320281002"),
    )
    for one, two in itertools.permutations((city, town, other), 2):
        one.knows(two)
    city.begin()
    town.begin(city, other)
    other.begin(city)
    joined((city, town), (city, other), (town, other))
    city.order("全市")
    town.do(incidents.open_incident, opening=an_opening(title="一镇", area="320281001"))
    other.do(incidents.open_incident, opening=an_opening(title="二镇", area="320281002"))
    until("both towns", lambda: len(city.heads()) == 3)
    assert city.sees("town").gives is False and town.sees("city").gives is True
    time.sleep(0.3)  # nothing comes, which nobody can wait for
    assert list(town.heads()) == [town.desk.origin] and list(other.heads()) == [other.desk.origin]


def lines_of(station: Post) -> list[Line]:
    return station.store.read(
        lambda r: [Line(*n) for n in r.rows("SELECT * FROM journal ORDER BY hlc, seq")]
    )


def test_a_text_that_a_town_was_not_given_holds_back_what_saw_it_and_no_more(
    post: MakePost,
) -> None:
    """The city learns the rest from the pool: known without its text, that would never come."""
    city, town, hall = post("city"), post("town", "front", "320281001"), post("hall")
    town.knows(city)
    city.knows(town)
    order = hall.order("一号")  # two lines
    opened, issued = lines_of(hall)
    town.desk.receive([_with(opened, body=None), issued])
    town.do(directives.acknowledge, directive=order)
    own = lines_of(town)[-2:]  # that it arrived, and the answer
    apart = post("apart")
    apart.do(incidents.open_incident, opening=an_opening(title="二号"))
    town.desk.receive(lines_of(apart))
    city.begin()
    town.begin(city)
    until("what depends on nothing", lambda: city.heads() == apart.heads())
    time.sleep(0.3)
    assert city.heads() == apart.heads()
    city.desk.receive([opened, issued])  # the pool is back
    until("the answer", lambda: city.state(order) == "ACKED")
    assert city.heads()[town.desk.origin] == own[-1].seq and not city.conflicts()


def test_an_answer_that_comes_before_its_order_is_no_conflict(post: MakePost) -> None:
    """Front and back met each other alone; then the pool hears of the answer first."""
    back, front, third = post("back"), post("front", "front"), post("third")
    order = back.order("一号")
    front.desk.receive(lines_of(back))
    front.do(directives.acknowledge, directive=order)
    answer = [n for n in lines_of(front) if n.origin == front.desk.origin]
    opened, issued = lines_of(back)
    third.desk.receive([opened, *answer, issued])
    assert third.state(order) == "ACKED" and third.conflicts() == []


def test_a_station_that_was_set_back_is_told_so_and_nothing_is_exchanged(post: MakePost) -> None:
    back, front = pair(post)
    back.order("一号")
    back.begin()
    front.begin(back)
    until("its lines", lambda: front.heads() and front.heads() == back.heads())
    back.end()
    set_back(back)
    back.begin()
    until(
        "both to say so",
        lambda: {back.sees("front").trouble, front.sees("back").trouble} == {"set_back"},
    )


def set_back(station: Post) -> None:
    """What an older copy of its files leaves: its newest line is gone."""
    with station.store.write(station.clock.now()) as tx:
        last = (station.desk.origin, station.heads()[station.desk.origin])
        tx.run("DELETE FROM journal WHERE origin = ? AND seq = ?", [last])
        tx.run(
            "INSERT OR REPLACE INTO head SELECT origin, seq, hlc, hash FROM journal "
            "WHERE origin = ? AND seq = ? - 1", [last],
        )  # fmt: skip


def test_three_walls_see_one_gas_alarm_and_one_acknowledges_for_all(post: MakePost) -> None:
    """Each judges for itself: the same alarm, the same event, filed once in the city."""
    rule = next(rule for rule in alarms.rules() if rule.id == "GAS-2")
    seen = {"crossings": [Crossing(a_sensor(), rule, 2, 27.0, NOW)]}
    walls = row_of_three(post)
    back, _, front = walls
    for wall in walls:
        wall.desk.run(alarms.observe, seen, local=True)
    events = {e.id for w in walls for e in w.store.read(lambda r: r.find(FiledEvent))}
    assert {a.id for w in walls for a in w.alarms()} == {back.alarms()[0].id} and len(events) == 1
    began = time.monotonic()
    front.do(alarms.acknowledge, alarm=front.alarms()[0].id)
    until(
        "the acknowledgement at all",
        lambda: [(a.state, a.acked_by) for w in walls for a in w.alarms()] == [("ACKED", "陈")] * 3,
    )
    assert time.monotonic() - began < 2.0  # 0.1 s on a machine at rest
    assert [w.conflicts() for w in walls] == [[], [], []]


def test_an_acknowledgement_from_who_was_cut_off_ends_nothing_that_began_again(
    post: MakePost,
) -> None:
    rule = next(rule for rule in alarms.rules() if rule.id == "WLV-3")
    back, front = pair(post)

    def observe(*told: tuple[int, int], at: tuple[Post, ...] = (back, front)) -> None:
        sensor = a_sensor(cls="WLV")
        crossings = [Crossing(sensor, rule, grave, 1.0, Ms(NOW + s)) for grave, s in told]
        for wall in at:
            wall.desk.run(alarms.observe, {"crossings": crossings}, local=True)

    observe((3, 0), (0, 60))
    observe((3, 90), at=(back,))  # the scene hears nothing for a while
    front.do(alarms.acknowledge, alarm=front.alarms()[0].id)
    assert front.alarms()[0].state == "NORM"
    back.begin()
    front.begin(back)
    joined((back, front))
    until("the acknowledgement", lambda: back.alarms()[0].acked_by == "陈")
    (alarm,) = back.alarms()
    assert (alarm.state, alarm.count) == ("UNACK", 2)
