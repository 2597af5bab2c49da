"""A bundle installs what it holds and nothing else: no network, no file that was changed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = "[console_scripts]\ncommandwall = bundled:main\n"
META = "Metadata-Version: 2.1\nName: commandwall\nVersion: 9.9\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
RECORD = "bundled.py,,\n{i}/METADATA,,\n{i}/WHEEL,,\n{i}/entry_points.txt,,\n{i}/RECORD,,\n"


@pytest.fixture
def bundle() -> Any:
    spec = importlib.util.spec_from_file_location("bundle", ROOT / ".ci" / "bundle.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(bundle: Any, tmp_path: Path) -> Path:
    """A bundle with one small wheel."""
    made = tmp_path / "made for 大屏"
    (made / "wheels").mkdir(parents=True)
    info = "commandwall-9.9.dist-info"
    with zipfile.ZipFile(made / "wheels" / "commandwall-9.9-py3-none-any.whl", "w") as wheel:
        wheel.writestr("bundled.py", "def main():\n    print('it runs')\n")
        wheel.writestr(f"{info}/METADATA", META)
        wheel.writestr(f"{info}/WHEEL", WHEEL)
        wheel.writestr(f"{info}/entry_points.txt", SCRIPT)
        wheel.writestr(f"{info}/RECORD", RECORD.format(i=info))
    bundle.fill(made)
    return made


def install(folder: Path, into: Path) -> subprocess.CompletedProcess[str]:
    nowhere = {**os.environ, "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0"}
    return subprocess.run(
        ["sh", str(folder / "install.sh"), str(into)],
        env=nowhere, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_it_installs_without_a_network_and_runs(folder: Path, tmp_path: Path) -> None:
    done = install(folder, tmp_path / "here")
    assert done.returncode == 0, done.stderr
    command = done.stdout.strip().splitlines()[-1]
    assert subprocess.check_output([command], text=True) == "it runs\n"


def test_a_file_that_was_changed_is_refused(folder: Path, tmp_path: Path) -> None:
    (wheel,) = (folder / "wheels").glob("*.whl")
    with zipfile.ZipFile(wheel, "a") as changed:
        changed.writestr("more.py", "")
    done = install(folder, tmp_path / "here")
    assert done.returncode != 0 and "HASHES" in done.stderr
    assert not (tmp_path / "here" / "bin" / "commandwall").exists()


def test_another_python_is_told_so(folder: Path, tmp_path: Path) -> None:
    (folder / "PYTHON").write_text("3.2\n")
    done = install(folder, tmp_path / "here")
    assert done.returncode == 1 and "Python 3.2" in done.stderr
    assert not (tmp_path / "here").exists()


def test_it_is_one_file_with_its_hash_beside_it(bundle: Any, folder: Path) -> None:
    packed = bundle.pack(folder)
    with tarfile.open(packed) as tar:
        names = {Path(name).name for name in tar.getnames()}
    assert {"install.sh", "requirements.txt", "PYTHON", "LICENSE"} <= names
    told, name = packed.with_name(packed.name + ".sha256").read_text(encoding="utf-8").split("  ")
    assert (told, name.strip()) == (bundle.digest(packed), packed.name)
