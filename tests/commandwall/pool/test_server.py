"""The pool's server: survives kills, keeps its secrets, leaves other folders alone."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from commandwall.pool.server import PoolServer, ServerTrouble

HOLDER = """
import sys
from pathlib import Path
from commandwall.pool.server import PoolServer
with PoolServer(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    sys.stdin.read()
"""


def login(url: str, secret: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url, password=Path(secret).read_text(), autocommit=True)


def owner(server: PoolServer) -> psycopg.Connection[Any]:
    return login(server.owner_url, server.owner_secret)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def holder(folder: Path, *python: str) -> tuple[subprocess.Popen[str], int]:
    """Another program that runs the server of a folder, and the server's process."""
    child = subprocess.Popen(
        [*(python or [sys.executable]), "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    return child, int(child.stdout.readline())


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A folder that only root enters, like root's home."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def chroot(tmp_path: Path, closed: Path) -> list[str]:
    """A Python of the closed folder in a chroot, where the kernel allows no user namespace."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a chroot")
    root, environment = tmp_path / "root", closed / "venv"
    root.mkdir()
    environment.mkdir()
    mounts = 'mount --bind "$1" "$2" && mount --rbind / "$0" &&'
    enter = f'{mounts} exec chroot "$0" "$2/bin/python" "${{@:3}}"'
    within = ["unshare", "--mount", "bash", "-c", enter, str(root), sys.prefix, str(environment)]
    if subprocess.run([*within, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip("no mounts are allowed here")
    return within


def close(child: subprocess.Popen[str]) -> None:
    child.communicate()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data directory for the whole file: making one takes seconds."""
    return tmp_path_factory.mktemp("life") / "pool"


def test_only_its_owner_gets_in(folder: Path) -> None:
    above = folder.parent
    above.chmod(0o755)
    with PoolServer(folder) as server:
        for secret in (server.owner_secret, server.station_secret):
            assert mode(Path(secret)) == 0o600
        assert mode(folder) == mode(server.socket) == mode(server.data) == 0o700
        assert mode(above) == 0o755
        for url in (server.owner_url, server.station_url):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(url, password="wrong")
        with login(server.station_url, server.station_secret) as station:
            assert station.execute("SELECT current_user").fetchone() == ("station",)


def test_it_listens_on_no_network(folder: Path) -> None:
    with PoolServer(folder) as server:
        listening = list(psutil.Process(server.pid).net_connections("inet"))
    assert listening == []


def test_what_was_committed_survives_a_killed_server_and_it_is_revived(folder: Path) -> None:
    with PoolServer(folder) as server:
        with owner(server) as conn:
            conn.execute("CREATE TABLE kept(n int)")
            conn.execute("INSERT INTO kept VALUES (1)")
        before = server.pid
        os.kill(before, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(before)], 10)
        server.start()
        assert server.pid not in (0, before)
        with owner(server) as conn:
            assert conn.execute("SELECT n FROM kept").fetchall() == [(1,)]


def test_the_server_ends_with_the_killed_program_that_ran_it(folder: Path) -> None:
    child, pid = holder(folder)
    server = psutil.Process(pid)
    child.kill()
    close(child)
    server.wait(30)
    with PoolServer(folder) as again, owner(again) as conn:
        assert conn.execute("SELECT n FROM kept").fetchall() == [(1,)]


def test_killed_together_they_start_again(folder: Path) -> None:
    child, pid = holder(folder)
    os.kill(pid, signal.SIGKILL)
    child.kill()
    close(child)
    with PoolServer(folder) as again, owner(again) as conn:
        assert conn.execute("SELECT n FROM kept").fetchall() == [(1,)]


def test_a_server_that_another_program_runs_is_adopted_and_left_running(folder: Path) -> None:
    child, pid = holder(folder)
    with PoolServer(folder) as guest, owner(guest) as conn:
        assert guest.pid == 0
        assert conn.execute("SELECT n FROM kept").fetchall() == [(1,)]
    assert psutil.pid_exists(pid)
    close(child)
    assert not psutil.pid_exists(pid)


def test_a_note_that_names_a_stranger_harms_nobody(folder: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (folder / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n{folder / 'data'}\n")
    with PoolServer(folder) as server:
        assert server.pid
    assert stranger.poll() is None
    stranger.communicate(b"\n")


def test_a_broken_off_beginning_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "pool"
    (folder / "data.new.1234").mkdir(parents=True)
    (folder / "data.new.1234" / "PG_VERSION").write_text("18")
    (folder / "owner.new").write_text("")
    with PoolServer(folder) as server, owner(server) as conn:
        assert conn.execute("SHOW fsync").fetchone() == ("on",)
    assert not list(folder.glob("*.new*"))


def test_a_long_path_gets_a_short_socket(folder: Path) -> None:
    far = folder.parent / ("远" * 30)
    folder.rename(far)
    try:
        with PoolServer(far) as server, owner(server) as conn:
            assert len(str(server.socket).encode()) < 90 and mode(server.socket) == 0o700
            assert PoolServer(far).socket == server.socket
            assert conn.execute("SELECT n FROM kept").fetchall() == [(1,)]
        server.socket.rmdir()
    finally:
        far.rename(folder)


def test_a_wrong_secret_is_named_at_once(folder: Path) -> None:
    secret = folder / "owner.secret"
    right = secret.read_text()
    secret.write_text("wrong")
    with pytest.raises(ServerTrouble, match=r"owner\.secret"), PoolServer(folder):
        pass
    secret.write_text(right)
    with PoolServer(folder) as server:
        assert server.pid


def test_root_in_a_chroot_gets_a_server_below_a_folder_that_only_root_enters(
    closed: Path, chroot: list[str]
) -> None:
    child, pid = holder(closed / "pool", *chroot)
    process = psutil.Process(pid)
    assert process.uids().real != 0
    assert Path(process.cmdline()[0]).is_relative_to(closed)
    child.kill()
    close(child)
    process.wait(30)
    assert mode(closed) == 0o700 and closed.stat().st_uid == 0
    with PoolServer(closed / "pool") as server, owner(server) as conn:
        conn.execute("CREATE TABLE kept(n int)")
    child, _ = holder(closed / "pool", *chroot)
    with PoolServer(closed / "pool") as guest, owner(guest) as conn:
        assert conn.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    close(child)


def test_a_note_broken_off_while_it_was_written_stops_nothing(folder: Path) -> None:
    (folder / "data" / "postmaster.pid").write_text("")
    with PoolServer(folder) as server:
        assert server.pid
