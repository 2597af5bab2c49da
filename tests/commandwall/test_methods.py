"""What is compiled of records is compiled once, and a file that is broken costs a moment."""

from __future__ import annotations

import dataclasses
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commandwall.methods import NAME, Methods

SOURCE = """
from dataclasses import dataclass

@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    size: int = 3
"""


@pytest.fixture
def thing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Imports a module with one record anew each time."""
    (tmp_path / "made_of_methods.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)

    def load() -> Any:
        sys.modules.pop("made_of_methods", None)
        importlib.invalidate_caches()
        return importlib.import_module("made_of_methods").Thing

    yield load
    sys.modules.pop("made_of_methods", None)
    vars(dataclasses).pop(NAME, None)


def compiled(methods: Methods, load: Any) -> tuple[int, Any]:
    """How many pieces of a record were compiled by themselves, and the record."""
    methods.recall()
    made = load()
    fresh = len(methods._used.keys() - methods._known.keys())
    methods.keep()
    return fresh, made


def test_a_record_is_compiled_once_and_is_the_same(thing: Any, tmp_path: Path) -> None:
    file = tmp_path / "methods.kept"
    first, one = compiled(Methods(file), thing)
    again, two = compiled(Methods(file), thing)
    assert (first > 3, again) == (True, 0)
    assert repr(one("a")) == repr(two("a")) == "Thing(name='a', size=3)"
    assert two("a") == two("a", 3) != two("b")
    with pytest.raises(dataclasses.FrozenInstanceError):
        two("a").name = "b"


@pytest.mark.parametrize("found", [b"", b"nonsense", b"\xe9\x01\x00\x00\x00", b"N"])
def test_a_file_that_is_broken_counts_as_empty(thing: Any, tmp_path: Path, found: bytes) -> None:
    file = tmp_path / "methods.kept"
    file.write_bytes(found)
    assert compiled(Methods(file), thing)[0] > 3
    assert compiled(Methods(file), thing)[0] == 0


def test_a_file_of_which_a_bit_is_another_counts_as_empty(thing: Any, tmp_path: Path) -> None:
    file = tmp_path / "methods.kept"
    compiled(Methods(file), thing)
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)
    assert compiled(Methods(file), thing)[0] > 3
    assert compiled(Methods(file), thing)[0] == 0


def test_a_folder_that_is_not_there_is_no_failure(thing: Any, tmp_path: Path) -> None:
    fresh, made = compiled(Methods(tmp_path / "none" / "methods.kept"), thing)
    assert fresh > 3
    assert made("a").size == 3


def test_once_kept_python_compiles_by_itself_again(thing: Any, tmp_path: Path) -> None:
    methods = Methods(tmp_path / "methods.kept")
    compiled(methods, thing)
    before = methods.file.read_bytes()
    assert NAME not in vars(dataclasses)
    methods.keep()
    assert methods.file.read_bytes() == before


def test_what_two_programs_compiled_is_kept_of_both(thing: Any, tmp_path: Path) -> None:
    file = tmp_path / "methods.kept"
    compiled(Methods(file), thing)
    (tmp_path / "made_of_methods.py").write_text(SOURCE.replace("size", "width"))
    assert compiled(Methods(file), thing)[0] > 0
    (tmp_path / "made_of_methods.py").write_text(SOURCE)
    assert compiled(Methods(file), thing)[0] == 0


def test_who_forbids_to_write_bytecode_is_obeyed(tmp_path: Path) -> None:
    where = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    ask = "from commandwall.methods import KEPT; KEPT.keep(); print(KEPT.file.exists())"
    for forbidden, there in (("1", "False"), ("", "True")):
        env = {**where, "PYTHONDONTWRITEBYTECODE": forbidden}
        found = subprocess.run(
            [sys.executable, "-c", ask], env=env, capture_output=True, text=True, check=True
        )
        assert found.stdout.strip() == there
