"""A dry run of rules: what they would have raised on the readings of the last days."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import a_mode, a_sensor

from commandwall import alarms, rehearsal, rule_rows
from commandwall.clock import DAY, MINUTE, SECOND, Clock, Ms, day
from commandwall.config import REFUSED, Settings
from commandwall.desk import Desk
from commandwall.dry_run import DryRun
from commandwall.errand import Unanswered
from commandwall.modes import OVER
from commandwall.pool.recorder import SERIES
from commandwall.rehearsal import Rehearsal
from commandwall.sensors import READING_DTYPE
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.telemetry import READINGS, Telemetry

ROW = """
[[row]]
id = "GAS-3"
zh = "燃气 ≥ 5 %LEL"
en = "Gas ≥ 5 %LEL"
valid_from = 2026-01-01
cls = "GAS"
severity = {severity}
low_bad = false
threshold = {threshold}
on_s = 5.0
off_s = 60.0
deadband = 1.0
files_event = false
urgency = 3
event_class = "gas"
"""


def leaks(begin: int, times: int) -> np.ndarray:
    """Each hour a device is at 7 %LEL for a minute, another one is calm."""
    rows = []
    for n in range(times):
        for second, value in ((0, 1.0), (30, 7.0), (60, 7.1), (90, 1.0), (200, 1.1)):
            at = begin + n * 60 * MINUTE + second * SECOND
            rows += [(0, at, value, 0), (1, at + 1, 0.5 + value / 100, 0)]
    return np.array(rows, READING_DTYPE)


def test_a_lower_threshold_is_told_by_day_severity_and_device() -> None:
    known = [a_sensor(no) for no in range(2)]
    begin = Ms(1_790_000_000_000 // DAY * DAY + 4 * 60 * MINUTE)
    now = [rule for rule in alarms.rules() if rule.cls == "GAS"]
    lower = [replace(r, threshold=5.0, deadband=1.0) if r.id == "GAS-3" else r for r in now]
    run, calm = Rehearsal(known, lower), Rehearsal(known, now)
    for part in np.array_split(leaks(begin, 30), 7):
        run.take(part)
        calm.take(part)
    found = run.found
    assert found.total == 30 and found.by_severity == {3: 30} and found.by_device == {"s0": 30}
    assert sum(found.by_day.values()) == 30 and set(found.by_day) == {
        day(Ms(begin)), day(Ms(begin + DAY)),
    }  # fmt: skip
    assert calm.found.total == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mirror = Mirror(tmp_path / "m1.db")
    sensors = [a_sensor(no) for no in range(2)]
    rows = [tuple(getattr(s, name) for name in s.__slots__) for s in sensors]
    mirror.take({"sensor": rows}, {})
    mirror.close()
    use(tmp_path, "m1.db")
    open_store(tmp_path).close()
    telemetry, now = Telemetry(tmp_path, SERIES), Clock().now()
    telemetry.append(READINGS, Ms(now - 30 * MINUTE), leaks(now - 200 * MINUTE, 3))
    telemetry.compact(Ms(now))
    telemetry.close()
    return tmp_path


def tried(folder: Path, text: str, mode: str = "") -> int:
    file = folder / "rules.toml"
    file.write_text(text, encoding="utf-8")
    return rehearsal.run(Settings(data_dir=folder), Namespace(file=file, days=7, mode=mode))


def test_the_command_says_what_would_have_been(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tried(folder, ROW.format(severity=3, threshold=5.0)) == 0
    out = capsys.readouterr().out
    assert "would have raised 3 alarms, now 0" in out and "s0" in out


def test_a_wrong_row_is_named_and_the_others_are_tried(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ROW.format(severity=7, threshold='"five"').replace("GAS-3", "GAS-9")
    assert tried(folder, ROW.format(severity=3, threshold=5.0) + wrong) == REFUSED
    told = capsys.readouterr()
    assert "rules.toml: GAS-9: severity: 7 is no whole number from 1 to 4" in told.err
    assert "rules.toml: GAS-9: threshold: 'five' is no number" in told.err
    assert "would have raised 3 alarms" in told.out


@pytest.mark.parametrize("text", ["", "row = 5", "[[row", "\x00"])
def test_what_is_no_file_of_rules_is_refused(folder: Path, text: str) -> None:
    assert tried(folder, text) == REFUSED


GAS = next(rule for rule in alarms.rules() if rule.id == "GAS-3")


def test_beside_the_screen_it_tells_by_day_what_would_have_been(folder: Path) -> None:
    run = DryRun(folder, replace(GAS, threshold=5.0, deadband=1.0))
    found = run.answer.result(60)
    assert run.share == 1.0 and found.tried.raised == 3 and found.tried.now == 0
    assert sum(found.then.values()) == 3


def test_one_that_is_given_up_says_nothing_more(folder: Path) -> None:
    run = DryRun(folder, replace(GAS, threshold=5.0))
    run.stop()
    assert run.answer.cancelled() and run.ended.wait(60)


def test_one_that_fails_says_so(tmp_path: Path) -> None:
    (tmp_path / "wall.db").write_bytes(b"no database")
    with pytest.raises(Unanswered):
        DryRun(tmp_path, GAS).answer.result(60)


def raised(folder: Path, as_if: str = "", **of_gas: object) -> tuple[int, int]:
    """Alarms of the last days by a rule of gas that is changed so, and devices that were asked."""
    with closing(open_store(folder)) as store:
        now = rule_rows.in_force([], Clock().now())
        made = replace(GAS, **of_gas)  # type: ignore[arg-type]
        span = rehearsal.span_of(store, 7, as_if)
        found = rehearsal.compare(store, (now, {**now, made.id: made}), span, lambda share: None)
    return found.then.total, found.devices


def test_who_reached_no_threshold_is_not_judged_and_all_are_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = []
    made = rehearsal.Judge
    monkeypatch.setattr(rehearsal, "Judge", lambda s, r: judged.append(len(s)) or made(s, r))
    assert raised(folder, threshold=5.0, deadband=1.0) == (3, 2)
    assert raised(folder, threshold=9.0, deadband=1.0) == (0, 2)
    assert judged == [1, 1, 0, 0]


def test_a_rule_for_a_mode_counts_while_it_held_or_as_if_it_had_all_along(folder: Path) -> None:
    watch = {"id": "GAS-3-watch", "threshold": 5.0, "deadband": 1.0, "mode": "watch"}
    assert raised(folder, **watch) == (0, 2)
    assert raised(folder, as_if="watch", **watch) == (3, 2)
    assert raised(folder, as_if="emergency", **watch) == (3, 2)
    now = Clock().now()
    held = a_mode(since=Ms(now - 100 * MINUTE), until=Ms(now - 50 * MINUTE), state=OVER)
    with closing(open_store(folder)) as store, closing(Desk(store, Clock())) as desk:
        desk.run(lambda tx: tx.put(held), {}, local=True)
    assert raised(folder, **watch) == (1, 2)


def test_a_mode_that_is_none_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tried(folder, ROW.format(severity=3, threshold=5.0), mode="war") == REFUSED
    assert "--mode: 'war' is none of watch, emergency" in capsys.readouterr().err


def test_a_row_without_a_threshold_of_readings_is_said_not_to_be_tried(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = ROW.format(severity=4, threshold=0.0).replace("GAS-3", "STALE-4")
    assert tried(folder, row.replace('"GAS"', '"STALE"')) == 0
    assert "未试: STALE-4" in capsys.readouterr().out
