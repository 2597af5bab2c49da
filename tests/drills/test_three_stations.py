"""One drill at three real stations: scored twice with the same seed, and nothing of it in the real
world. `make test` plays two short runs of one drill; the long form 60 minutes at ten times real
time, in two worlds."""

from __future__ import annotations

import argparse
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from urllib.parse import unquote

import msgspec
import psycopg
import pytest
from drills.theatre import EAST, HALL, RATE, WEST, Theatre, cases

from commandwall import cli, exercise
from commandwall.agent import Agent
from commandwall.config import LEADS_OUT, Settings
from commandwall.drill import play
from commandwall.drill.drill_acts import ENDED
from commandwall.drill.play import ClockAct, SentInject
from commandwall.exercise import MARK
from commandwall.pool import stations
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.server import PoolServer

LONG = os.environ.get("COMMANDWALL_TEST_LONG") == "1"
SEED = int(os.environ.get("COMMANDWALL_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
COUNT, APART_S = (24, 140) if LONG else (6, 1)


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """A drill that was played to its end."""
    print(f"\nCOMMANDWALL_TEST_SEED={SEED}")
    with ExitStack() as parts:
        yield played(tmp_path_factory.mktemp("one"), parts)


def played(folder: Path, parts: ExitStack) -> Theatre:
    made = Theatre(folder, parts, cases(SEED, COUNT, APART_S, alarms=LONG))
    made.join(EAST)
    made.order("rate", rate=RATE)
    made.order("start")
    made.play(1, late=WEST, leap=not LONG)
    return made


@pytest.mark.timeout(3600 if LONG else 300)
def test_three_stations_play_a_drill_and_the_same_seed_scores_the_same(
    theatre: Theatre, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dealt = sorted((c.id, c.verdict) for c in theatre.cases.values())
    first = theatre.scores(1)
    assert first == dict.fromkeys((HALL, EAST, WEST), dealt)
    clocks = [theatre.clock(station) for station in theatre.stations.values()]
    told = [(c.status, c.history, c.runs, c.joined, c.position) for c in clocks]
    assert told == [told[0]] * 3 and clocks[0].status == ENDED
    if LONG:
        with ExitStack() as parts:
            again = played(tmp_path, parts)
            assert again.scores(1) == first
            assert again.real_world() == again.before
    else:
        theatre.order("restart", moment=0)
        theatre.order("resume")
        theatre.play(2, leap=True)
        assert theatre.scores(2) == first
    west = theatre.stations[WEST]
    acts, sent = west.read(lambda r: (r.find(ClockAct), r.find(SentInject, run=1)))
    came = play.late_join(acts, "p3")
    assert came is not None
    missed = [s.inject for s in sent if s.at < came.at]
    assert "c0" in missed and [*clocks[0].joined[-1].missed] == missed
    assert theatre.real_world() == theatre.before
    capsys.readouterr()
    run = ["drill", "score", theatre.run, "--data-dir", str(theatre.folder / HALL)]
    assert cli.run(run, lambda *_: 0) == 0
    assert capsys.readouterr().out.startswith(MARK)


# A player who tries to get out.


def test_no_secret_of_a_seat_opens_the_real_database_nor_the_other_way(theatre: Theatre) -> None:
    """Each secret that lies with either, as each login of the other's server."""
    pool = PoolServer(theatre.lead.folder / "pool")
    seats = [station.folder for station in theatre.stations.values()]
    for folders, other in ((seats, theatre.real), ([theatre.real.folder], pool)):
        files = [file for folder in folders for file in folder.rglob("*.secret*")]
        assert len(files) == len({file.read_text() for file in files}) >= 2
        with other.owner() as conn:
            logins = conn.execute("SELECT rolname FROM pg_roles WHERE rolcanlogin").fetchall()
        for (login,), file in product(logins, files):
            url = stations.address(other.station_url, login)
            with pytest.raises(psycopg.OperationalError, match="authentication failed"):
                psycopg.connect(url, password=file.read_text().strip())


def test_nothing_that_a_player_can_ask_leads_out(
    theatre: Theatre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command, and every way to name the real pool, in the directory of a seat."""
    seat, before = theatre.stations[WEST].folder, theatre.real_world()
    real, secret = theatre.real.owner_url, theatre.real.owner_secret
    hall = str(theatre.folder / HALL)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    named = tmp_path / "real.toml"
    named.write_text(f'pool = "{real}"\nsecret_file = "{secret}"\nmqtt = "mqtt://127.0.0.1:1"\n'
                     'peer_listen = "127.0.0.1:9"\nmqtt_topics = "x"\ndemo = true\n')  # fmt: skip
    named.chmod(0o600)
    given = ["--config", str(named), "--join", hall, "--demo"]
    for name, value in (("POOL", real), ("SECRET_FILE", secret), ("PEERS", "127.0.0.1:1")):
        monkeypatch.setenv(f"COMMANDWALL_{name}", value)
    settings = Settings.load({"data_dir": seat, "pool": real, "secret_file": secret}, file=named)
    out = {name: getattr(settings, name) for name in LEADS_OUT if getattr(settings, name)}
    assert out.keys() == {"pool", "secret_file"}
    assert str(theatre.lead.folder) in unquote(out["pool"])
    assert out["secret_file"] == str(seat / exercise.SECRET)
    (rows := tmp_path / "rows.csv").write_text("id\n1\n")
    stick, words = tmp_path / "stick", tmp_path / "words"
    words.write_text("口令口令口令口令")
    tried = {
        "carry": [["out", stick, "--passphrase-file", words], ["in", words]],
        "feed": [["--to", "mqtt://127.0.0.1:1", "--seconds", "1"]],
        "peer": [["invite", stick], ["accept", words], ["list"], ["remove", "x"]],
        "pool": [
            ["init", real, "--secret-file", secret], ["upgrade", real, "--secret-file", secret],
            ["station", "add", "spy", real, "--secret-file", secret, "--out", stick],
            ["station", "remove", "station", real, "--secret-file", secret],
            ["drop", real, "--secret-file", secret, "--yes"],
        ],
        "import": [
            ["areas", rows, "--level", "town"], ["table", rows, "--mapping", words],
            ["withdraw", "1"],
        ],
        "drill": [
            ["begin", theatre.folder / "three.toml"], ["join", theatre.folder / f"{EAST}.invite"],
            ["invite", theatre.run, "p1", stick], ["snapshot", "spy"],
        ],
        "guard": [["--at-login", "yes"]],
        "codes": [["event_item", rows]],  # its folder is that of the real city too
    }  # fmt: skip
    for command, ways in tried.items():
        for way in ways:
            asked = ["--data-dir", str(seat), *given, command, *map(str, way)]
            assert cli.run(asked, _no_wall) != 0, asked
    assert not stick.exists() and not (tmp_path / "home").exists()
    assert commands() == tried.keys() | WITHIN
    assert theatre.real_world() == before
    with PoolServer(theatre.lead.folder / "pool").owner() as conn:  # nor does it end the drill
        assert conn.execute("SELECT count(*) FROM cw_injected").fetchone() != (0,)


WITHIN = {
    "doctor", "snapshot", "agent", "where", "backup", "person", "export", "rules", "qr", "rota",
}  # fmt: skip
"""Commands that write nothing but what is asked for, of the directory that they are asked in."""


def commands() -> set[str]:
    parser = cli._parser()
    (found,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return set(found.choices)


def _no_wall(*_: object) -> int:
    raise AssertionError("a wall was opened")


def test_an_agent_takes_nothing_from_the_other_world(theatre: Theatre, tmp_path: Path) -> None:
    """A real station that names the drill's pool with a seat's own login, and a seat whose mark was
    forged to name the real one."""
    mark = exercise.of(seat := theatre.stations[WEST].folder)
    assert mark is not None
    forged, before = tmp_path / "forged", theatre.real_world()
    forged.mkdir()
    exercise.lay(forged, msgspec.structs.replace(mark, pool=theatre.real.station_url))
    shutil.copy(theatre.real.station_secret, forged / exercise.SECRET)
    login = {"pool": mark.pool, "secret_file": str(seat / exercise.SECRET)}
    for settings in (
        Settings.load({"data_dir": tmp_path / "real", **login}),
        Settings.load({"data_dir": forged}),
    ):
        with ExitStack() as parts:
            agent = Agent(settings, service=True)
            parts.callback(agent._close)
            client = parts.enter_context(Client(settings.pool, settings.secret_file))
            with pytest.raises(PoolTrouble, match="world"):
                agent._follow(client, settings.pool, settings.secret_file)
            assert not agent.store.mirror_name()
    assert theatre.real_world() == before
