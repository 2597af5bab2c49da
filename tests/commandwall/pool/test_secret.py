"""Where the pool's password comes from: a file, else the keyring; never from anywhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringLocked

from commandwall import secret
from commandwall.config import REFUSED
from commandwall.pool.client import Client, PoolTrouble
from commandwall.pool.server import PoolServer

ROOT = Path(__file__).resolve().parents[3]
ADDRESS = "postgresql://wall@db/city"


class Ring(KeyringBackend):
    """A keyring like the system's, held in memory."""

    priority = 1  # type: ignore[assignment]

    def __init__(self, locked: bool = False) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = locked

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("its owner is away")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, ours = keyring.get_keyring(), Ring()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


def test_the_keyring_opens_the_pool_where_no_file_is_named(server: PoolServer, ring: Ring) -> None:
    password = Path(server.owner_secret).read_text().strip()
    keyring.set_password("commandwall", server.owner_url, password)
    with Client(server.owner_url, "") as client:
        assert client.time_offset() < 60
    ring.kept.clear()
    with pytest.raises(PoolTrouble) as refused:
        Client(server.owner_url, "")
    assert refused.value.code == "login"


def test_a_file_goes_before_the_keyring(tmp_path: Path, ring: Ring) -> None:
    ring.set_password("commandwall", ADDRESS, "of the ring")
    file = tmp_path / "secret"
    file.write_text("of the file\n")
    assert secret.password(ADDRESS, str(file)) == "of the file"
    assert secret.password(ADDRESS, "") == "of the ring"


def test_a_machine_without_a_keyring_has_no_password(ring: Ring) -> None:
    keyring.set_keyring(fail.Keyring())
    assert secret.password(ADDRESS, "") is None


def test_a_keyring_that_does_not_open_is_a_trouble_with_the_login(
    server: PoolServer, ring: Ring
) -> None:
    ring.locked = True
    with pytest.raises(PoolTrouble, match="keyring does not open: its owner is away") as refused:
        Client(server.owner_url, "")
    assert refused.value.code == "login"


def test_a_pool_is_made_by_the_keyrings_password(server: PoolServer, tmp_path: Path) -> None:
    """As a person does it: the command line, and the system's own way to name a keyring."""
    password = Path(server.owner_secret).read_text().strip()
    (tmp_path / "own_ring.py").write_text(
        "import os\nfrom keyring.backend import KeyringBackend\n"
        "class Ring(KeyringBackend):\n    priority = 1\n"
        "    def get_password(self, service, account):\n"
        "        return os.environ.get('RING') if service == 'commandwall' else None\n"
        "    set_password = delete_password = get_password\n"
    )
    environment = {
        **os.environ, "COMMANDWALL_POOL": server.owner_url, "PYTHONPATH": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "own_ring.Ring",
    }  # fmt: skip
    command = [sys.executable, "-m", "main", "--data-dir", str(tmp_path / "data"), "pool", "init"]

    def make(**more: str) -> subprocess.CompletedProcess[str]:
        env = {**environment, **more}
        return subprocess.run(
            command, env=env, cwd=ROOT, capture_output=True, text=True, check=False
        )

    without = make()
    assert without.returncode == REFUSED and "Traceback" not in without.stderr
    done = make(RING=password)
    assert (done.returncode, done.stderr) == (0, "")
