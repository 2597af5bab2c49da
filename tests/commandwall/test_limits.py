"""Limits that a city may set: each is a row of assets/codelists/limit.toml, and obeyed."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from world import an_indicator

from commandwall import codes, deadlines, indicators
from commandwall.clock import SECOND
from commandwall.config import ASSETS
from commandwall.store.pulse import Sync


def test_lamps_go_by_the_shares_that_are_left() -> None:
    whole = 100 * SECOND
    lamps = [deadlines.lamp(left * SECOND, whole) for left in (51, 50, 21, 20, 0, -1)]
    assert lamps == ["green", "yellow", "yellow", "orange", "orange", "red"]


def test_a_city_that_sets_its_own_limits_is_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ASSETS / "codelists", tmp_path / "codelists")
    path = tmp_path / "codelists" / "limit.toml"
    changed = path.read_text(encoding="utf-8").replace("value = 0.2\n", "value = 0.4\n")
    changed = changed.replace("value = 2.5\n", "value = 9\n").replace("value = 2\n", "value = 5\n")
    path.write_text(changed, encoding="utf-8")
    sync, sign = Sync(skew_s=-4.0), an_indicator("env.001")
    assert sync.skewed and indicators.fresh_for(sign) == 2.5 * sign.period_s * SECOND
    codes.forget()
    monkeypatch.setattr(codes, "ASSETS", tmp_path)
    try:
        assert deadlines.lamp(30, 100) == "orange" and not sync.skewed
        assert indicators.fresh_for(sign) == 9 * sign.period_s * SECOND
    finally:
        codes.forget()


def test_an_unknown_limit_is_named() -> None:
    with pytest.raises(KeyError, match="nothing"):
        codes.limit("nothing", date(2026, 6, 1))
