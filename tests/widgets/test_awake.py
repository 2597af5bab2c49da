"""The screen lock, over a real message bus with a desktop's service that stands in."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtDBus import QDBusConnection, QDBusVirtualObject
from PySide6.QtWidgets import QWidget

from widgets.awake import PATH, SAVER, Awake

NEEDED = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="there is no dbus-daemon")


class Saver(QDBusVirtualObject):
    """Notes what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, list[Any]]] = []

    def introspect(self, path: str) -> str:
        return ""

    def handleMessage(self, message: Any, line: Any) -> bool:
        self.asked.append((message.member(), message.arguments()))
        return bool(line.send(message.createReply([7])))


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch, qapp: Any) -> Iterator[str]:
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert daemon.stdout is not None
    address = daemon.stdout.readline().strip()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    yield address
    QDBusConnection.disconnectFromBus("saver")
    daemon.terminate()
    daemon.wait()
    daemon.stdout.close()


@NEEDED
def test_it_is_asked_for_while_the_window_is_shown_and_let_go(bus: str, qtbot: Any) -> None:
    line, saver = QDBusConnection.connectToBus(bus, "saver"), Saver()
    assert line.registerService(SAVER) and line.registerVirtualObject(PATH, saver)
    window = QWidget()
    qtbot.addWidget(window)
    awake = Awake(window)
    assert not awake.held
    window.show()
    qtbot.waitUntil(lambda: len(saver.asked) == 1)
    name, told = saver.asked[0]
    assert name == "Inhibit" and told[0] == "commandwall"
    ours = QDBusConnection("commandwall-awake").baseService()
    assert awake.held and ours in line.interface().registeredServiceNames().value()
    window.close()
    assert not awake.held
    # What was asked on a connection ends with it.
    qtbot.waitUntil(lambda: ours not in line.interface().registeredServiceNames().value())


@NEEDED
def test_a_desktop_that_does_not_know_it_is_told_once(
    bus: str, qtbot: Any, caplog: pytest.LogCaptureFixture
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    awake = Awake(window)
    for _ in range(2):
        window.show()
        qtbot.waitUntil(lambda: not awake.held)
        window.hide()
    assert sum("may lock itself" in line for line in caplog.messages) == 1


def test_without_a_bus_the_wall_goes_on(
    monkeypatch: pytest.MonkeyPatch, qtbot: Any, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    window = QWidget()
    qtbot.addWidget(window)
    awake = Awake(window)
    window.show()
    assert not awake.held and "there is no session bus" in caplog.text
