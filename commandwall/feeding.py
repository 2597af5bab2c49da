"""`commandwall feed`: plays readings to a broker, from a file or as an invented city has them.

What is played goes to a broker like a city's own: at QoS 1, in packs of SenML with a number by
which each gateway counts, or reading by reading.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from commandwall.clock import SECOND, Clock, Ms
from commandwall.config import REFUSED, Broker, Settings, brokers
from commandwall.feeds.devices import SEQ
from commandwall.feeds.mqtt import QOS, Unreadable, made
from commandwall.pool.demo.signals import Signals
from commandwall.sensors import Sensor
from commandwall.store.database import StoreTrouble
from commandwall.store.store import Store

PATIENCE_S = 10.0
WAITING = 2000
"""Messages that the broker has not acknowledged: further ones wait."""
STEP_S = 0.05
SEED = 1


class Refusal(Exception):
    """It cannot be done; the text says why."""


class Recorded(msgspec.Struct, forbid_unknown_fields=True):
    """One line of a recorded file."""

    topic: str
    body: msgspec.Raw
    at: float = 0.0  # seconds since the first


@dataclass(frozen=True, slots=True)
class Piece:
    """One message, and how many readings it holds."""

    topic: str
    body: bytes
    readings: int
    at: float = 0.0  # seconds since the first


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Play until it is over; REFUSED with a sentence where it cannot be done."""
    try:
        broker = _broker(asked.to or settings.mqtt)
        pieces = _recorded(asked.file) if asked.file else _city(settings, asked.pack)
        Player(broker, settings).play(pieces, asked.rate, asked.seconds)
    except (Refusal, Unreadable, StoreTrouble, OSError) as why:
        print(f"commandwall: {why}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return 0
    return 0


def _broker(text: str) -> Broker:
    try:
        found = brokers(text)
    except ValueError as why:
        raise Refusal(f"{why} is no address like mqtt://user@10.0.0.5:1883") from why
    if not found:
        raise Refusal("which broker? 请写明服务器 --to mqtt://user@10.0.0.5:1883")
    return found[0]


class Player:
    """Publishes pieces and waits until the broker has them."""

    def __init__(self, broker: Broker, settings: Settings) -> None:
        self._broker, self._clock = broker, Clock()
        self._client = made(broker, settings, f"commandwall-feed-{os.getpid()}")
        self._client.max_inflight_messages_set(WAITING)
        self._client.on_connect = self._joined
        self._client.on_publish = self._published
        self._ready = threading.Event()
        self._answer: Any = None
        self._acknowledged = 0

    def play(self, pieces: Iterator[Piece], rate: float | None, seconds: float | None) -> None:
        """`rate`: readings per second; where there is none, by the moments of the pieces."""
        self._client.connect(self._broker.host, self._broker.port)
        self._client.loop_start()
        try:
            self._await_answer()
            self._play(pieces, rate, seconds)
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def _play(self, pieces: Iterator[Piece], rate: float | None, seconds: float | None) -> None:
        began, readings, messages = self._clock.monotonic(), 0, 0
        for piece in pieces:
            due = readings / rate if rate else piece.at
            if seconds is not None and max(due, self._clock.monotonic() - began) >= seconds:
                break
            self._pause(began + due)
            self._settle(messages - WAITING)
            self._client.publish(piece.topic, piece.body, QOS)
            readings, messages = readings + piece.readings, messages + 1
        self._settle(messages)
        took = self._clock.monotonic() - began
        print(f"{readings} 条 readings, {messages} 包 messages, {took:.1f} s")

    def _pause(self, until: float) -> None:
        if (left := until - self._clock.monotonic()) > 0:
            self._clock.pause(left)

    def _settle(self, wanted: int) -> None:
        """Wait until the broker acknowledged so many."""
        while self._acknowledged < wanted:
            if not self._client.is_connected():
                raise Refusal(f"{self._broker.address}: 断开 the line is cut")
            self._clock.pause(STEP_S)

    def _await_answer(self) -> None:
        if not self._ready.wait(PATIENCE_S):
            raise Refusal(f"{self._broker.address}: 没有回音 no answer")
        if self._answer.is_failure:
            raise Refusal(f"{self._broker.address}: {self._answer}")

    def _joined(self, _: Any, __: Any, ___: Any, code: Any, ____: Any) -> None:
        self._answer = code
        self._ready.set()

    def _published(self, *_: Any) -> None:
        self._acknowledged += 1


def _recorded(file: Path) -> Iterator[Piece]:
    """The lines of a file; Refusal names the one that is none."""
    decoder = msgspec.json.Decoder(Recorded)
    with file.open("rb") as lines:
        for no, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                found = decoder.decode(line)
            except ValueError as why:
                raise Refusal(f"{file}:{no}: {why}") from why
            body = bytes(found.body)
            yield Piece(found.topic, body, max(1, body.count(b'"n"')), found.at)


def _city(settings: Settings, size: int) -> Iterator[Piece]:
    """All devices again and again, in groups that are one gateway's."""
    if size < 1:
        raise Refusal("--pack: 1 or more")
    with closing(Store(settings.data_dir)) as store:
        if not store.mirror_name():
            raise Refusal(f"{settings.data_dir}: 还没有设备 no devices yet")
        known = sorted(store.read(lambda r: r.find(Sensor)), key=lambda s: s.no)
    if not known:
        raise Refusal(f"{settings.data_dir}: 还没有设备 no devices yet")
    return _rounds(known, size, settings.mqtt_prefix)


def _rounds(known: list[Sensor], size: int, prefix: str) -> Iterator[Piece]:
    clock = Clock()
    signals, turn = Signals(known, SEED, clock.now()), 0
    groups = [np.arange(i, min(i + size, len(known))) for i in range(0, len(known), size)]
    while True:
        for gateway, rows in enumerate(groups):
            now = clock.now()
            values = signals.value(rows, np.full(len(rows), now, np.int64))
            told = [(known[row], float(v)) for row, v in zip(rows, values, strict=True)]
            yield (
                _pack(gateway, turn, told, now, prefix) if size > 1 else _one(*told[0], now, prefix)
            )
        turn += 1


def _pack(gateway: int, turn: int, told: list[tuple[Sensor, float]], now: Ms, prefix: str) -> Piece:
    name = f"gw{gateway:04}"
    records: list[dict[str, Any]] = [{"bn": f"{name}/", "bt": now / SECOND, "n": SEQ, "v": turn}]
    records += [{"n": sensor.id, "v": round(value, 4)} for sensor, value in told]
    records[1]["bn"] = prefix
    return Piece(f"sensors/{name}", json.dumps(records).encode(), len(told))


def _one(sensor: Sensor, value: float, now: Ms, prefix: str) -> Piece:
    body = {"n": prefix + sensor.id, "t": now / SECOND, "v": round(value, 4)}
    return Piece(f"sensors/{sensor.id}", json.dumps(body).encode(), 1)
