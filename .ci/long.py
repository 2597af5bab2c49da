"""The tests with the issues' numbers: `make long [ARGS=tests/loss]`, hours.

Each file that has a long form runs in a program of its own, so that one that fails, hangs or dies
ends no other; then all other tests in one. All draw from one seed, which is printed first and given
again with COMMANDWALL_TEST_SEED. At the end stands what ran, with which numbers, how it ended and
how long it took, also where somebody ends it before. Uses only the standard library.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LONG, SEED = "COMMANDWALL_TEST_LONG", "COMMANDWALL_TEST_SEED"
FORM = re.compile(r"\bLONG\b|COMMANDWALL_TEST_LONG|mark\.long\b")
"""What a test file says that runs otherwise here."""
REST = "all other tests"
PATIENCE_S = 3600
"""Of a test that says nothing of its own time."""
NONE_RAN = 5
SLOW, MOST_S = 10, 60.0
"""So many single tests are named, of those that took longer."""


@dataclass
class Ended:
    """How one program ended: its exit code, numbers, outcomes of its tests, and seconds."""

    name: str
    code: int
    seconds: float
    numbers: dict[str, str] = field(default_factory=dict)
    passed: int = 0
    wrong: list[str] = field(default_factory=list)
    took: dict[str, float] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        return self.code == 0 and not self.wrong


def main(asked: Sequence[str]) -> int:
    seed = os.environ.get(SEED) or str(random.SystemRandom().randrange(1 << 32))
    os.environ |= {LONG: "1", SEED: seed}
    print(f"{SEED}={seed}", flush=True)
    ended: list[Ended] = []
    try:
        for name, arguments in programs([Path(path) for path in asked] or [ROOT / "tests"]):
            print(f"\n=== {name}", flush=True)
            ended.append(run(name, arguments))
    except KeyboardInterrupt:
        print("\nended before all had run")
        return told(ended, seed) or 1
    return told(ended, seed)


def programs(asked: Sequence[Path]) -> Iterator[tuple[str, list[str]]]:
    """What is run, each by its name: the long forms below these paths, then the rest of them."""
    forms = [path for path in sorted({p for one in asked for p in files(one)}) if is_form(path)]
    for path in forms:
        yield str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path), [str(path)]
    if any(path.is_dir() for path in asked):
        ignored = [f"--ignore={path}" for path in forms]
        yield REST, [*map(str, filter(Path.is_dir, asked)), *ignored]


def files(asked: Path) -> list[Path]:
    path = asked.resolve()
    return sorted(path.rglob("test_*.py")) if path.is_dir() else [path]


def is_form(path: Path) -> bool:
    return bool(FORM.search(path.read_text(encoding="utf-8")))


def run(name: str, arguments: list[str]) -> Ended:
    """Whatever becomes of it, it is one line of the table."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        account = Path(folder) / "account.xml"
        command = [sys.executable, "-m", "pytest", "-s", "-p", "long_numbers",
                   "-c", str(ROOT / "pyproject.toml"), f"--timeout={PATIENCE_S}",
                   f"--junitxml={account}", *arguments]  # fmt: skip
        paths = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
        env = {**os.environ, "PYTHONPATH": paths}  # the plug-in stands beside this file
        code = subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
        ended = Ended(name, 0 if code == NONE_RAN else code, time.monotonic() - began)
        if account.exists():
            read(account, ended)
    return ended


def read(account: Path, ended: Ended) -> None:
    """Take what the program wrote of its tests and of their numbers."""
    for suite in ElementTree.parse(account).getroot().iter("testsuite"):
        for one in suite.iter("property"):
            ended.numbers[one.get("name", "")] = one.get("value", "")
        for case in suite.iter("testcase"):
            where = f"{case.get('classname', '').replace('.', '/')}::{case.get('name')}"
            ended.took[where] = float(case.get("time") or 0)
            if case.find("failure") is not None or case.find("error") is not None:
                ended.wrong.append(where)
            elif case.find("skipped") is None:
                ended.passed += 1


def told(ended: Sequence[Ended], seed: str) -> int:
    """Print the table; 1 where anything went wrong."""
    wide = max((len(one.name) for one in ended), default=0)
    print(f"\n=== long forms, {SEED}={seed}")
    for one in ended:
        numbers = ", ".join(f"{name} {value}" for name, value in one.numbers.items())
        how = "well" if one.well else f"exit {one.code}" if one.code < 0 else "FAILED"
        print(f"{one.name:{wide}}  {how:7} {one.seconds:8.0f} s  passed {one.passed}"
              f"  failed {len(one.wrong)}  {numbers}")  # fmt: skip
    took = {name: s for one in ended for name, s in one.took.items() if s > MOST_S}
    for name, seconds in sorted(took.items(), key=lambda kv: -kv[1])[:SLOW]:
        print(f"  {seconds:8.0f} s  {name}")
    for name in (name for one in ended for name in one.wrong):
        print(f"  FAILED  {name}")
    return int(not all(one.well for one in ended))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
