"""The paper fall-back made in a child program: for a person who asks, and by the agent's schedule,
so that a paper is there when the program is not.

    python -m commandwall.reports.standby FOLDER TARGET ASKED
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import tempfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from commandwall import codes, exercise, platform
from commandwall.beside import Beside
from commandwall.clock import MINUTE, SECOND, Clock, Ms, day
from commandwall.errand import Question, end_with_starter, say
from commandwall.reports import press
from commandwall.reports.fallback import Asked, collect
from commandwall.reports.press import Pressed, Unset
from commandwall.store import space
from commandwall.store.store import Refused, Store

log = logging.getLogger(__name__)

FOLDER, NAME = "papers", "fallback.pdf"
"""Where papers lie in a data directory, and the one that the agent renews there."""
LOOK_S = 60.0
"""Between two looks. The first one waits as long: the start has the machine for itself."""


class Making(Question):
    """A paper that is being made; `answer` is a Pressed, which waits for its name. Refused("unset")
    where it cannot be."""

    def __init__(self, folder: Path, target: Path, asked: Asked) -> None:
        """`folder`: the data directory."""
        self._target, self._room = target, ""
        told = json.dumps(asdict(asked), ensure_ascii=False)
        super().__init__(
            "commandwall.reports.standby", [str(folder), str(target), told], self._made
        )

    def begin(self) -> None:
        self._room = tempfile.mkdtemp(prefix="commandwall-")
        self.env = {"TMPDIR": self._room}

    def end(self, whole: bool) -> None:
        """A child that was ended left what it worked with: there may be whole numbers in it."""
        shutil.rmtree(self._room, ignore_errors=True)
        if not whole:
            press.part_of(self._target).unlink(missing_ok=True)

    def give_up(self) -> None:
        """Nobody wants it any more: nothing is left of it, also where it was made already."""
        self.stop()
        press.part_of(self._target).unlink(missing_ok=True)

    def _made(self, said: dict[str, Any]) -> Pressed | Refused:
        if "why" in said:
            return Refused("unset", why=said["why"])
        return Pressed(Path(said["path"]), self._target, said["sha256"])


def made(folder: Path, target: Path, asked: Asked) -> Pressed:
    """Make it here: beside its place, without its name. Unset, OSError where it cannot be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(Store(folder)) as store:
        paper = store.read(lambda reader: collect(reader, asked))
    return press.press(paper, [target], exercise.mark(folder))[0]


class Keeping(Beside):
    """Renews the paper of a data directory, each so many minutes as the limit `fallback_minutes`
    says; 0: never. Numbers are masked in it: nobody asked for it."""

    every_s = LOOK_S

    def __init__(self, folder: Path, clock: Clock, lang: str) -> None:
        super().__init__("papers")
        self._folder, self._clock, self._lang = folder, clock, lang

    def look(self) -> None:
        if due(self._folder, self._clock.now()) and not space.is_full(self._folder):
            self.renew()

    def renew(self) -> None:
        """Make it anew; the one before stays where that does not come to an end."""
        now = self._clock.now()
        making = Making(self._folder, self._folder / FOLDER / NAME, Asked(self._lang, now))
        while not making.ended.wait(1.0):
            if self._halt.is_set():
                making.stop()
        if not making.answer.cancelled() and making.answer.exception() is None:
            _put(making.answer.result(), now)


def _put(made: Pressed, now: Ms) -> None:
    """In place of the one before, with the time of this station's clock, which a drill sets."""
    try:
        press.put([made])
        os.utime(made.target, (now / SECOND, now / SECOND))
    except OSError as why:  # somebody holds the one before open: the next look tries again
        log.warning("the paper fall-back was not renewed: %s", why)
        made.path.unlink(missing_ok=True)


def due(folder: Path, now: Ms) -> bool:
    """Whether there is no paper yet, or an old one; also one of tomorrow, as a clock that was put
    back leaves it."""
    every = codes.limit("fallback_minutes", day(now)) * MINUTE
    try:
        written = (folder / FOLDER / NAME).stat().st_mtime * SECOND
    except OSError:
        written = 0
    return every > 0 and abs(now - written) >= every


def main(folder: str, target: str, asked: str) -> None:
    """In the child."""
    platform.stand_back(10)
    end_with_starter()
    try:
        one = made(Path(folder), Path(target), msgspec.json.decode(asked.encode(), type=Asked))
    except (Unset, OSError) as why:
        say({"why": str(why)})
    else:
        say({"path": str(one.path), "sha256": one.sha256})


if __name__ == "__main__":
    main(*sys.argv[1:4])
