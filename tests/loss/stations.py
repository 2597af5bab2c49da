"""Stations as the conductor of a test of loss sees them: their testers, programs and files."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg

from commandwall import cli, tallies
from commandwall.pool.server import PoolServer
from commandwall.store.database import StoreTrouble
from commandwall.store.store import Reader, Store

TESTER = str(Path(__file__).with_name("tester.py"))
PATIENCE_S = 120.0
"""How long anything may take on a slow machine before the test gives up."""
Fact = dict[str, Any]


class Station:
    """One wall with its tester; `heard` holds what both said, oldest first. `environment` goes to
    the tester and the wall."""

    def __init__(self, folder: Path, side: str, *flags: str, **environment: str) -> None:
        self.folder, self.side = folder, side
        self.log = folder.with_suffix(".log")
        self.heard: list[Fact] = []
        self._news = threading.Condition()
        self._numbers = itertools.count(-1, -1)
        command = [sys.executable, TESTER, str(self.log), "--data-dir", str(folder), "--side", side]
        with folder.with_suffix(".err").open("ab") as errors:
            self._tester = subprocess.Popen(
                [*command, *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env={**os.environ, **OFFSCREEN, **environment},
            )  # fmt: skip
        self._ear = threading.Thread(target=self._listen, daemon=True)
        self._ear.start()

    # What is said.

    def wait(self, what: str, found: Callable[[list[Fact]], Any], limit: float = PATIENCE_S) -> Any:
        """The first true answer of `found(heard)`, asked again with each thing heard."""
        until = time.monotonic() + limit
        with self._news:
            while not (answer := found(self.heard)):
                left = until - time.monotonic()
                assert left > 0, f"{self.side}: waited {limit:.0f} s for {what}: {self.says()}"
                self._news.wait(min(left, 1.0))
        return answer

    def says(self) -> Fact:
        """What the wall that runs now says of its pool, agent and city; empty before it speaks."""
        for fact in reversed(self.heard):
            if "says" in fact:
                return fact["says"]
            if "wall" in fact or "killed" in fact:
                break
        return {}

    def is_well(self) -> bool:
        says = self.says()
        return bool(says) and says["pool"] and says["agent"] and says["city"]

    def wait_well(self) -> None:
        self.wait("pool, agent and city", lambda _: self.is_well())

    def after(self, at: float) -> list[Fact]:
        """What was heard after a moment, newest first."""
        with self._news:
            return list(itertools.takewhile(lambda f: f["at"] > at, reversed(self.heard)))

    def acked_after(self, at: float) -> Fact | None:
        """The line of the newest act that was acknowledged after a moment."""
        return next((f["ack"] for f in self.after(at) if f.get("ack")), None)

    def backlog(self) -> int:
        """Lines on disk that the pool has not taken."""
        return self.read(tallies.backlog)

    # What can be asked.

    def order(self, do: str, **facts: Any) -> int:
        """Give an order through the tester; its number."""
        no = next(self._numbers)
        self._tester.stdin.write(json.dumps({"no": no, "do": do, **facts}).encode() + b"\n")
        self._tester.stdin.flush()
        return no

    def ask(self, do: str, **facts: Any) -> Fact:
        """Give an order and wait for its answer."""
        no = self.order(do, **facts)
        return self.wait(do, lambda heard: next((f for f in heard if f.get("no") == no), None))

    def act(self, do: str, **facts: Any) -> Fact:
        """An act that is acknowledged; the line's origin, number and hash, and the moments at
        which it was given and acknowledged."""
        answer = self.ask(do, facts=facts)
        assert answer.get("ack"), answer
        return {**answer["ack"], "given": answer["given"], "at": answer["at"]}

    def shows(self, text: str, state: str) -> tuple[str, float]:
        """The directive with these words once the wall shows it in a state: its id, the moment."""

        def find(heard: list[Fact]) -> tuple[str, float] | None:
            for fact in reversed(heard):
                for id_, shown in fact.get("shows", {}).items():
                    if shown == [state, text]:
                        return id_, fact["at"]
            return None

        return self.wait(f"{text} {state}", find)

    def view(self) -> Fact:
        return self.ask("look")["view"]

    def busy(self, busy: bool) -> None:
        if busy:
            self.order("busy", busy=True)
        else:
            self.ask("busy", busy=False)  # answered once what was under way is over
            self.ask("look")  # by a wall that is there

    # Its programs.

    @property
    def wall(self) -> int:
        """Process of the wall."""
        return next(f["wall"] for f in reversed(self.heard) if "wall" in f)

    def agent(self) -> int:
        """Process of the agent, whoever started it; 0 where there is none."""
        for process in psutil.process_iter(["cmdline"]):
            try:
                if (process.info["cmdline"] or [])[-1:] == ["agent"] and self._is_ours(process):
                    return process.pid
            except psutil.Error:
                continue
        return 0

    def _is_ours(self, process: psutil.Process) -> bool:
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and process.environ().get("COMMANDWALL_DATA_DIR") == str(self.folder)

    # Its files.

    def read(self, query: Callable[[Reader], Any]) -> Any:
        """Ask wall.db as a program from outside, for as long as it is busy elsewhere."""
        store = Store(self.folder)
        try:
            return until(f"wall.db of {self.side}", lambda: [store.read(query)], StoreTrouble)[0]
        finally:
            store.close()

    def end(self) -> None:
        self._tester.stdin.close()
        self._tester.wait(60)
        self._ear.join()
        self._tester.stdout.close()
        if agent := self.agent():
            os.kill(agent, signal.SIGTERM)
            psutil.wait_procs([psutil.Process(agent)], 60)

    def _listen(self) -> None:
        for line in self._tester.stdout:
            with self._news:
                self.heard.append(json.loads(line))
                self._news.notify_all()


def pair(giver: Station, taker: Station, card: Path) -> None:
    """One shows itself to the other, which knows it from then on."""
    assert _peer(giver, "invite", card) == _peer(taker, "accept", card) == 0


def _peer(station: Station, what: str, card: Path) -> int:
    words = ["peer", "--data-dir", str(station.folder), what, str(card)]
    return cli.run(words, lambda *_: 0)


class Pool:
    """The pool of the hall's data directory, from outside."""

    def __init__(self, folder: Path) -> None:
        self._server = PoolServer(folder / "pool")

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a question, which waits for the pool to be there."""
        return until("the pool", lambda: (self._ask(sql, values),), psycopg.Error, OSError)[0]

    def holds(self, line: Fact) -> bool:
        sql = "SELECT hash FROM cw_journal WHERE origin = %s AND seq = %s"
        return self.rows(sql, line["origin"], line["seq"]) == [(line["hash"],)]

    def server(self) -> int:
        """Process of the server; 0 where there is none."""
        note = self._server.data / "postmaster.pid"
        try:
            pid = int(note.read_text().split()[0])
            return pid if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE else 0
        except (OSError, IndexError, ValueError, psutil.Error):
            return 0

    def _ask(self, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._server.owner() as conn:
            return conn.execute(sql.encode(), values or None).fetchall()


def until(
    what: str, ask: Callable[[], Any], *faults: type[Exception], limit: float = PATIENCE_S,
    said: Callable[[], Any] | None = None,
) -> Any:  # fmt: skip
    """The first true answer of `ask`; the faults count as none. `said`: what is wrong, if not."""
    end, trouble = time.monotonic() + limit, None
    while True:
        try:
            if answer := ask():
                return answer
        except faults as fault:
            trouble = fault
        if time.monotonic() >= end:
            raise AssertionError(f"waited {limit:.0f} s for {what}: {said() if said else trouble}")
        time.sleep(0.02)


OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}
