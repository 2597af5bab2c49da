"""What a fresh machine is told and given by `make run`: the system's own tools are stood in for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).parents[2]
LACKING = """
[[row]]
id = "libnobody-has-this.so.1"
package = "libnobody1"
"""
STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >> {log}
{then}
"""
INSTALL = "apt-get install -y --no-install-recommends libnobody1"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody enters."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def checkout(place: Path) -> Path:
    """The script, an environment that is ready, and one library listed which no machine has."""
    here = place / "checkout"
    (here / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "prepare.py", here / ".ci")
    lists = here / "assets" / "codelists"
    lists.mkdir(parents=True)
    (lists / "system_library.toml").write_text(LACKING)
    (here / "pyproject.toml").write_text("")
    (here / ".venv").mkdir()
    line = "import prepare; prepare.VENV.joinpath('.ready-run').write_text(prepare.mark())"
    subprocess.run(["/usr/bin/python3", "-c", line], cwd=here / ".ci", check=True)
    return here


@pytest.fixture
def called(place: Path) -> Path:
    """What was called of the tools that are stood in for, one line a call."""
    log = place / "called"
    log.touch()
    log.chmod(0o666)
    return log


def tool(log: Path, name: str, then: str = "") -> None:
    file = log.parent / "bin" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(STAND_IN.format(log=log, then=then))
    file.chmod(0o755)


def prepare(
    checkout: Path, log: Path, root: bool, purpose: str = "run"
) -> subprocess.CompletedProcess[str]:
    """Run it as root or as a plain user, without a terminal."""
    if root and os.geteuid() != 0:
        pytest.skip("only root can be root")
    path = f"{log.parent / 'bin'}:/usr/bin:/bin"
    return subprocess.run(
        ["/usr/bin/python3", ".ci/prepare.py", purpose],
        cwd=checkout, env={"PATH": path}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        user="nobody" if not root and os.geteuid() == 0 else None, check=False,
    )  # fmt: skip


def test_root_installs_what_is_missing_and_calls_no_sudo(checkout: Path, called: Path) -> None:
    tool(called, "sudo")
    tool(called, "apt-get")
    ended = prepare(checkout, called, root=True)
    assert ended.stdout == "missing: libnobody1\n"
    assert ended.returncode == 0
    assert called.read_text().splitlines() == ["apt-get update -qq", INSTALL]


def test_without_the_right_to_install_it_prints_one_line_and_stops(
    checkout: Path, called: Path
) -> None:
    tool(called, "apt-get")
    tool(called, "sudo", then="echo no password, no entry >&2; exit 1")
    ended = prepare(checkout, called, root=False)
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-1].strip() == f"apt-get update -qq && {INSTALL}"
    assert ended.stderr == ""
    assert "apt-get" not in called.read_text()


def test_a_plain_user_with_sudo_installs_by_it(checkout: Path, called: Path) -> None:
    tool(called, "sudo", then='[ "$1" = -n ] || "$@"')
    tool(called, "apt-get")
    assert prepare(checkout, called, root=False).returncode == 0
    assert called.read_text().splitlines()[-2:] == [f"sudo {INSTALL}", INSTALL]


def test_what_could_not_be_installed_is_said_with_its_line(checkout: Path, called: Path) -> None:
    tool(called, "apt-get", then="exit 100")
    ended = prepare(checkout, called, root=os.geteuid() == 0)
    assert ended.returncode == 1
    assert INSTALL in ended.stdout.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_a_machine_that_has_everything_is_asked_for_nothing(called: Path) -> None:
    for name in ("apt-get", "sudo"):
        tool(called, name)
    line = "import prepare; print(prepare.missing_packages('test'))"
    told = subprocess.run(
        [sys.executable, "-c", line], cwd=ROOT / ".ci", capture_output=True, text=True, check=True,
        env={"PATH": f"{called.parent / 'bin'}:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
    ).stdout  # fmt: skip
    assert told.strip() == "[]"
    assert called.read_text() == ""


def test_the_tools_of_tests_are_asked_for_by_who_tests_alone() -> None:
    line = "import prepare; print(*(prepare.missing_packages(p) for p in ('run', 'test')))"
    told = subprocess.run(
        [sys.executable, "-c", line], cwd=ROOT / ".ci", capture_output=True, text=True, check=True,
        env={"PATH": "/nowhere", "PYTHONDONTWRITEBYTECODE": "1"},
    ).stdout  # fmt: skip
    assert told.split() == ["[]", "['strace']"]


@pytest.mark.parametrize(("made", "asked", "serves"), [
    ("dev", "test", True), ("dev", "run", True), ("test", "run", True), ("run", "test", False),
])  # fmt: skip
def test_an_environment_that_holds_more_than_is_asked_for_is_left_as_it_is(
    checkout: Path, called: Path, made: str, asked: str, serves: bool
) -> None:
    tool(called, "apt-get")
    tool(called, "sudo", then='[ "$1" = -n ] || "$@"')
    venv = checkout / ".venv"
    (venv / ".ready-run").rename(venv / f".ready-{made}")
    tool(called, "python")
    (venv / "bin").symlink_to(called.parent / "bin")
    assert prepare(checkout, called, root=os.geteuid() == 0, purpose=asked).returncode == 0
    assert ("pip install" in called.read_text()) != serves
