"""The hostile city on the real wall: everything is shown as it stands, and nothing hangs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hostile.conftest import LONG
from hostile.corpus import MARKUP, SQL, TEMPLATES, WITHOUT_LONG
from hostile.show import personal

from commandwall.plain import plain
from layers.sprites import LETTERS

ROOT = Path(__file__).resolve().parents[2]


def shown(folder: Path, pool: Any) -> dict[str, Any]:
    """What the wall found on its tour; fails where it hung, was ended or ended itself."""
    command = [sys.executable, "-m", "hostile.show", str(folder), pool.url, pool.secret,
               json.dumps(pool.counts()), *(["--long"] if LONG else [])]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=3600 if LONG else 560
    )
    assert done.returncode == 0, done.stderr[-6000:]
    if where := os.environ.get("COMMANDWALL_TEST_REPORT"):
        Path(where).write_text(done.stdout)
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.timeout(4000 if LONG else 900)  # it waits for a real pool, agent and wall
def test_every_hostile_text_is_shown_as_it_stands(hostile_pool: Any, tmp_path: Path) -> None:
    report = shown(tmp_path / "wall", hostile_pool)
    assert report["faults"] == []
    assert "Traceback" not in (tmp_path / "wall" / "log" / "agent.log").read_text("utf-8")
    assert report["failures"] == []
    assert report["rich"] == []
    assert report["bare"] == []
    assert report["hovers"] > 100
    assert len(report["sheets"]) > 10
    said, names = " ".join(report["said"]), set(report["names"])
    assert [n for n in names if personal(n)] == []
    assert [t for t in WITHOUT_LONG if plain(t, LETTERS) not in names] == []
    assert [t for t in [*MARKUP, *TEMPLATES, *SQL] if plain(t)[:9] not in said] == []
