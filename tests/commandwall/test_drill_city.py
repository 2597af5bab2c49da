"""The city of a drill: its devices live, and what was open may be that of a snapshot."""

from __future__ import annotations

import errno
from contextlib import closing
from dataclasses import astuple
from pathlib import Path

import msgspec
import numpy as np
import pytest
from builders import NOW, StillClock, a_sensor, an_event
from world import a_value, an_area, an_indicator

from commandwall import cli, codes, exercise
from commandwall.alarms import Rule, rules
from commandwall.clock import SECOND, Ms
from commandwall.config import ASSETS, REFUSED
from commandwall.drill.scenario import read
from commandwall.playing import injecting, living, snapshots
from commandwall.playing.living import Living
from commandwall.pool.server import PoolServer
from commandwall.resources import Resource, unpack
from commandwall.sensors import Sensor
from commandwall.store.live import FIX, LiveArrays
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, mirror_name, use

GAS = ASSETS / "drills" / "gas_old_quarter.toml"


def a_station(folder: Path) -> Path:
    """A real station with an open event of somebody, and a unit on its way."""
    folder.mkdir()
    city = {
        "area": [astuple(an_area("320281", 0, "临江市", ""))],
        "indicator": [astuple(an_indicator("old")), astuple(an_indicator("none"))],
        "indicatorvalue": [astuple(a_value("old", 40.0, NOW)), astuple(a_value("none", None, NOW))],
        "event": [astuple(an_event(reported_at=NOW, person="王小明", phone="13812347719",
                                   address="人民路 8 号 3 幢 502 室",
                                   body="王小明来电 138 1234 7719"))],
        "resource": [astuple(Resource("u1", 4, "gas", "燃气抢险一队", "燃气", 6, "", "READY",
                                      120.3, 31.9, "320281"))],
    }  # fmt: skip
    with closing(Mirror(folder / mirror_name("0" * 8), StillClock())) as mirror:
        mirror.take(city, {}, city="临江市", epoch="0" * 8)
    use(folder, mirror_name("0" * 8))
    open_store(folder).close()
    fixes = LiveArrays(folder / "fixes-1024.live", FIX, 1024, create=True)
    fixes.write(np.array([4]), at=np.array([NOW]), lon=np.array([120.4]), lat=np.array([31.5]))
    return folder


def drilled(*asked: str | Path) -> int:
    return cli.run(["drill", *map(str, asked)], lambda *_: 0)


def test_the_devices_of_a_drill_live_and_those_of_injects_say_what_these_say() -> None:
    """Through a day no rule is crossed but by what an inject named, which keeps its value."""
    rows = {cls: row.facts for cls, row in codes.load("sensor_class").items()}
    limits = [rule for rule in rules() if rule.cls in rows]
    classes = {rule.cls for rule in limits}
    known = [a_sensor(n, id=f"{cls}{n}", cls=cls, unit=rows[cls]["unit"], low=rows[cls]["low"],
                      high=rows[cls]["high"], period_s=600)
             for n, cls in enumerate(sorted(classes) * 20)]  # fmt: skip
    scenario = read(GAS).scenario
    assert scenario is not None
    on = living.stand_ins(known, scenario.injects)
    first, second = on["first_alarm"], on["second_alarm"]
    assert first.cls == second.cls == "GAS" and first != second
    city, crossed = Living(known, NOW), set()
    assert second.no not in city.readings(NOW, {}, {second.id})["no"]
    for minute in range(30, 24 * 60, 30):
        held = {first.id: (28.0, NOW)} if minute > 60 else {}
        said = city.readings(Ms(NOW + minute * 60 * SECOND), held, {second.id})
        assert len(said) == len(known) - 1
        at = {int(no): float(value) for no, value in zip(said["no"], said["value"], strict=True)}
        crossed |= {one.id for one in known if one.no in at and _crosses(one, at[one.no], limits)}
        assert not held or 28.0 <= at[first.no] < 30.0
    assert crossed == {first.id}


def _crosses(one: Sensor, value: float, limits: list[Rule]) -> bool:
    mine = (rule for rule in limits if rule.cls == one.cls)
    return any(value <= r.threshold if r.low_bad else value >= r.threshold for r in mine)


@pytest.mark.parametrize("raw", [b"", b"\xff", b"{}", b'{"x":' + b"[" * 99_999])
def test_what_is_no_snapshot_is_damaged(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "x.json").write_bytes(raw)
    with pytest.raises(snapshots.Damaged):
        snapshots.named(tmp_path, "x")
    assert list(snapshots.kept(tmp_path)) == []


def test_a_snapshot_that_was_cut_off_holds_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a file kept the name for itself: it was no snapshot, and none could be made."""
    made = snapshots.Snapshot("周一", "临江市", NOW, [], [])
    made = msgspec.structs.replace(made, sha256=made.hashed())
    write = Path.write_bytes

    def cut_off(file: Path, data: bytes) -> int:
        write(file, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as full, pytest.raises(OSError, match="no space"):
        full.setattr(Path, "write_bytes", cut_off)
        snapshots.keep(tmp_path, made)
    assert list(snapshots.kept(tmp_path)) == []
    assert snapshots.read(snapshots.keep(tmp_path, made)) == made
    with pytest.raises(FileExistsError):
        snapshots.keep(tmp_path, made)


def test_a_drill_begins_with_what_was_open_when_its_snapshot_was_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    station = a_station(tmp_path / "station")
    assert drilled("snapshot", "周一", "--data-dir", station) == 0
    assert drilled("snapshot", "周一", "--data-dir", station) == REFUSED  # a drill may need it
    assert drilled("snapshot", "../周一", "--data-dir", station) == REFUSED
    file = station / "snapshots" / "周一.json"
    text = file.read_text(encoding="utf-8")
    for secret in ("王小明", "13812347719", "138 1234 7719", "502 室"):
        assert secret not in text
    mine, gas = tmp_path / "mine.toml", GAS.read_text(encoding="utf-8")
    mine.write_text(gas.replace("rate = 1.0", 'rate = 1.0\nsnapshot = "周一"'), encoding="utf-8")
    made = snapshots.read(file)
    then = msgspec.structs.replace(made, taken_at=Ms(made.taken_at - 3_600 * SECOND))
    file.write_bytes(msgspec.json.encode(then))
    assert drilled("begin", mine, "--data-dir", station) == REFUSED
    assert "已损坏或被改动" in capsys.readouterr().err
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(then, sha256=then.hashed())))
    assert drilled("begin", mine, "--data-dir", station) == 0
    drill = station / exercise.DRILLS / "gas_old_quarter-1"
    with PoolServer(drill / "pool") as server, server.owner() as conn:
        ((key, age, phone, person),) = conn.execute(
            "SELECT id, clock_timestamp() - reported_at, phone, person FROM cw_event"
        ).fetchall()
        (was,) = made.events
        assert key == was.id and (phone, person) == ("", "")
        # As old as it was then, and not the days that went by since.
        assert abs(age.total_seconds() * SECOND - (then.taken_at - was.reported_at)) < 60 * SECOND
        later = Ms(NOW + 601 * SECOND)
        living.keep_signs(conn, Ms(NOW + 599 * SECOND))  # its period is 600 s
        living.keep_signs(conn, later)
        living.keep_signs(conn, Ms(later + 60 * SECOND))
        signs = "SELECT id, value, cw_ms(at) FROM cw_indicatorvalue ORDER BY id DESC"
        assert conn.execute(signs).fetchall() == [("old", 40.0, later), ("none", None, NOW)]
        injecting.place_units(conn, Ms(NOW), snapshots.places(drill))
        ((body,),) = conn.execute("SELECT body FROM cw_pack WHERE kind = 'fixes'").fetchall()
        (fix,) = unpack(body)
        assert (fix["lon"], fix["lat"]) == (120.4, 31.5)
