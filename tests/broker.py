"""A real broker for tests: nats-server speaking MQTT 3.1.1, or mosquitto."""

from __future__ import annotations

import getpass
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from ports import free_port

PATIENCE_S = 60.0
NATS, MOSQUITTO = "nats-server", "mosquitto"
AT_ONCE = {NATS: "", MOSQUITTO: "autosave_on_changes true"}
"""By what a broker keeps what it acknowledges; mosquitto does otherwise each second. Even so it
acknowledges some milliseconds before it saves (eclipse-mosquitto #1855)."""


def program(name: str) -> str | None:
    places = (str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), "/usr/sbin")
    return shutil.which(name, path=os.pathsep.join(places))


class Broker:
    """One broker on a port of its own; what it keeps outlasts a kill."""

    def __init__(self, folder: Path, kind: str = NATS, more: str = "") -> None:
        """`more`: lines of its configuration, for nats-server those within `mqtt {}`."""
        folder.mkdir()
        self.port, self._kind, self._folder = free_port(), kind, folder
        self._config = folder / "broker.conf"
        self._config.write_text(self._nats(more) if kind == NATS else self._mosquitto(more))
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        found = program(self._kind)
        assert found is not None
        with (self._folder / "log").open("ab") as log:
            command = [found, "-c", str(self._config)]
            self._child = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert time.monotonic() < end, (self._folder / "log").read_text()
            time.sleep(0.02)

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    @property
    def saved_at(self) -> float:
        """What it acknowledged before this moment outlasts a kill. Seconds since 1970."""
        kept = self._folder / "mosquitto.db"
        if self._kind == NATS:
            return math.inf
        return kept.stat().st_mtime if kept.exists() else 0.0

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1.0).close()
        except OSError:
            return False
        return True

    def _nats(self, more: str) -> str:
        return (
            "server_name: test\nlisten: 127.0.0.1:-1\n"
            f'jetstream {{ store_dir: "{self._folder / "kept"}" }}\n'
            f"mqtt {{ listen: 127.0.0.1:{self.port}\nack_wait: 1s\n{more}\n}}\n"
        )

    def _mosquitto(self, more: str) -> str:
        return (
            f"user {getpass.getuser()}\n"  # started by root it would give up its own folder
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {self._folder}/\nautosave_interval 1\n"
            f"max_inflight_messages 0\nmax_queued_messages 200000\n{more}\n"
        )


class Publisher:
    """Publishes at QoS 1 and knows what the broker acknowledged; goes on after a cut."""

    def __init__(self, port: int, name: str = "gateway") -> None:
        self.acknowledged: dict[int, float] = {}
        """When, in seconds since 1970, by number."""
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, name, clean_session=False, protocol=paho.MQTTv311
        )
        self._client.reconnect_delay_set(0.2, 0.2)
        self._joined = threading.Event()
        self._client.on_connect = lambda *_: self._joined.set()
        self._client.on_publish = lambda *told: self.acknowledged.update({told[2]: time.time()})
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._joined.wait(PATIENCE_S)

    def send(self, topic: str, body: Any) -> int:
        """The number by which it will be acknowledged."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._client.publish(topic, raw, qos=1).mid

    def wait(self, numbers: set[int]) -> None:
        """Until all of these are acknowledged."""
        end = time.monotonic() + PATIENCE_S
        while not numbers <= self.acknowledged.keys():
            assert time.monotonic() < end
            time.sleep(0.01)

    def tell(self, topic: str, body: Any) -> None:
        """Publish, and wait until the broker has it."""
        self.wait({self.send(topic, body)})

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
