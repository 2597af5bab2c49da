"""The agent as a program of its own: what it says, what it waits for, how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cap
import psutil
import pytest
from broker import Broker, Publisher
from builders import a_sensor, an_event

from commandwall.clock import Clock
from commandwall.config import BUSY, REFUSED
from commandwall.keeper import AGENT_LOCK
from commandwall.platform import lock
from commandwall.pool import schema
from commandwall.pool.loader import load
from commandwall.pool.server import PoolServer
from commandwall.public_warnings import PublicWarning
from commandwall.reports import standby
from commandwall.sensors import STALE
from commandwall.store import live, pulse
from commandwall.store.migrate import open_store

ROOT = Path(__file__).resolve().parents[2]


def until(found: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (answer := found()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return answer


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start()` begins an agent without a wall; what still runs at the end is killed."""
    begun = []

    def begin(*program: str, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, *(program or ("-m", "main")), "--data-dir", str(tmp_path)]
        agent = subprocess.Popen(
            [*command, "agent", "--service"],
            env={**os.environ, **environment}, cwd=ROOT, text=True, stderr=subprocess.PIPE,
        )  # fmt: skip
        begun.append(agent)
        return agent

    yield begin
    for agent in begun:
        agent.kill()
        agent.communicate()


def told(folder: Path, trouble: str) -> bool:
    """Whether a living agent says so."""
    sync = pulse.read(folder)
    return sync.agent_at > 0 and sync.trouble == trouble


def a_small_pool(folder: Path) -> None:
    """What an import leaves: a pool in the data directory whose server has ended again."""
    with PoolServer(folder / "pool") as server, server.owner() as conn:
        schema.create(conn, "临江市")
        load(conn, [a_sensor(1, period_s=1)])


def end(agent: subprocess.Popen[str]) -> str:
    agent.send_signal(signal.SIGTERM)
    _, words = agent.communicate(timeout=60)
    assert agent.returncode == 0
    assert "Traceback" not in words
    return words


def test_without_a_pool_it_says_so_and_dials_nobody(start: Start, tmp_path: Path) -> None:
    """The system's own PostgreSQL, if there is one, is not the city's pool."""
    with socket.socket(socket.AF_UNIX) as system:
        system.bind(str(tmp_path / ".s.PGSQL.5432"))
        system.listen()
        system.settimeout(3.0)
        agent = start(PGHOST=str(tmp_path))
        until(lambda: told(tmp_path, pulse.NO_POOL))
        with pytest.raises(TimeoutError):
            system.accept()
    assert pulse.read(tmp_path).tries == 0
    assert end(agent).count("no pool configured") == 1


def test_the_paper_fall_back_is_made_and_renewed_while_it_runs(
    start: Start, tmp_path: Path
) -> None:
    """A city that wants one all the time, by a row of its own; looks come faster than here."""
    lists, paper = tmp_path / "lists", tmp_path / standby.FOLDER / standby.NAME
    lists.mkdir()
    (lists / "limit.toml").write_text(
        '[[row]]\nid = "fallback_minutes"\nzh = "备份"\nen = "renewed"\n'
        "valid_from = 2026-01-01\nvalue = 0.001\n",
        encoding="utf-8",
    )
    faster = (
        "import sys, main; from commandwall.reports import standby; standby.Keeping.every_s = 0.1;"
        "sys.exit(main.main())"
    )
    agent = start("-c", faster, COMMANDWALL_CODELISTS=str(lists))
    until(paper.exists)
    first = paper.stat().st_mtime_ns
    until(lambda: paper.stat().st_mtime_ns > first)
    assert paper.read_bytes().startswith(b"%PDF")
    end(agent)


def test_a_pool_that_an_import_makes_is_used_at_once(start: Start, tmp_path: Path) -> None:
    agent = start()
    until(lambda: told(tmp_path, pulse.NO_POOL))
    a_small_pool(tmp_path)
    until(lambda: pulse.read(tmp_path).pool_at > 0)
    assert told(tmp_path, "")
    assert_nothing_secret_in_the_process_list(agent, tmp_path)
    assert_a_device_that_nobody_hears_is_marked(tmp_path)
    end(agent)


def assert_nothing_secret_in_the_process_list(agent: subprocess.Popen[str], folder: Path) -> None:
    process = psutil.Process(agent.pid)
    listed = [" ".join(p.cmdline()) for p in (process, *process.children(recursive=True))]
    assert len(listed) > 3
    for file in (folder / "pool").glob("*.secret"):
        secret = file.read_text().strip()
        assert not any(secret in line for line in listed)
        assert not any(secret in log.read_text() for log in (folder / "log").glob("*.log"))


def assert_a_device_that_nobody_hears_is_marked(folder: Path) -> None:
    """The sweeps run."""
    (file,) = until(lambda: list(folder.glob("sensors-*.live")))
    arrays = live.LiveArrays(file, live.READING, int(file.stem.rpartition("-")[2]))
    until(lambda: arrays.read()["quality"][1] == STALE)


def test_an_agent_told_to_end_while_its_city_is_made_ends_at_once(
    start: Start, tmp_path: Path
) -> None:
    def seconds_to_end() -> float:
        (tmp_path / "agent.pulse").unlink(missing_ok=True)
        agent = start(COMMANDWALL_DEMO="true", COMMANDWALL_SCALE="city")
        until(lambda: pulse.read(tmp_path).filling is not None)
        assert pulse.read(tmp_path).making
        began = time.monotonic()
        end(agent)
        return time.monotonic() - began

    # What else a machine does can only add to it: one of three must be quick.
    assert any(seconds_to_end() < 2.0 for _ in range(3))
    lines = (process.info["cmdline"] or () for process in psutil.process_iter(["cmdline"]))
    assert not [words for words in lines if str(tmp_path) in " ".join(words)]


def test_a_warning_is_taken_without_a_pool_and_once_though_the_agent_is_killed(
    start: Start, tmp_path: Path
) -> None:
    folder, now = tmp_path / "warnings", Clock().now()

    def brought(name: str) -> None:
        (folder / f".{name}").write_bytes(cap.alert(now))
        (folder / f".{name}").rename(folder / name)
        until(lambda: (folder / "done" / name).exists())

    agent = start()
    until((folder / "done").exists)
    brought("a.xml")
    agent.kill()
    agent.wait()
    agent = start()
    brought("b.xml")  # the same once more, as after a kill before it was moved
    until(lambda: (lamp := pulse.read(tmp_path).lamps.get("warnings")) and lamp.newest >= now)
    end(agent)
    store = open_store(tmp_path)
    assert [w.identifier for w in store.read(lambda r: r.find(PublicWarning))] == ["LJ-1"]
    assert store.read(lambda r: r.rows("SELECT act FROM journal")) == [("take_warnings",)]
    store.close()


def test_one_agent_for_a_data_directory(start: Start, tmp_path: Path) -> None:
    with lock(tmp_path / AGENT_LOCK):
        assert start().wait(60) == BUSY


def test_a_pool_server_that_cannot_run_is_a_sentence(start: Start, tmp_path: Path) -> None:
    a_small_pool(tmp_path)
    (tmp_path / "pool" / "owner.secret").write_text("another")
    agent = start()
    _, words = agent.communicate(timeout=60)
    assert agent.returncode == REFUSED
    assert "owner.secret is not the one of" in words and "Traceback" not in words


def test_an_agent_that_grows_too_old_says_which_version_it_needs_and_stops_pulling(
    start: Start, tmp_path: Path
) -> None:
    """While it is connected; it goes on by itself once the pool serves it again."""
    with PoolServer(tmp_path / "city") as server, server.owner() as owner:
        schema.create(owner, "临江市")
        agent = start(
            COMMANDWALL_POOL=server.station_url, COMMANDWALL_SECRET_FILE=server.station_secret
        )
        until(lambda: pulse.read(tmp_path).pool_at > 0)
        owner.execute("UPDATE cw_meta SET min_client = schema + 1, needs = '0.9'")
        until(lambda: pulse.read(tmp_path).needs == "0.9")
        assert told(tmp_path, "outdated")
        load(owner, [an_event()])
        stood = pulse.read(tmp_path).pool_at
        time.sleep(1.5)
        assert pulse.read(tmp_path).pool_at == stood
        assert owner.execute("SELECT count(*) FROM cw_outbox").fetchone() == (1,)
        owner.execute("UPDATE cw_meta SET min_client = schema")
        until(lambda: pulse.read(tmp_path).pool_at > stood)
        assert told(tmp_path, "") and pulse.read(tmp_path).needs == ""
        end(agent)


def test_an_agent_notices_while_connected_that_the_pool_begins_anew(
    start: Start, tmp_path: Path
) -> None:
    with PoolServer(tmp_path / "city") as server, server.owner() as owner:
        schema.create(owner, "临江市")
        agent = start(
            COMMANDWALL_POOL=server.station_url, COMMANDWALL_SECRET_FILE=server.station_secret
        )
        until(lambda: pulse.read(tmp_path).pool_at > 0)
        (epoch,) = owner.execute("SELECT cw_begin_anew()").fetchone() or ("",)
        until(
            lambda: (tmp_path / "mirror.current").read_text().startswith(f"mirror-{str(epoch)[:8]}")
        )
        end(agent)


def test_readings_of_a_broker_go_on_without_the_pool_and_its_end_is_seen(
    start: Start, tmp_path: Path
) -> None:
    broker = Broker(tmp_path / "broker")
    broker.start()
    with PoolServer(tmp_path / "city") as server:
        with server.owner() as owner:
            schema.create(owner, "临江市")
            load(owner, [a_sensor(1)])
        settings = {
            "COMMANDWALL_POOL": server.station_url,
            "COMMANDWALL_SECRET_FILE": server.station_secret,
            "COMMANDWALL_MQTT": broker.address,
        }
        agent = start(**settings)
        until(lambda: [f for f in pulse.read(tmp_path).feeds if f.joined])
        sent = Publisher(broker.port)
        sent.tell("sensors/s1", b"1")
        until(lambda: newest(tmp_path) == 1)
    until(lambda: pulse.read(tmp_path).tries > 0)
    sent.tell("sensors/s1", b"2")
    until(lambda: newest(tmp_path) == 2)
    end(agent)
    agent = start(**settings)
    sent.tell("sensors/s1", b"3")
    until(lambda: newest(tmp_path) == 3)
    until(lambda: [f for f in pulse.read(tmp_path).feeds if f.joined])
    sent.stop()
    broker.kill()
    gone = time.monotonic()
    until(lambda: [f for f in pulse.read(tmp_path).feeds if not f.joined])
    assert time.monotonic() - gone < 3
    end(agent)


def newest(folder: Path) -> float:
    """What the one device said last."""
    for file in folder.glob("sensors-*.live"):
        arrays = live.LiveArrays(file, live.READING, int(file.stem.rpartition("-")[2]))
        return float(arrays.read()["value"][1])
    return 0.0
