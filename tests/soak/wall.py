"""A real wall with a duty officer who never rests: what a person does in a day, in some minutes.

`python tests/soak/wall.py SEED FLAGS...` takes the flags of `commandwall`. The officer presses
every key that the open page has, chooses what the picture holds, moves the map, searches, and does
the work on events, alarms and directives. What the program holds is told on stdout, a line of JSON
each time.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QMimeDatabase, QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from shiboken6 import Shiboken

import main
from commandwall import alarms, cli, closing, directives, event_acts, events, incidents
from commandwall.directives import Order
from commandwall.events import ACCEPTED, DISPATCHED, NEW
from commandwall.incidents import Opening
from widgets.base import Subject
from widgets.courier import Courier
from widgets.wall import ON_MAP

DEED_MS, SAMPLE_MS = 120, 2_000
SIZES = ((1920, 1080), (1600, 900), (1080, 1920))
WORDS = ("停水", "噪音", "路灯", "泄漏", "小区", "占道", "")
NEXT = {
    "DELIVERED": directives.acknowledge, "ACKED": directives.execute, "DONE": directives.verify,
}  # fmt: skip


class Officer(QObject):
    """Does one deed after the other on a wall; each is drawn from a seed."""

    def __init__(self, wall: Any, seed: int) -> None:
        super().__init__(wall)
        self.wall, self.random, self.done = wall, random.Random(seed), 0
        self._courier = Courier(self, lambda why: None)
        QMimeDatabase().mimeTypeForFile("a.csv")  # the first dialog of files opens it for good
        self.deeds: list[tuple[int, Callable[[], object]]] = [
            (10, self.press), (8, self.choose), (8, self.pan), (6, self.zoom), (3, self.drill),
            (4, self.turn_page), (6, self.work), (3, self.search), (2, self.escape),
            (1, self.command), (1, self.wear), (1, self.speak), (1, self.resize),
        ]  # fmt: skip
        self._timer, self._eye = QTimer(self), QTimer(self)
        self._timer.timeout.connect(self.act)
        self._eye.timeout.connect(self.tell)
        self._timer.start(DEED_MS)
        self._eye.start(SAMPLE_MS)

    def act(self) -> None:
        if self.wall.is_alive():
            weights, deeds = zip(*self.deeds, strict=True)
            self.random.choices(deeds, weights)[0]()
            self.done += 1

    def tell(self) -> None:
        # Never gc.get_objects: it shows the tuple that another thread is just making.
        picture = self.wall.picture
        held = {
            "deeds": self.done, "blocks": sys.getallocatedblocks(),
            # Never findChildren: PySide keeps what it once knew of Qt's own parts.
            "wrappers": len(Shiboken.getAllValidWrappers()),
            "threads": len(threading.enumerate()),
            "names": sorted(thread.name for thread in threading.enumerate()),
            "events": len(picture.events), "alarms": len(picture.alarms), "at": time.monotonic(),
            "readings": int(picture.sensors.at.sum() % (1 << 40)),
            "trusted": self.wall.context.trust.stopped is None,
            "collects_by_itself": gc.isenabled(),
        }  # fmt: skip
        os.write(1, json.dumps(held).encode() + b"\n")

    # What a person does.

    def press(self) -> None:
        if (asking := QApplication.activeModalWidget()) is not None:
            asking.close()  # no key reaches the wall while a dialog of files waits for an answer
            return
        keys = [c.key for c in self.wall.all_commands() if c.key not in ("", "F11")]
        key = self.random.choice(keys)
        for command in self.wall.all_commands():
            if command.key == key:
                command.run()
                break
        for window in self.wall.maps[1:]:
            window.close()  # a person has two screens

    def escape(self) -> None:
        focus = QApplication.focusWidget() or self.wall
        QTest.keyClick(focus, Qt.Key.Key_Escape)

    def choose(self) -> None:
        kind = self.random.choice(list(ON_MAP.values()))
        if shelf := self.wall.picture._shelf(kind):
            subject = Subject(kind, self.random.choice(list(shelf)))
            self.random.choice((self.wall.choose, self.wall.work_on))(subject)

    def pan(self) -> None:
        self.wall.map.navigator.begin()
        for _ in range(4):
            self.wall.map.navigator.pan(*(self.random.uniform(-160, 160) for _ in range(2)))

    def zoom(self) -> None:
        at = (self.random.uniform(0, self.wall.map.width()), 300.0)
        self.wall.map.navigator.zoom(self.random.choice((-3, -1, 1, 3)), *at)

    def drill(self) -> None:
        codes = list(self.wall.picture.areas)
        self.random.choice((
            lambda: self.wall.map.enter(self.random.choice(codes)), self.wall.map.leave,
            self.wall.map.fit,
        ))()  # fmt: skip

    def turn_page(self) -> None:
        self.wall.open_page(self.random.choice(self.wall.file.pages).id)

    def search(self) -> None:
        for panel in self.wall.page.shown():
            if hasattr(panel, "search"):
                panel.search()
                field = QApplication.focusWidget()
                # A file dialog answers a name that is none with a question of its own, and waits.
                if isinstance(field, QLineEdit) and field.window() is self.wall:
                    field.setText(self.random.choice(WORDS))
                    QTest.keyClick(field, Qt.Key.Key_Return)

    def command(self) -> None:
        self.random.choice((self.wall.open_palette, self.wall.open_keys))()

    def wear(self) -> None:
        self.wall.set_theme("day" if self.wall.theme == "dark" else "dark")

    def speak(self) -> None:
        self.wall.set_language(self.random.choice(("zh", "en")))

    def resize(self) -> None:
        self.wall.resize(*self.random.choice(SIZES))

    def work(self) -> None:
        """The next step of some event, alarm, directive; an incident where there is none."""
        picture, desk = self.wall.picture, self.wall.desk
        for view in self._some(picture.events):
            step, facts = _step(view)
            self._follow(desk.do(step, event=view.event.id, **facts))
        for alarm in self._some(picture.alarms):
            self._follow(desk.do(alarms.acknowledge, alarm=alarm.id))
        for directive in self._some(picture.directives):
            if (act := NEXT.get(directive.state)) is not None:
                self._follow(desk.do(act, directive=directive.id))
        opened = [i for i in picture.incidents.values() if i.state == "OPEN"]
        if len(opened) < 3:
            opening = Opening("港区泄漏", "accident", "", "港五路", 120.2, 31.9)
            self._follow(desk.do(incidents.open_incident, opening=opening))
        elif self.random.random() < 0.2:
            self._follow(desk.do(closing.close_incident, incident=opened[0].id, reason="处置完毕"))
        else:
            order = Order(opened[-1].id, "front", "封控港五路")
            self._follow(desk.do(directives.issue, order=order))

    def _some(self, shelf: dict[str, Any]) -> list[Any]:
        return [shelf[self.random.choice(list(shelf))]] if shelf else []

    def _follow(self, answer: Any) -> None:
        self._courier.follow(answer, lambda done: None)


def _step(view: Any) -> tuple[Callable[..., None], dict[str, Any]]:
    if view.state == NEW:
        return events.accept, {}
    if view.state == ACCEPTED:
        return events.dispatch, {"unit": "供水抢修队"}
    if view.state == DISPATCHED:
        return event_acts.sign, {}
    return event_acts.feed_back, {"result": "已修复，现场恢复", "evidence": "现场复测"}


def note(*error: Any) -> None:
    """What a slot of Qt raises goes into the wall's log, where the test looks."""
    logging.getLogger("soak").error("uncaught", exc_info=error)


def build(settings: Any, parts: Any) -> Any:
    wall = BUILD(settings, parts)
    Officer(wall, int(SEED))
    return wall


if __name__ == "__main__":
    SEED, *FLAGS = sys.argv[1:]
    sys.excepthook = note
    BUILD, main.build = main.build, build
    raise SystemExit(cli.run(FLAGS, main.run_wall))
