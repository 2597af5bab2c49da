"""A drill's own world: made beside the real one, which it changes nothing of and cannot reach."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from builders import NOW, StillClock, a_sensor, an_event
from hall import until
from world import an_alarm, an_area

from commandwall import cli, exercise, sensors
from commandwall.alarms import acknowledge
from commandwall.clock import SECOND, Ms
from commandwall.config import ASSETS, REFUSED, USAGE, Settings
from commandwall.desk import Desk
from commandwall.drill import evaluating, play, score
from commandwall.drill.drill_acts import REAL
from commandwall.drill.drill_clock import DrillClock
from commandwall.drill.evaluating import Evaluation
from commandwall.drill.play import ClockAct, FreeInject, SentInject, scenario_of, sent_id
from commandwall.drill.scenario import library, read
from commandwall.playing import ground, injecting, living, seats
from commandwall.playing.conductor import Conductor, conducting
from commandwall.playing.ground import NoGround
from commandwall.pool import stations
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.filling import Filling
from commandwall.pool.own import address
from commandwall.pool.server import ADMIN, DATABASE, OWNER, STATION, PoolServer
from commandwall.registering import Matter, register
from commandwall.resources import Resource, unpack
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, mirror_name, use
from commandwall.store.store import Refused

GAS = ASSETS / "drills" / "gas_old_quarter.toml"


def a_station(folder: Path) -> Path:
    """A real station with a small city, as its agent left it."""
    folder.mkdir()
    city = {
        "area": [astuple(an_area("320281", 0, "临江市", ""))],
        "sensor": [astuple(a_sensor(n, area="320281")) for n in range(2)],
        "event": [astuple(an_event(reported_at=NOW))],
        "resource": [astuple(Resource("u1", 4, "gas", "燃气抢险一队", "燃气", 6, "", "READY",
                                      120.3, 31.9, "320281"))],
    }  # fmt: skip
    name = mirror_name("0" * 8)
    with closing(Mirror(folder / name, StillClock())) as mirror:
        mirror.take(city, {}, city="临江市", epoch="0" * 8)
    use(folder, name)
    open_store(folder).close()
    return folder


def contents(folder: Path) -> str:
    """A hash of all bytes of a data directory but those of its drills, and of the memory that who
    reads a database shares with others."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        left_out = exercise.DRILLS in path.relative_to(folder).parts or path.name.endswith("-shm")
        if path.is_file() and path.stat().st_size and not left_out:
            whole.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return whole.hexdigest()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_station(tmp_path_factory.mktemp("real") / "station")


@pytest.fixture(scope="module")
def drill(real: Path) -> Iterator[PoolServer]:
    """The running pool of a drill of that station."""
    scenario, before = read(GAS).scenario, contents(real)
    assert scenario is not None
    made = ground.begin(real, scenario, GAS.read_bytes())
    assert contents(real) == before
    with PoolServer(made / "pool") as server:
        yield server


def test_a_drill_begins_with_the_city_and_without_its_events(
    real: Path, drill: PoolServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with drill.owner() as conn:
        counts = "SELECT (SELECT count(*) FROM cw_area), (SELECT count(*) FROM cw_event)"
        assert conn.execute(counts).fetchone() == (1, 0)
        assert conn.execute("SELECT city FROM cw_meta").fetchone() == ("【演练】临江市",)
        # What the city changes from now on is told, so nothing was left silent.
        conn.execute("UPDATE cw_sensor SET name = '巷口' WHERE id = 's0'")
        assert conn.execute("SELECT count(*) FROM cw_outbox").fetchone() == (1,)
    assert cli.run(["drill", "list", "--data-dir", str(real)], lambda *_: 0) == 0
    assert "gas_old_quarter-1" in capsys.readouterr().out


def test_the_city_of_a_drill_comes_to_its_wall(drill: PoolServer) -> None:
    """As the agent that a wall started has it filled: with the wall's settings around it."""
    folder = drill.folder.parent
    around = Settings(data_dir=folder).environment()
    login = address(drill.station_url, drill.station_secret)
    with Filling(folder, {**around, **login}) as filling:
        until("the fill", lambda: not filling.check())
    with closing(open_store(folder)) as store:
        assert store.read(lambda r: r.value("SELECT count(*) FROM mirror.area")) == 1


def test_every_inject_of_the_library_can_be_sent(drill: PoolServer) -> None:
    with drill.owner() as conn, conn.transaction(force_rollback=True):
        known = living.devices(conn)
        for scenario in filter(None, (one.scenario for one in library())):
            on = living.stand_ins(known, scenario.injects)
            for inject in scenario.injects:
                key = f"{scenario.id}-{inject.id}"
                became = injecting.send(conn, key, inject, Ms(NOW), on.get(inject.id))
                assert became.subject or became.fault or inject.channel not in ("alarm", "hotline")


def test_no_secret_of_a_drill_opens_the_real_database_nor_the_other_way(
    real: Path, drill: PoolServer, server: PoolServer
) -> None:
    """Each secret that lies anywhere in one folder, as each login, into each database."""
    for mine, other in ((drill, server), (server, drill)):
        folder = mine.folder.parent if mine is drill else mine.folder
        secrets = [path.read_text().strip() for path in folder.rglob("*.secret")]
        assert len(secrets) == 2
        for secret in secrets:
            for role in (OWNER, STATION):
                for database in (DATABASE, ADMIN):
                    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
                        psycopg.connect(other._url(role, database), password=secret)
    with suppress(FileNotFoundError):
        said = (drill.folder.parent / "pool" / "station.url").read_text()
        assert str(server.socket) not in said


def test_whatever_the_settings_say_a_drill_leads_nowhere(drill: PoolServer, tmp_path: Path) -> None:
    folder = drill.folder.parent
    named = {
        "pool": "postgresql://station@city.example/city", "mqtt": "mqtt://a@broker:1883",
        "peers": "10.0.0.5:7420", "warnings_folder": str(tmp_path), "demo": True, "theme": "day",
    }  # fmt: skip
    settings = Settings.load({**named, "data_dir": folder}, {})
    assert (settings.pool, settings.mqtt, settings.peers) == ("", "", "")
    assert (settings.warnings_folder, settings.demo, settings.theme) == ("", False, "day")
    assert Settings.load({**named, "data_dir": tmp_path}, {}).pool  # the real one keeps them
    refused = [
        ["carry", "out", str(tmp_path / "lines"), "--data-dir", str(folder)],
        ["agent", "--join", str(folder), "--data-dir", str(tmp_path)],
        ["guard", "--at-login", "yes", "--data-dir", str(folder)],
    ]
    for asked in refused:
        assert cli.run(asked, lambda *_: 0) == USAGE
    assert not (tmp_path / "lines").exists()


# Stations that join.


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another real station."""
    return a_station(tmp_path_factory.mktemp("other") / "station")


def drilled(*asked: str | Path) -> int:
    return cli.run(["drill", *map(str, asked)], lambda *_: 0)


def test_a_station_joins_once_by_its_invitation(
    real: Path, other: Path, drill: PoolServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, card, before = drill.folder.parent.name, tmp_path / "p1.invite", contents(other)
    assert drilled("invite", run, "p1", card, "--data-dir", real) == 0
    assert card.stat().st_mode & 0o077 == 0
    assert drilled("invite", run, "p1", card, "--data-dir", real) == REFUSED  # it is there
    assert [*tmp_path.iterdir()] == [card]  # no secret lies beside it
    with drill.owner() as conn:
        assert len([one for one in stations.listed(conn) if one.name.startswith("p1_")]) == 1
    assert drilled("join", card, "--data-dir", other) == 0
    made = other / exercise.DRILLS / run
    mark = exercise.of(made)
    assert mark is not None and mark.run == run
    assert scenario_of(made) is None and not (made / exercise.SCENARIO).exists()
    settings = Settings.load(
        {"data_dir": made, "demo": True}, {"COMMANDWALL_POOL": "postgresql:///city"}
    )
    assert settings.pool == mark.pool and not settings.demo
    with Client(settings.pool, settings.secret_file) as client:
        assert client.meta().city == "【演练】临江市"
        client.check_world(drill=True)
        with pytest.raises(PoolTrouble, match="world"):
            client.check_world(drill=False)
    with closing(open_store(made)) as store:
        assert store.read(lambda r: r.setting("post")) == "p1"
        (came,) = store.read(lambda r: r.find(ClockAct))
        assert (came.kind, came.subject, came.no) == ("join", "p1", 0)
    # Whoever finds the file later opens nothing with it, and what is there is kept.
    third = a_station(tmp_path / "third")
    capsys.readouterr()
    for folder, why in ((other, "joined"), (third, "used"), (made, "nested")):
        assert drilled("join", card, "--data-dir", folder) == REFUSED
        assert capsys.readouterr().err.strip() == f"commandwall: {ground.WORDS[why]}"
    assert not [*(third / exercise.DRILLS).iterdir()] and contents(other) == before
    assert drilled("list", "--data-dir", other) == 0
    assert run in capsys.readouterr().out
    for asked in (("end", run), ("score", run), ("review", run, tmp_path / "out")):
        assert drilled(*asked, "--data-dir", other) == REFUSED
        assert capsys.readouterr().err.strip() == f"commandwall: {ground.WORDS['not_led']}"


def test_who_leads_too_gets_the_scenario(
    real: Path, other: Path, drill: PoolServer, tmp_path: Path
) -> None:
    card, third = tmp_path / "lead.invite", a_station(tmp_path / "third")
    seats.invite(drill.folder.parent, "s_drill", card)
    made = seats.join(third, card, drill.socket)
    assert scenario_of(made) == scenario_of(drill.folder.parent)
    with pytest.raises(NoGround) as why:  # only who runs the pool can invite
        seats.invite(made, "p1", tmp_path / "p1.invite")
    assert why.value.code == "not_led"


def test_what_is_no_invitation_makes_nothing(drill: PoolServer, tmp_path: Path) -> None:
    with pytest.raises(NoGround) as why:
        seats.invite(drill.folder.parent, "n_weather", tmp_path / "card")
    assert why.value.code == "post" and not (tmp_path / "card").exists()
    out = exercise.Exercise("../../out", "gas", 1, "", "燃", "Gas", "postgresql://p1@/city")
    (tmp_path / "card").write_bytes(msgspec.json.encode(seats.Invitation(out, "p1", "x", "")))
    (tmp_path / "junk").write_bytes(b"{}")
    real = a_station(tmp_path / "real")
    for name in ("card", "junk"):
        with pytest.raises(NoGround) as why:
            seats.join(real, tmp_path / name)
        assert why.value.code == "invitation"
    assert not (real / exercise.DRILLS).exists() and not (tmp_path.parent / "out").exists()


# Playing, with a clock that is stepped.


class Play:
    """The station of a drill, whose conductor may be killed and begun anew."""

    def __init__(self, server: PoolServer) -> None:
        self.server, self.clock = server, StillClock()
        self.folder = server.folder.parent
        self.store = open_store(self.folder)
        self.desk = Desk(self.store, self.clock)
        self.conductor = self.begin()

    def again(self) -> None:
        self.conductor.close()
        self.conductor = self.begin()

    def begin(self) -> Conductor:
        made = conducting(self.store, self.desk, self.clock, self.server.owner)
        assert made is not None
        return made

    def ask(self, deed: str, subject: str = "", **more: Any) -> None:
        self.clock.at += 10
        args = {"deed": deed, "subject": subject, **more}
        self.desk.run(play.act_on_clock, args, "高", "s_drill")

    def go(self, seconds: float) -> None:
        until = self.clock.at + int(seconds * SECOND)
        while self.clock.at < until:
            self.clock.at = min(until, self.clock.at + 2 * SECOND)
            self.conductor.step()

    def sent(self) -> dict[str, SentInject]:
        return {s.inject: s for s in self.store.read(lambda r: r.find(SentInject))}

    def pool(self, question: str) -> list[tuple[Any, ...]]:
        with self.server.owner() as conn:
            return conn.execute(question.encode()).fetchall()

    def drill(self) -> DrillClock:
        scenario = scenario_of(self.folder)
        assert scenario is not None
        acts = self.store.read(lambda r: r.find(ClockAct))
        return play.clock_of(scenario.script(), acts, Ms(self.clock.at))


@pytest.fixture(scope="module")
def played(drill: PoolServer) -> Iterator[Play]:
    made = Play(drill)
    yield made
    made.conductor.close()
    made.desk.close()
    made.store.close()


def test_injects_come_once_at_their_time_whatever_is_killed_when(
    played: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    played.go(10)
    assert played.sent() == {}
    # Units stand at their stations before the start already, so that players can send them.
    ((body,),) = played.pool("SELECT body FROM cw_pack WHERE kind = 'fixes'")
    (fix,) = unpack(body)
    assert (fix["no"], fix["lon"], fix["lat"]) == (4, 120.3, 31.9)
    played.ask("rate", rate=30 * REAL)
    played.ask("start")
    played.go(2.1)  # T+01:00
    assert [*played.sent()] == ["first_alarm"]
    # The agent is killed after the pool has the event, and before it is noted that it was sent.
    with monkeypatch.context() as patch:
        patch.setattr(play, "note_sent", lambda tx, sent: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            played.go(2)  # T+02:00
    assert [*played.sent()] == ["first_alarm"]
    played.again()
    played.go(2)
    sent = played.sent()
    assert [*sent] == ["first_alarm", "smell", "second_alarm"]
    ((key, title, source, number),) = played.pool(
        "SELECT id, title, source, source_id FROM cw_event"
    )
    assert (key, source) == (sent["smell"].subject, "12345") and "煤气味" in title
    assert number != "smell"  # a player learns no name of the script
    assert sent["smell"].kind == "event"
    # Each place has a device of its own; no reading was sent again.
    assert (sent["first_alarm"].subject, sent["second_alarm"].subject) == ("s0", "s1")
    packs = [sensors.unpack(body) for (body,) in
             played.pool("SELECT body FROM cw_pack WHERE kind = 'readings'")]  # fmt: skip
    shown = [pack for pack in packs if len(pack) > len(set(pack["no"]))]
    assert len(shown) == 2


def test_time_in_which_nobody_played_does_not_count(played: Play) -> None:
    before = played.drill().position
    played.clock.at += 3_600 * SECOND
    played.again()
    played.conductor.step()
    assert 0 <= played.drill().position - before < 30 * 5 * SECOND * REAL
    gaps = [a for a in played.store.read(lambda r: r.find(ClockAct)) if a.kind == "gap"]
    assert len(gaps) == 1 and not gaps[0].refused


def test_what_a_controller_does_holds_for_each_who_folds_it_later(played: Play) -> None:
    played.ask("pause")
    played.ask("pause")  # once more, which is refused and told
    played.ask("skip", "again", why="够了")
    played.go(6)
    stood = played.drill().position
    played.go(30)
    assert played.drill().position == stood and played.drill().status == "PAUSED"
    settled = played.drill().outcome("again")
    assert settled is not None and (settled.what, settled.by, settled.why) == (
        "SKIPPED",
        "高",
        "够了",
    )
    refused = played.store.read(lambda r: r.find(ClockAct, refused="paused"))
    assert len(refused) == 1
    free = {"subject": "p1", "channel": "above", "words": "市长问：几点能好？"}
    played.clock.at += 10
    played.desk.run(play.add_inject, free, "高", "s_drill")
    played.ask("trigger", "smoke")
    played.ask("step")
    played.go(2)
    sent = played.sent()
    assert "again" not in sent and "smoke" in sent
    (added,) = played.store.read(lambda r: r.find(FreeInject))
    assert (sent[added.id].zh, sent[added.id].receiver) == ("市长问：几点能好？", "p1")
    begun = played.drill()
    played.again()  # who folds it anew comes to the same
    played.go(0.1)
    assert (played.drill().history, played.drill().runs) == (begun.history, begun.runs)


def test_who_controls_a_drill_acts_for_posts_without_a_station_there_and_nowhere_else(
    played: Play, real: Path
) -> None:
    file = {"matter": Matter("停水", source="duty", area="320281")}
    played.desk.post, played.desk.person = "s_drill", "高"
    played.desk.do(register, **file).result()
    with closing(open_store(real)) as store:
        desk = Desk(store, StillClock())
        desk.post, desk.person = "s_drill", "高"
        with pytest.raises(Refused, match="right"):
            desk.do(register, **file).result()
        desk.close()


def test_the_real_world_has_no_clock_to_act_on(real: Path) -> None:
    with closing(open_store(real)) as store:
        desk = Desk(store, StillClock())
        with pytest.raises(Refused, match="no_drill"):
            desk.run(play.act_on_clock, {"deed": "start"}, "高", "s_drill")
        assert conducting(store, desk, StillClock(), lambda: 1 / 0) is None
        desk.close()


@pytest.mark.parametrize("wrong", ["nested", "empty"])
def test_a_drill_without_a_ground_leaves_nothing(wrong: str, tmp_path: Path) -> None:
    scenario = read(GAS).scenario
    assert scenario is not None
    if wrong == "nested":
        (tmp_path / exercise.FILE).write_text("damaged")
    with pytest.raises(NoGround) as why:
        ground.begin(tmp_path, scenario, b"")
    assert (why.value.code, (tmp_path / exercise.DRILLS).exists()) == (wrong, False)


def test_only_what_was_sent_has_a_mark_and_only_in_a_drill(played: Play, real: Path) -> None:
    def mark(desk: Desk, post: str, subject: str, line: str, mark: str) -> Any:
        desk.post, desk.person = post, "高"
        given = {"subject": subject, "line": line, "mark": mark}
        return desk.do(evaluating.mark_inject, **given).result()

    smell = sent_id(1, "smell")
    (done,) = mark(played.desk, "a_audit", smell, "expect-1", "2").of(Evaluation)
    assert (done.verdict, done.post) == ("2", "a_audit")
    for wrong in (("again", "", "4"), (smell, "expect-9", "4"), (smell, "", "9")):
        with pytest.raises(Refused, match="unknown"):
            mark(played.desk, "s_drill", *wrong)
    with pytest.raises(Refused, match="right"):
        mark(played.desk, "p1", smell, "", "4")
    with closing(open_store(real)) as store:
        desk = Desk(store, StillClock())
        with pytest.raises(Refused, match="no_drill"):
            mark(desk, "s_drill", smell, "", "4")
        desk.close()


def test_a_paper_of_a_drill_says_so_on_each_page(tmp_path: Path) -> None:
    pypdf: Any = pytest.importorskip("pypdf")
    from commandwall.reports import press
    from commandwall.reports.press import Paper

    data = {"head": "信息", "number": "首报", "sent": "", "title": "泄漏", "recipients": "",
            "elements": [{"label": "经过", "value": "等待。" * 900, "was": ""}], "unit": "",
            "date": "", "foot": ""}  # fmt: skip
    (made,) = press.press(Paper("report", data), [tmp_path / "report.pdf"], exercise.MARK)
    pages = [page.extract_text() for page in pypdf.PdfReader(made.path).pages]
    assert len(pages) > 1
    assert [exercise.MARK in page for page in pages] == [True] * len(pages)


# Scoring.


def test_the_score_follows_from_the_journal_and_is_the_same_each_time(
    played: Play, capsys: pytest.CaptureFixture[str]
) -> None:
    """At thirty times real time: two seconds are a minute of the scenario."""
    played.ask("restart", moment=0)
    played.ask("resume")
    played.go(2.1)  # the first alarm, and then the call, which becomes an event in this run
    played.go(2)
    sent = {s.inject: s for s in played.store.read(lambda r: r.find(SentInject, run=2))}
    alarm = an_alarm("A9", sensor="s0", cls="GAS", raised_at=NOW)
    played.desk.run(_raise, {"alarm": alarm}, local=True)
    played.clock.at += 100
    played.desk.run(acknowledge, {"alarm": "A9"}, "周", "p1")
    played.go(20)
    judged = {(j.sent.inject, j.sent.run): j for j in score_of(played) if j.expected is not None}
    late = judged["first_alarm", 2]
    assert late.verdict == "late"
    assert 60_000 < (late.took or 0) < 120_000
    assert judged["smell", 2].verdict == "missed"
    assert judged["first_alarm", 1].verdict == "missed"  # what was done later belongs to run 2
    assert judged["second_alarm", 1].verdict == "cut"  # its run was over before its limit
    assert "smell" in sent and score_of(played) == score_of(played)
    # What a player's station shows, which has no scenario, is what the clock says was sent.
    held = play.standing(*played.store.read(lambda r: (r.find(SentInject), r.find(ClockAct))))
    assert {s.inject for s in held} == {
        h.subject for h in played.drill().history if h.what == "SENT"
    }
    assert len(held) < len(played.store.read(lambda r: r.find(SentInject)))
    told = []
    for _ in range(2):
        run = ["drill", "score", "gas_old_quarter-1", "--data-dir", str(played.folder.parents[1])]
        assert cli.run(run, lambda *_: 0) == 0
        told.append(capsys.readouterr().out)
    assert "#2 T+01:00" in told[0] and "迟" in told[0]
    assert told[0] == told[1]
    run[2] = "gas_old_quarter"
    assert cli.run(run, lambda *_: 0) == REFUSED
    wrong = capsys.readouterr().err  # the name of the scenario is not the name of the drill
    assert "no drill gas_old_quarter;" in wrong and "gas_old_quarter-1" in wrong


def test_who_comes_late_is_told_what_was_sent_before(played: Play) -> None:
    acts = played.store.read(lambda r: r.find(ClockAct))
    assert play.late_join(acts, "p6") is None
    played.clock.at += 10
    played.desk.run(play.act_on_clock, {"deed": "join", "subject": "p6"}, post="p6")
    played.go(0.2)
    acts = played.store.read(lambda r: r.find(ClockAct))
    came = play.late_join(acts, "p6")
    (joined,) = played.drill().joined
    assert came is not None and (joined.post, joined.real) == ("p6", came.at)
    sent = play.standing(played.store.read(lambda r: r.find(SentInject)), acts)
    assert [*joined.missed] == [s.inject for s in sent if s.at < came.at]


def _raise(tx: Any, alarm: Any) -> None:
    tx.put(alarm)


def score_of(played: Play) -> list[score.Judged]:
    scenario = scenario_of(played.folder)
    assert scenario is not None
    return played.store.read(lambda r: score.score(r, scenario, Ms(played.clock.at)))
