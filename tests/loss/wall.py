"""A real wall that a tester drives: the whole program, with its orders on stdin.

`python tests/loss/wall.py FLAGS...` takes the flags of `commandwall`. Each line of stdin is one
order in JSON; it is done in Qt's thread as a panel does it, and answered on stdout: an act only
when its transaction is on disk, since only then does the desk tell the screen. What the wall says
of its pool and its agent is told whenever it changes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from loss import acts
from loss.frames import FRAME_MS, Frames
from PySide6.QtCore import QObject, QSocketNotifier, Qt, QTimer

import main
from commandwall import cli, event_lists, platform
from commandwall.alarms import Alarm
from commandwall.desk import Done
from commandwall.directives import Directive
from commandwall.picture import Changes
from commandwall.saved_views import Filter
from commandwall.store import database
from widgets.courier import Courier

LOOK_MS = 50
CARELESS = "LOSS_CARELESS"
"""Variable by which both programs write with `synchronous=OFF`."""
HEADLINES = ("磁盘已满", "中心池已断开", "采集程序已停", "中心池尚未接通")


class Lists(QObject):
    """When what the window shows first held each event: its list, its search, its count of all."""

    def __init__(self, wall: Any) -> None:
        super().__init__(wall)
        self._wall, self._word = wall, ""
        self._listed, self._found = dict[str, float](), dict[str, float]()
        self._counted, self._seen = dict[int, float](), set[str]()
        self._eye = QTimer(self)
        self._eye.setTimerType(Qt.TimerType.PreciseTimer)
        self._eye.timeout.connect(self.look)

    def take(self, word: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Those since the last call; then list what a filter holds and search for a word, again and
        again; "" ends that."""
        told = {"listed": self._listed, "found": self._found, "counted": self._counted}
        self._listed, self._found, self._counted, self._seen = {}, {}, {}, set()
        self._wall.open_page("events")
        self._queue.apply(Filter(**asked))
        begun, self._word = bool(self._word), word
        self._eye.start(FRAME_MS) if word else self._eye.stop()
        if not begun:
            self._search()
        return told

    def look(self) -> None:
        """Each frame, what the list itself has taken in: panels are told one after another. A new
        row stands in it, or is told below it."""
        now = time.monotonic()
        if self._word and (known := self._queue._known) is not self._seen:
            self._seen = known
            for key in known:
                self._listed.setdefault(key, now)
        self._counted.setdefault(self._wall.picture.counters.total, now)

    @property
    def _queue(self) -> Any:
        return self._wall.page.panels["event_queue"]

    def _search(self) -> None:
        if word := self._word:
            self._queue.ask(lambda reader: event_lists.search(reader, word), self._take)

    def _take(self, found: list[Any]) -> None:
        now = time.monotonic()
        for view in found:
            self._found.setdefault(view.event.id, now)
        QTimer.singleShot(FRAME_MS, self._search)


class Hand(QObject):
    """Does the orders of a tester on one wall."""

    def __init__(self, wall: Any) -> None:
        super().__init__(wall)
        self._wall, self._rest = wall, b""
        self._said: dict[str, Any] = {}
        self._frames, self._lists = Frames(self), Lists(self._wall)
        self._ear = QSocketNotifier(0, QSocketNotifier.Type.Read, self)
        self._ear.activated.connect(self._hear)
        self._eye = QTimer(self)
        self._eye.timeout.connect(self._watch)
        self._eye.start(LOOK_MS)
        wall.crossing.shown.connect(self._arrived)

    def _hear(self) -> None:
        if not (found := os.read(0, 1 << 16)):
            self._ear.setEnabled(False)
            self._wall.close()  # its tester is gone
        self._rest += found
        *whole, self._rest = self._rest.split(b"\n")
        for line in whole:
            self._do(json.loads(line))

    def _arrived(self, changes: Changes) -> None:
        """Tell what the wall shows anew of directives and alarms; the wall heard of it before
        us."""
        self._lists.look()
        if raised := {a.sensor: a.state for a in changes.of(Alarm)}:
            tell(alarms=raised)
        if shown := {d.id: [d.state, d.text] for d in changes.of(Directive)}:
            tell(shows=shown)

    def _do(self, order: dict[str, Any]) -> None:
        no, when = order["no"], {"handed": order["handed"], "given": time.monotonic()}
        if order["do"] == "look":
            tell(no=no, view=self._view())
        elif order["do"] == "sight":
            seen = self._wall.desk.ask(acts.sight)
            self._courier(no).follow(seen, lambda found: tell(no=no, sight=found))
        elif order["do"] == "frames":
            tell(no=no, frames=self._frames.take())
        elif order["do"] == "lists":
            tell(no=no, lists=self._lists.take(order["word"], order["asked"]))
        elif order["do"] == "post":
            answer = self._wall.desk.take_post(order["post"], order["person"])
            self._courier(no).follow(answer, lambda done: tell(no=no, ack={}))
        else:
            answer = acts.begin(self._wall.desk, order["do"], order["facts"])
            answer.add_done_callback(lambda _: when.update(done=time.monotonic()))
            self._courier(no).follow(answer, lambda done: tell(no=no, **when, ack=_line(done)))

    def _courier(self, no: int) -> Courier:
        return Courier(self, lambda why: tell(no=no, refused=why))

    def _view(self) -> dict[str, Any]:
        """What the wall shows, as its panels read it."""
        picture = self._wall.picture
        return {
            "events": {e.event.id: [e.state, e.unit] for e in picture.events.values()},
            "directives": {d.id: [d.state, d.text, d.to_post] for d in picture.directives.values()},
            "incidents": {i.id: [i.state, i.title] for i in picture.incidents.values()},
            "alarms": {a.id: a.state for a in picture.alarms.values()},
            "conflicts": len(picture.conflicts),
            "areas": len(picture.areas),
            "backlog": picture.sync.backlog,
        }

    def _watch(self) -> None:
        """Tell what the wall says of pool and agent, when it says something else."""
        trust, sync = self._wall.context.trust, self._wall.picture.sync
        banners = [p for p in self._wall.page.shown() if p.id == "banner"]
        said = {
            "pool": trust.pool is None,
            "slow": trust.slow,
            "agent": trust.agent is None,
            "banner": _headline(banners[0].accessibleDescription()) if banners else "",
            "city": len(self._wall.picture.areas) > 0,
            "whole": sync.filling is None and sync.past is None,
        }
        if said != self._said:
            self._said = said
            tell(says=said)


def tell(**facts: Any) -> None:
    rest = json.dumps({"at": time.monotonic(), **facts}).encode() + b"\n"
    while rest:  # a write that is frozen and goes on returns half done
        rest = rest[os.write(1, rest) :]


def _line(done: Done) -> dict[str, Any]:
    """What names the act's line everywhere: its origin, number and hash; empty where it wrote
    none, since there was nothing to do."""
    line = done.line
    return {"origin": line.origin, "seq": line.seq, "hash": line.hash} if line else {}


def _headline(words: str) -> str:
    """What the banner says is gone, without the time, which changes each second."""
    return next((line for line in HEADLINES if line in words), "")


def be_careless() -> None:
    """Never wait for the disk, neither here nor in the agent, which then starts by this file too:
    what a test of power cuts must notice."""
    writer, start = database.writer, platform.start_child

    def begin(command: list[str], **how: Any) -> Any:
        ours = command[1:] == ["-m", "main", "agent"]
        return start([command[0], __file__, "agent"] if ours else command, **how)

    database.writer = lambda path, _: writer(path, "OFF")
    platform.start_child = begin


def build(settings: Any, parts: Any) -> Any:
    wall = BUILD(settings, parts)
    Hand(wall)
    return wall


if __name__ == "__main__":
    BUILD, main.build = main.build, build
    if os.environ.get(CARELESS):
        be_careless()
    raise SystemExit(cli.run(sys.argv[1:], main.run_wall))
