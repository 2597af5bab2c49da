"""A broker: a thread that keeps one connection to it, and only drains the socket into a queue.

The session is one that lasts (clean_session False), so what was published at QoS 1 while this
station was away comes when it is back. A message is acknowledged once its readings were taken:
what was not is sent again on the next connection.
"""

from __future__ import annotations

import logging
import queue
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from commandwall import backoff, codes, secret
from commandwall.beside import Beside
from commandwall.clock import SECOND, Clock, Ms
from commandwall.config import Broker, Settings
from commandwall.store.pulse import NEVER

log = logging.getLogger(__name__)
QOS = 1
PAUSE_S = 0.2
"""Between two looks whether to end, while nothing can be done."""


class Unreadable(Exception):
    """The broker's password cannot be read."""


def made(broker: Broker, settings: Settings, name: str) -> paho.Client:
    """A client of a broker, not yet connected, whose session lasts. May raise Unreadable, and
    OSError for certificates."""
    client = paho.Client(
        CallbackAPIVersion.VERSION2, name, clean_session=False, protocol=paho.MQTTv311,
        reconnect_on_failure=False, manual_ack=True,
    )  # fmt: skip
    client.connect_timeout = codes.limit("feed_alive_seconds")
    if broker.tls:
        client.tls_set(settings.mqtt_ca_file or None)
    if broker.user:
        try:
            known = secret.password(broker.address, settings.mqtt_secret_file)
        except OSError as why:
            raise Unreadable(str(why)) from why
        client.username_pw_set(broker.user, known)
    return client


class Message(NamedTuple):
    """What a broker sent."""

    line: Line
    turn: int  # of the connection: an acknowledgement means nothing to a later one
    no: int  # by which it is acknowledged; 0 at QoS 0
    topic: str
    body: bytes
    at: Ms  # when it was drained


@dataclass(slots=True)
class Standing:
    """How it stands with a broker."""

    joined: bool = False
    at: Ms = NEVER  # newest message
    tries: int = 0  # failed connections in a row
    next_try_at: Ms = NEVER
    trouble: str = ""  # "unreachable", "refused" by the broker, "certificate", "secret" unreadable


class Line(Beside):
    """The connection to one broker."""

    def __init__(
        self, broker: Broker, settings: Settings, client: str, clock: Clock,
        into: queue.Queue[Message],
    ) -> None:  # fmt: skip
        super().__init__(f"mqtt {broker.host}")
        self.broker, self.standing = broker, Standing()
        self._settings, self._client, self._clock, self._into = settings, client, clock, into
        self._warned = _topics(settings.mqtt_warnings)
        self._topics = [*_topics(settings.mqtt_topics), *self._warned]
        self._turn = 0
        self._paho: paho.Client | None = None

    def run(self) -> None:
        while not self._halt.is_set():
            try:
                self._follow()
            except Exception:  # whatever a broker sends ends nothing but its connection
                log.exception("the line to %s failed", self.broker.address)
                self.standing.trouble = "unreachable"
            self._wait()

    def warns(self, topic: str) -> bool:
        """Whether messages of a topic are CAP warnings."""
        return any(paho.topic_matches_sub(one, topic) for one in self._warned)

    def acknowledge(self, message: Message) -> None:
        """Its readings were taken; from any thread. Of an earlier connection it comes again."""
        if message.no and message.turn == self._turn and self._paho is not None:
            self._paho.ack(message.no, QOS)

    def halt(self) -> None:
        """Tell it to end, and wait for nothing."""
        self._halt.set()
        if self._paho is not None:
            self._paho.disconnect()

    def stop(self) -> None:
        self.halt()
        super().stop()

    def _follow(self) -> None:
        """One connection, from its beginning to its end."""
        self._turn += 1
        try:
            client = self._paho = self._client_made()
            broker, alive = self.broker, int(codes.limit("feed_alive_seconds"))
            client.connect(broker.host, broker.port, keepalive=alive)
            if self._halt.is_set():
                client.disconnect()
            client.loop_forever()
        except Unreadable as why:
            self._trouble("secret", why)
        except OSError as why:
            certificate = "certificate" in str(why).lower()
            self._trouble("certificate" if certificate else "unreachable", why)
        finally:
            self.standing.joined = False

    def _client_made(self) -> paho.Client:
        client = made(self.broker, self._settings, self._client)
        client.on_connect, client.on_message = self._connected, self._came
        client.on_subscribe = self._joined
        client.on_disconnect = self._parted
        return client

    # What paho tells, on this thread.

    def _connected(self, client: paho.Client, _: Any, __: Any, code: Any, ___: Any) -> None:
        if code.is_failure:
            self._trouble("refused", code)
        else:
            client.subscribe([(topic, QOS) for topic in self._topics])

    def _joined(self, _: Any, __: Any, ___: Any, codes: list[Any], ____: Any) -> None:
        """The broker took the subscription: what is said before it never comes here."""
        if refused := [code for code in codes if code.is_failure]:
            self._trouble("refused", refused[0])
            return
        log.info("joined %s", self.broker.address)
        self.standing = Standing(joined=True, at=self.standing.at)

    def _parted(self, _: Any, __: Any, ___: Any, code: Any, ____: Any) -> None:
        self.standing.joined = False
        if code.is_failure and not self._halt.is_set():
            self._trouble(self.standing.trouble or "unreachable", code)

    def _came(self, _: Any, __: Any, message: paho.MQTTMessage) -> None:
        """Where the queue is full the broker waits: what it holds back it still has."""
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        now = self.standing.at = self._clock.now()
        made = Message(
            self, self._turn, message.mid if message.qos else 0, topic, bytes(message.payload), now
        )
        while not self._halt.is_set():
            with suppress(queue.Full):
                self._into.put(made, timeout=PAUSE_S)
                return

    # Trouble.

    def _trouble(self, code: str, why: object) -> None:
        if self.standing.trouble != code:
            log.warning("%s: %s (%s)", self.broker.address, code, why)
        self.standing.trouble = code

    def _wait(self) -> None:
        pause = backoff.pause(backoff.LINE_S, self.standing.tries, backoff.JITTER)
        self.standing.tries += 1
        self.standing.next_try_at = Ms(self._clock.now() + int(pause * SECOND))
        self._halt.wait(pause)


def _topics(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]
