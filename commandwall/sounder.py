"""Sounds 声音 of the bell: made from rows, played by whatever the system has for it, one at a time.

A machine without a player or a device is no failure: `heard` says so, and the screen shows it.
"""

from __future__ import annotations

import io
import logging
import shutil
import subprocess
import threading
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from commandwall import codes, platform
from commandwall.bell import Ring
from commandwall.codes import Code

log = logging.getLogger(__name__)
FOLDER, RATE, EDGE_S = "sounds", 22_050, 0.01
"""Samples a second; a tone swells and fades so long, else it clicks."""
PATIENCE_S = 5.0
"""How much longer than its sound a player may take."""


def player() -> list[str]:
    """The first program of the list `sound_player` that this machine has; [] where it has none."""
    rows = (list(row.facts["command"]) for row in codes.load("sound_player").values())
    return next((command for command in rows if shutil.which(command[0])), [])


def tones(row: Code, loud: bool) -> bytes:
    """A row of the list `alarm_sound` as a file of sound: WAV, one channel, 16 bit."""
    facts, kind = row.facts, "loud_" if loud else ""
    at = np.arange(int(facts["tone_s"] * RATE)) / RATE
    swell = np.clip(np.minimum(at, at[::-1]) / EDGE_S, 0, 1)
    tone = np.sin(2 * np.pi * facts["hz"] * at) * swell * facts[f"{kind}volume"]
    one = np.concatenate([tone, np.zeros(int(facts["pause_s"] * RATE))])
    samples = np.tile(one, int(facts[f"{kind}tones"])) * np.iinfo(np.int16).max
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(np.dtype(np.int16).itemsize)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return held.getvalue()


class Sounder:
    """Plays on a thread of its own; nobody waits for it. A worse call ends the sound of a milder
    one, any other passes while one is heard."""

    def __init__(self, data: Path, command: Sequence[str]) -> None:
        self._folder, self._command = data / FOLDER, list(command)
        self._lock = threading.Lock()
        self._playing: Ring | None = None
        self._wanted: Ring | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self.heard = bool(command)
        """Whether the last sound came out, as far as its player said."""

    def play(self, ring: Ring) -> None:
        """Begin the sound of a ring, and come back at once."""
        with self._lock:
            heard = (one.severity for one in (self._playing, self._wanted) if one is not None)
            if not self._command or min(heard, default=ring.severity + 1) <= ring.severity:
                return
            self._wanted, idle = ring, self._playing is None
            self._end_child()
            if idle:
                self._playing = ring
                threading.Thread(target=self._work, daemon=True).start()

    def close(self) -> None:
        """End what is played; nothing is played any more."""
        with self._lock:
            self._command, self._wanted = [], None
            self._end_child()

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.terminate()

    def _work(self) -> None:
        while (ring := self._next()) is not None:
            try:
                self.heard = self._sound(ring) or self._wanted is not None
            except Exception:  # else no later alarm would be heard either
                self.heard = False
                log.exception("no sound")

    def _next(self) -> Ring | None:
        with self._lock:
            self._playing, self._wanted, self._child = self._wanted, None, None
            return self._playing

    def _sound(self, ring: Ring) -> bool:
        """Whether it came out: waits until it is over."""
        row = codes.load("alarm_sound").get(str(ring.severity))
        if row is None or not self._command:
            return self.heard
        sound = tones(row, ring.loud)
        file = self._folder / f"{ring.severity}{'-loud' if ring.loud else ''}.wav"
        if not file.exists() or file.read_bytes() != sound:
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(sound)
        self._child = platform.start_child(
            [part.replace("{file}", str(file)) for part in self._command]
        )
        try:
            return self._child.wait(len(sound) / (2 * RATE) + PATIENCE_S) == 0
        except subprocess.TimeoutExpired:
            platform.end(self._child)
            return False
