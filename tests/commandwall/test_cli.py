"""The command line as a person uses it: every refusal is one sentence and an exit code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlite

from commandwall import cli
from commandwall.config import REFUSED, USAGE
from commandwall.store.migrate import open_store

ROOT = Path(__file__).resolve().parents[2]


def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "main", *map(str, arguments)]
    env = {**os.environ, **environment}
    return subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


def refused(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one sentence that was said."""
    said = [line for line in done.stderr.splitlines() if line.startswith("commandwall: ")]
    assert done.returncode == code, done.stderr
    assert len(said) == 1 and "Traceback" not in done.stderr
    return said[0]


def test_the_installed_command_runs() -> None:
    command = Path(sys.executable).with_name("commandwall")
    done = subprocess.run(
        [command, "--version"], cwd="/", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"commandwall {version('commandwall')}\n")


def test_a_reader_who_has_enough_is_no_trouble() -> None:
    command = [sys.executable, "-m", "main", "pool", "init", "--print"]
    with subprocess.Popen(command, cwd=ROOT, stdout=-1, stderr=-1, text=True) as printing:
        assert printing.stdout and printing.stderr
        printing.stdout.close()
        assert printing.stderr.read() == ""


def test_help_names_every_command_and_flag() -> None:
    told = call("--help").stdout
    for name in (
        "doctor", "snapshot", "agent", "where", "import", "pool", "--demo", "--scale",
        "--data-dir", "--config", "--join", "--side", "--lang", "--log-level", "--version",
    ):  # fmt: skip
        assert name in told


@pytest.mark.parametrize("name", cli.DOORS)
def test_each_command_says_what_can_be_asked_of_it(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though its room is brought only then."""
    with pytest.raises(SystemExit) as end:
        cli.run([name, "--help"], lambda *_: 0)
    assert end.value.code == 0
    told = capsys.readouterr().out
    assert "--data-dir" in told and "positional arguments" in told


def test_where_prints_the_data_directory_and_makes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    assert call("--data-dir", folder, "where").stdout == f"{folder}\n"
    assert call("where", COMMANDWALL_DATA_DIR=str(folder)).stdout == f"{folder}\n"
    assert not folder.exists()


@pytest.mark.parametrize("command", [[], ["agent"], ["snapshot", "wall.png"], ["doctor"]])
def test_a_wrong_setting_is_a_sentence_before_anything_begins(
    tmp_path: Path, command: list[str]
) -> None:
    file = tmp_path / "hall.toml"
    file.write_text('lang = "zh"\ntheme = "night"\n')
    said = refused(call("--config", file, "--data-dir", tmp_path / "d", *command), USAGE)
    assert said == f"commandwall: {file}:2: theme: 'night' is none of dark, day"
    assert not (tmp_path / "d").exists()


def test_a_variable_that_names_nothing_is_a_sentence() -> None:
    assert "COMMANDWALL_FOO" in refused(call("where", COMMANDWALL_FOO="1"), USAGE)


@pytest.mark.parametrize("command", [[], ["agent"]])
def test_to_join_where_no_pool_ran_is_a_sentence(tmp_path: Path, command: list[str]) -> None:
    gone = tmp_path / "gone"
    said = refused(call("--join", gone, "--data-dir", tmp_path / "d", *command), USAGE)
    assert f"--join {gone}: no pool has run there yet" in said


def test_to_join_takes_the_pool_of_the_other_folder(tmp_path: Path) -> None:
    (tmp_path / "pool").mkdir()
    (tmp_path / "pool" / "station.url").write_text("postgresql://station@/city?host=/s\n")
    (tmp_path / "pool" / "station.secret").touch(mode=0o600)
    flags = cli._flags(cli._parser().parse_args(["--join", str(tmp_path)]))
    assert flags["pool"] == "postgresql://station@/city?host=/s"
    assert flags["secret_file"] == str(tmp_path / "pool" / "station.secret")


@pytest.mark.parametrize("command", [[], ["agent"], ["snapshot", "wall.png"]])
def test_a_data_directory_that_cannot_be_made_is_a_sentence(
    tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "city"
    said = refused(call("--data-dir", folder, *command), USAGE)
    assert str(folder) in said and "Not a directory" in said


@pytest.mark.parametrize("command", [[], ["agent"], ["snapshot", "wall.png"]])
def test_a_file_of_a_newer_program_is_a_sentence(tmp_path: Path, command: list[str]) -> None:
    open_store(tmp_path).close()
    with closing(sqlite.connect(str(tmp_path / "wall.db"), isolation_level=None)) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    said = refused(call("--data-dir", tmp_path, *command), REFUSED)
    assert "wall.db was written by a newer version (9999)" in said


@pytest.mark.parametrize("size", ["1920", "x", "0x10", "axb"])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    done = call("snapshot", "--size", size, "wall.png")
    assert done.returncode == USAGE
    assert re.search(rf"'{size}' is no size like 1920x1080", done.stderr)
