"""The mark of a drill's world 演练: a file in its data directory, by which every program knows.

Whoever opens such a directory, by whatever settings, is in the drill: what leads out of it is
replaced (config.py), and whatever leaves it says so at its head.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

FILE = "drill.json"
DRILLS = "drills"
"""Folder of the drills in a data directory."""
SCENARIO = "scenario.toml"
"""The scenario beside it, as it was when the drill was begun; where a player sits there is none."""
SECRET = "pool.secret"
"""The password of a station that joined the drill of another."""
MARK = "【演练】"
"""At the head of whatever is shown or goes out, in any language."""


class Exercise(msgspec.Struct, frozen=True):
    """Which drill a data directory belongs to: its run, and the scenario that is played."""

    run: str
    scenario: str  # its id
    version: int
    digest: str  # of its text
    zh: str
    en: str
    pool: str = ""  # its address, of who joined; "" where the drill's own pool runs here

    def name(self, lang: str) -> str:
        return self.en if lang == "en" else self.zh


READ = msgspec.json.Decoder(Exercise)


UNREAD = Exercise("?", "?", 0, "", "脚本不明", "unknown scenario")
"""A mark that cannot be read marks too."""


def of(folder: Path) -> Exercise | None:
    """The drill whose world a data directory is; None for the real one."""
    try:
        return READ.decode((folder / FILE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError):
        return UNREAD


def within(folder: Path) -> Iterator[tuple[Path, Exercise]]:
    """The drills of a folder that holds their directories, each with its own."""
    for file in sorted(folder.glob(f"*/{FILE}")):
        found = of(file.parent)
        if found is not None and not file.parent.name.startswith("."):
            yield file.parent, found


def lay(folder: Path, exercise: Exercise) -> None:
    """Make a data directory a drill's, for good."""
    (folder / FILE).write_bytes(msgspec.json.encode(exercise))


def mark(folder: Path) -> str:
    """What stands at the head of what leaves a data directory; "" for the real one."""
    return MARK if of(folder) is not None else ""
