"""A drill's own world: made beside the real one, which it changes nothing of and cannot reach."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

import psycopg
import pytest
from builders import NOW, StillClock, a_sensor, an_event
from world import an_area

from commandwall import cli, exercise
from commandwall.config import ASSETS, USAGE, Settings
from commandwall.drill.scenario import read
from commandwall.playing import ground
from commandwall.playing.ground import NoGround
from commandwall.pool.server import ADMIN, DATABASE, OWNER, STATION, PoolServer
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, mirror_name, use

GAS = ASSETS / "drills" / "gas_old_quarter.toml"


def a_station(folder: Path) -> Path:
    """A real station with a small city, as its agent left it."""
    folder.mkdir()
    city = {
        "area": [astuple(an_area("320281", 0, "临江市", ""))],
        "sensor": [astuple(a_sensor(0, area="320281"))],
        "event": [astuple(an_event(reported_at=NOW))],
    }
    name = mirror_name("0" * 8)
    with closing(Mirror(folder / name, StillClock())) as mirror:
        mirror.take(city, {}, city="临江市", epoch="0" * 8)
    use(folder, name)
    open_store(folder).close()
    return folder


def contents(folder: Path) -> str:
    """A hash of all bytes of a data directory but those of its drills, and of the memory that who
    reads a database shares with others."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        left_out = ground.DRILLS in path.relative_to(folder).parts or path.name.endswith("-shm")
        if path.is_file() and path.stat().st_size and not left_out:
            whole.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return whole.hexdigest()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_station(tmp_path_factory.mktemp("real") / "station")


@pytest.fixture(scope="module")
def drill(real: Path) -> Iterator[PoolServer]:
    """The running pool of a drill of that station."""
    scenario, before = read(GAS).scenario, contents(real)
    assert scenario is not None
    made = ground.begin(real, scenario, GAS.read_bytes())
    assert contents(real) == before
    with PoolServer(made / "pool") as server:
        yield server


def test_a_drill_begins_with_the_city_and_without_its_events(
    real: Path, drill: PoolServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with drill.owner() as conn:
        counts = "SELECT (SELECT count(*) FROM cw_area), (SELECT count(*) FROM cw_event)"
        assert conn.execute(counts).fetchone() == (1, 0)
        assert conn.execute("SELECT city FROM cw_meta").fetchone() == ("【演练】临江市",)
        # What the city changes from now on is told, so nothing was left silent.
        conn.execute("UPDATE cw_sensor SET name = '巷口'")
        assert conn.execute("SELECT count(*) FROM cw_outbox").fetchone() == (1,)
    assert cli.run(["drill", "list", "--data-dir", str(real)], lambda *_: 0) == 0
    assert "gas_old_quarter-1" in capsys.readouterr().out


def test_no_secret_of_a_drill_opens_the_real_database_nor_the_other_way(
    real: Path, drill: PoolServer, server: PoolServer
) -> None:
    """Each secret that lies anywhere in one folder, as each login, into each database."""
    for mine, other in ((drill, server), (server, drill)):
        folder = mine.folder.parent if mine is drill else mine.folder
        secrets = [path.read_text().strip() for path in folder.rglob("*.secret")]
        assert len(secrets) == 2
        for secret in secrets:
            for role in (OWNER, STATION):
                for database in (DATABASE, ADMIN):
                    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
                        psycopg.connect(other._url(role, database), password=secret)
    with suppress(FileNotFoundError):
        said = (drill.folder.parent / "pool" / "station.url").read_text()
        assert str(server.socket) not in said


def test_whatever_the_settings_say_a_drill_leads_nowhere(drill: PoolServer, tmp_path: Path) -> None:
    folder = drill.folder.parent
    named = {
        "pool": "postgresql://station@city.example/city", "mqtt": "mqtt://a@broker:1883",
        "peers": "10.0.0.5:7420", "warnings_folder": str(tmp_path), "demo": True, "theme": "day",
    }  # fmt: skip
    settings = Settings.load({**named, "data_dir": folder}, {})
    assert (settings.pool, settings.mqtt, settings.peers) == ("", "", "")
    assert (settings.warnings_folder, settings.demo, settings.theme) == ("", False, "day")
    assert Settings.load({**named, "data_dir": tmp_path}, {}).pool  # the real one keeps them
    refused = [
        ["carry", "out", str(tmp_path / "lines"), "--data-dir", str(folder)],
        ["agent", "--join", str(folder), "--data-dir", str(tmp_path)],
    ]
    for asked in refused:
        assert cli.run(asked, lambda *_: 0) == USAGE
    assert not (tmp_path / "lines").exists()


@pytest.mark.parametrize("wrong", ["nested", "empty"])
def test_a_drill_without_a_ground_leaves_nothing(wrong: str, tmp_path: Path) -> None:
    scenario = read(GAS).scenario
    assert scenario is not None
    if wrong == "nested":
        (tmp_path / exercise.FILE).write_text("damaged")
    with pytest.raises(NoGround) as why:
        ground.begin(tmp_path, scenario, b"")
    assert (why.value.code, (tmp_path / ground.DRILLS).exists()) == (wrong, False)


def test_a_paper_of_a_drill_says_so_on_each_page(tmp_path: Path) -> None:
    pypdf: Any = pytest.importorskip("pypdf")
    from commandwall.reports import press
    from commandwall.reports.press import Paper

    data = {"head": "信息", "number": "首报", "sent": "", "title": "泄漏", "recipients": "",
            "elements": [{"label": "经过", "value": "等待。" * 900, "was": ""}], "unit": "",
            "date": "", "foot": ""}  # fmt: skip
    (made,) = press.press(Paper("report", data), [tmp_path / "report.pdf"], exercise.MARK)
    pages = [page.extract_text() for page in pypdf.PdfReader(made.path).pages]
    assert len(pages) > 1
    assert [exercise.MARK in page for page in pages] == [True] * len(pages)
