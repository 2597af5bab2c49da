"""What the doctor says of the pool: whether it answers, and what to do where it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from commandwall import doctor
from commandwall.config import Settings


def look(**settings: Any) -> doctor.Finding:
    found = doctor.examine(Settings(**settings))
    return next(one for one in found if one.name == "pool")


def test_a_pool_that_answers_is_named_with_its_city(pool: Any, tmp_path: Path) -> None:
    found = look(data_dir=tmp_path, pool=pool.station_url, secret_file=pool.station_secret)
    assert found.state == doctor.OK and "临江市" in found.fact and "whole city" in found.fact


def test_a_pool_that_is_not_there_comes_with_the_line_that_asks_it(tmp_path: Path) -> None:
    address = "postgresql://station@127.0.0.1:9/city"
    secret = tmp_path / "secret"
    secret.write_text("x")
    found = look(data_dir=tmp_path, pool=address, secret_file=str(secret))
    assert found.state == doctor.BAD and found.mend.startswith(f"pg_isready -d {address}")


def test_a_wrong_password_is_told_apart(pool: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("wrong")
    secret.chmod(0o600)
    found = look(data_dir=tmp_path, pool=pool.station_url, secret_file=str(secret))
    assert found.state == doctor.BAD and "station" in found.mend


def test_without_a_pool_there_is_nothing_to_mend(tmp_path: Path) -> None:
    assert look(data_dir=tmp_path).state == doctor.OK
