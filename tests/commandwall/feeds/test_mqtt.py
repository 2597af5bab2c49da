"""Readings through a real broker: taken, judged, caught up, and never lost once acknowledged."""

from __future__ import annotations

import datetime
import gc
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cap as said
import numpy as np
import pytest
from broker import AT_ONCE, MOSQUITTO, NATS, PATIENCE_S, Broker, Publisher, program
from builders import a_sensor
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from commandwall import cli, sources
from commandwall.alarms import Alarm
from commandwall.clock import SECOND, Clock, Ms
from commandwall.config import REFUSED, Settings
from commandwall.desk import Desk
from commandwall.feeds import refused
from commandwall.feeds.folder import WarningFolder
from commandwall.feeds.intake import LOOK_S, Intake
from commandwall.pool.packs import Packs
from commandwall.pool.recorder import SERIES, Recorder
from commandwall.public_warnings import PublicWarning
from commandwall.store import live, pulse, quarantine
from commandwall.store.database import StoreTrouble
from commandwall.store.migrate import open_store
from commandwall.store.mirror import Mirror, use
from commandwall.store.telemetry import READINGS, Telemetry

LONG = bool(os.environ.get("COMMANDWALL_TEST_LONG"))
KINDS = [NATS, pytest.param(MOSQUITTO, marks=pytest.mark.skipif(
    program(MOSQUITTO) is None, reason="mosquitto is not installed"))]  # fmt: skip


def until(found: Callable[[], Any], seconds: float = PATIENCE_S) -> float:
    """Wait for it; how long that took."""
    began = time.monotonic()
    while not found():
        assert time.monotonic() - began < seconds
        time.sleep(0.01)
    return time.monotonic() - began


class Station:
    """The live side of a station, and its intake."""

    def __init__(self, folder: Path, broker: Broker, **settings: Any) -> None:
        self.folder, self.clock = folder, Clock()
        self.store = open_store(folder)
        mirror = Mirror(folder / "m1.db")
        crowd = a_sensor(5, cls="CRD", unit="人", high=1e5)
        rows = [*(a_sensor(no) for no in range(5)), crowd]
        names = rows[0].__slots__  # type: ignore[attr-defined]
        mirror.take({"sensor": [tuple(getattr(r, n) for n in names) for r in rows]}, {})
        mirror.close()
        use(folder, "m1.db")
        self.desk = Desk(self.store, self.clock)
        self.recorder = Recorder(folder, self.clock)
        self.packs = Packs(self.store, self.desk, self.clock, self.recorder)
        self.settings = Settings(data_dir=folder, **{"mqtt": broker.address, **settings})
        self.intake: Intake | None = None

    def serve(self, taker: Any = None) -> None:
        self.intake = Intake(
            self.settings, self.clock, "wall", lambda: self.store.read(sources.off)
        )
        self.intake.__enter__()
        self.intake.serve(taker or self.packs)

    def rest(self) -> None:
        if self.intake is not None:
            self.intake.__exit__()
            self.intake = None

    @property
    def lamp(self) -> pulse.Feed:
        assert self.intake is not None
        return self.intake.seen()[0]

    def shown(self, no: int) -> float:
        path = next(self.folder.glob("sensors-*.live"))
        return float(live.LiveArrays(path, live.READING, live.BLOCK).read()["value"][no])

    def history(self, no: int) -> list[float]:
        with self.packs._lock:  # what is shown is recorded behind it, in one go
            self.recorder.step()
        telemetry = Telemetry(self.folder, SERIES)
        found = telemetry.history(READINGS, no, Ms(0))
        telemetry.close()
        return found["value"].tolist()  # type: ignore[no-any-return]

    def aside(self) -> list[tuple[str, int, str, str, str]]:
        file = self.folder / quarantine.FOLDER / refused.NAME
        until(file.exists)  # what is refused is written behind what is taken
        text = file.read_text()
        told = [json.loads(line) for line in text.splitlines()]
        return [(t["topic"], t["record"], t["field"], t["reason"], t["name"]) for t in told]

    def close(self) -> None:
        self.rest()
        self.recorder.stop()
        self.desk.close()
        self.store.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path / "broker")
    made.start()
    yield made
    made.kill()


Open = Callable[..., Station]


@pytest.fixture
def open_station(tmp_path: Path) -> Iterator[Open]:
    opened: list[Station] = []

    def begin(broker: Broker, **settings: Any) -> Station:
        (tmp_path / "station").mkdir()
        opened.append(Station(tmp_path / "station", broker, **settings))
        return opened[-1]

    yield begin
    for station in opened:
        station.close()


def test_packs_and_single_readings_are_shown_and_judged(broker: Broker, open_station: Open) -> None:
    station = open_station(broker, mqtt_prefix="dev:")
    station.serve()
    until(lambda: station.lamp.joined)
    sent, now = Publisher(broker.port), time.time()
    sent.tell("sensors/gw1", [
        {"bn": "dev:", "bt": now, "n": "s0", "u": "%LEL", "t": -30, "v": 60},
        {"n": "s0", "v": 61}, {"n": "s1", "v": "high"}, {"n": "s9", "v": 1}, {"n": "seq", "v": 1},
    ])  # fmt: skip
    sent.tell("sensors/gw1", [{"bn": "dev:", "n": "s9", "v": 2}, {"n": "seq", "v": 4}])
    sent.tell("sensors/s2", b"3.5")
    sent.tell("sensors/s3", b"no reading")
    until(lambda: len(station.aside()) == 3 and station.shown(2) == 3.5)
    assert station.shown(0) == 61
    assert [(a.sensor, a.severity) for a in station.store.read(lambda r: r.find(Alarm))] == [
        ("s0", 1)
    ]
    assert station.aside() == [
        ("sensors/gw1", 3, "v", "type", "dev:s1"), ("sensors/gw1", 0, "n", "unknown", "dev:s9"),
        ("sensors/s3", 0, "", "json", ""),
    ]  # fmt: skip
    lamp = station.lamp
    assert (lamp.refused, lamp.unknown, lamp.lost) == (2, 2, 2)
    assert lamp.rate > 0 and 0 <= lamp.lag_s < 60 and lamp.at > 0
    sent.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_broker_acknowledged_is_taken_though_it_is_killed(
    kind: str, tmp_path: Path, open_station: Open
) -> None:
    """What mosquitto acknowledged and had not saved yet when it was killed, nobody has any more."""
    broker = Broker(tmp_path / kind, kind, AT_ONCE[kind])
    broker.start()
    station = open_station(broker)
    station.serve()
    until(lambda: station.lamp.joined)
    sent, base = Publisher(broker.port), int(time.time()) - 1000
    numbers: list[int] = []
    unsaved: set[int] = set()
    for i in range(120):
        numbers.append(sent.send("sensors/gw", [{"n": "s1", "t": base + i, "v": i}]))
        if i in ((20, 40, 60, 80, 100) if LONG else (40,)):
            sent.wait(set(numbers[: i - 10]))
            early = max(sent.acknowledged[n] for n in numbers[: i - 10])
            until(lambda at=early: broker.saved_at > at)
            broker.kill()
            unsaved |= {n for n, at in dict(sent.acknowledged).items() if at >= broker.saved_at}
            assert until(lambda: not station.lamp.joined) < 3
            broker.start()
    sent.wait(set(numbers))
    until(lambda: station.shown(1) == 119)
    taken = station.history(1)
    assert taken == sorted(set(taken))
    assert {i for i, n in enumerate(numbers) if n not in unsaved} <= set(taken)
    assert station.lamp.joined
    sent.stop()
    broker.kill()


def test_what_came_while_the_station_was_away_is_caught_up(
    broker: Broker, open_station: Open
) -> None:
    station = open_station(broker)
    station.serve()
    until(lambda: station.lamp.joined)
    sent, base = Publisher(broker.port), int(time.time()) - 100
    sent.tell("sensors/gw", [{"n": "s1", "t": base, "v": 0}])
    until(lambda: station.shown(1) == 0 and station.lamp.at > 0)
    station.rest()
    for i in range(1, 50):
        sent.tell("sensors/gw", [{"n": "s1", "t": base + i, "v": i}])
    station.serve()
    until(lambda: station.shown(1) == 49)
    assert station.history(1) == [float(i) for i in range(50)]
    sent.stop()


def test_a_device_that_floods_is_thinned_out_and_the_lamp_says_so(
    broker: Broker, open_station: Open
) -> None:
    station = open_station(broker)
    station.serve()
    until(lambda: station.lamp.joined)
    sent, base = Publisher(broker.port), int(time.time()) - 60
    flood = [{"n": "s1", "t": base + i / 100, "v": i} for i in range(100)]
    sent.tell("sensors/gw", [*flood, {"n": "s2", "t": base, "v": 5}])
    until(lambda: station.shown(1) == 99 and station.lamp.limited)
    assert station.history(1) == [*map(float, range(10)), 99.0]
    assert (station.lamp.limited, station.shown(2)) == (89, 5)
    sent.stop()


def test_what_a_broker_sends_while_it_is_switched_off_is_counted_and_not_taken(
    broker: Broker, open_station: Open
) -> None:
    station = open_station(broker)
    named = {"source": broker.address}
    station.desk.run(sources.switch_off, {**named, "reason": "串号"}, "陈", "chief")
    station.serve()
    until(lambda: station.lamp.joined)
    sent = Publisher(broker.port)
    sent.tell("sensors/gw", [{"n": "s1", "v": 90}, {"n": "s2", "v": 5}])
    until(lambda: station.lamp.withheld == 2)
    assert station.store.read(lambda r: r.find(Alarm)) == [] and station.shown(1) == 0
    station.desk.run(sources.switch_on, named, "陈", "chief")
    time.sleep(LOOK_S)
    sent.tell("sensors/s2", b"6")
    until(lambda: station.shown(2) == 6)
    assert station.lamp.withheld == 2 and station.history(1) == []
    sent.stop()


def test_a_crowd_over_its_threshold_is_an_alarm_like_any(
    broker: Broker, open_station: Open
) -> None:
    station = open_station(broker)
    station.serve()
    until(lambda: station.lamp.joined)
    sent, pack = Publisher(broker.port), [{"n": "s5", "u": "count", "v": 5200}]
    sent.tell("sensors/gw", [{**pack[0], "t": -90}, {**pack[0], "t": -1}])
    until(lambda: station.store.read(lambda r: r.find(Alarm)))
    (alarm,) = station.store.read(lambda r: r.find(Alarm))
    assert (alarm.sensor, alarm.cls, alarm.severity, alarm.unit) == ("s5", "CRD", 1, "人")
    sent.stop()


def test_a_warning_from_a_broker_goes_the_way_of_the_folder(
    broker: Broker, open_station: Open
) -> None:
    station = open_station(broker, mqtt_warnings="cap/#")
    station.serve()
    until(lambda: station.lamp.joined)
    sent, now = Publisher(broker.port), station.clock.now()
    sent.tell("cap/bureau", said.alert(now))
    with WarningFolder(station.settings, station.desk, station.clock) as folder:
        until(lambda: station.store.read(lambda r: r.find(PublicWarning)))
        sent.tell("cap/bureau", said.alert(now, sender=""))
        until(lambda: list(folder.folder.glob("refused/*.reason")))
    (warning,) = station.store.read(lambda r: r.find(PublicWarning))
    assert warning.kind == "Alert" and station.lamp.refused == 0
    sent.stop()


class Unwilling:
    """The live side of a station whose disk refuses the first times."""

    def __init__(self, packs: Packs, refusals: int) -> None:
        self._packs, self.refusals = packs, refusals
        self.known = packs.known

    def take_readings(self, rows: np.ndarray[Any, Any], at: Ms) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StoreTrouble("full", "no room")
        self._packs.take_readings(rows, at)


def test_a_reading_that_could_not_be_kept_is_not_acknowledged(
    broker: Broker, open_station: Open
) -> None:
    station = open_station(broker)
    never, once = Unwilling(station.packs, 10**6), Unwilling(station.packs, 1)
    station.serve(never)
    until(lambda: station.lamp.joined)
    sent = Publisher(broker.port)
    sent.tell("sensors/s1", b"7")
    until(lambda: never.refusals < 10**6)
    station.rest()
    station.serve(once)
    until(lambda: station.shown(1) == 7)
    assert once.refusals == 0
    sent.stop()


def certify(key: Path, cert: Path) -> None:
    """A key, and a certificate for localhost that it signed itself."""
    own, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(own.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(own, hashes.SHA256())
    )  # fmt: skip
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    key.write_bytes(own.private_bytes(serialization.Encoding.PEM, form, plain))


@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_a_password_from_a_file_and_a_certificate_of_the_citys_own(
    tmp_path: Path, open_station: Open
) -> None:
    key, cert, secret = tmp_path / "key", tmp_path / "cert", tmp_path / "secret"
    certify(key, cert)
    more = (
        f'tls {{ cert_file: "{cert}", key_file: "{key}" }}\n'
        'authorization { username: "wall", password: "right" }\n'
    )
    broker = Broker(tmp_path / "broker", more=more)
    broker.start()
    address = f"mqtts://wall@localhost:{broker.port}"
    station = open_station(
        broker, mqtt=address, mqtt_secret_file=str(secret), mqtt_ca_file=str(cert)
    )
    secret.write_text("wrong\n")
    station.serve()
    until(lambda: station.lamp.trouble == "refused")
    secret.write_text("right\n")
    until(lambda: station.lamp.joined)
    assert station.lamp.trouble == ""
    station.rest()
    station.settings = Settings(data_dir=station.folder, mqtt=address, mqtt_secret_file=str(secret))
    station.serve()
    until(lambda: station.lamp.trouble == "certificate")
    station.rest()
    gc.collect()  # paho leaves the socket of a broker that it does not trust to the collector
    broker.kill()


def test_nobody_at_the_address_is_a_lamp_and_no_noise(
    tmp_path: Path, open_station: Open, caplog: pytest.LogCaptureFixture
) -> None:
    station = open_station(Broker(tmp_path / "broker"))
    with caplog.at_level(logging.WARNING):
        station.serve()
        until(lambda: station.lamp.tries >= 2)
    lamp = station.lamp
    assert (lamp.joined, lamp.trouble) == (False, "unreachable")
    assert lamp.next_try_at > station.clock.now() - 60 * SECOND
    assert len(caplog.records) == 1


def test_a_generated_city_and_a_recorded_file_are_played(
    broker: Broker, open_station: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    station = open_station(broker)
    station.serve()
    until(lambda: station.lamp.joined)
    own = ["--data-dir", str(station.folder), "feed", "--to", broker.address]
    file = station.folder / "recorded.jsonl"
    file.write_text('{"topic": "sensors/s4", "body": 12.5}\n\n{"topic": "x", "bdy": 1}\n')

    def play(*more: str) -> int:
        return cli.run([*own, *more], lambda *_: 1)

    assert play("--rate", "1000", "--pack", "2", "--seconds", "0.2") == 0
    assert " 条 readings, " in capsys.readouterr().out
    until(lambda: station.shown(3) > 0)
    assert (station.lamp.lost, station.lamp.refused, station.lamp.unknown) == (0, 0, 0)
    assert play(str(file)) == REFUSED
    assert f"{file}:3: " in capsys.readouterr().err
    until(lambda: station.shown(4) == 12.5)
    broker.kill()
    assert play("--rate", "10") == REFUSED
