"""Mentions from a folder: what is good of each file is kept, what is not goes into quarantine with
the number of its row, the field and why; a file of which nothing is good is refused."""

from __future__ import annotations

from pathlib import Path

from commandwall import codes, mentions
from commandwall.clock import DAY, SECOND, Clock, Ms, day
from commandwall.config import Settings
from commandwall.feeds import mention_file, refused
from commandwall.feeds.drop import DONE, DropFolder
from commandwall.feeds.mention_file import Fault, Held

NAME = mentions.FOLDER


class MentionFolder(DropFolder):
    """Watches `mentions` in the data directory, or the folder of the settings."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        given, self._data = settings.mentions_folder, settings.data_dir
        folder = Path(given).expanduser() if given else self._data / NAME
        super().__init__(NAME, folder, not given, "mention_settle_seconds", clock)

    def take(self, file: Path) -> None:
        """One that nobody has touched for a while: a table does not say whether it is whole."""
        if not self.settled(file.name):
            return
        now = self._clock.now()
        try:
            with file.open("rb") as opened:
                data = opened.read(int(codes.limit("mention_bytes")) + 1)
        except FileNotFoundError:
            return  # whoever wrote it took it back
        held = mention_file.read(data, file.name, now)
        refused.write(self._data, [_line(now, file.name, fault) for fault in held.faults])
        if held.mentions:
            self._keep(held, now)
            self.move(file, DONE)
        else:
            told = held.faults[:1] or [Fault(0, "", "empty")]
            self.refuse(file, [said for fault in told for said in _reason(fault)], now)

    def _keep(self, held: Held, now: Ms) -> None:
        oldest = Ms(int(now - codes.limit("hot_from", day(now)) * DAY))
        fresh = [one for one in held.mentions if one.at >= oldest]
        mentions.keep(self._data, fresh)
        mentions.forget(self._data, oldest)
        self.took(now, len(held.mentions))
        self._lag_s = max(0, now - max(one.at for one in held.mentions)) / SECOND


def _line(now: Ms, file: str, fault: Fault) -> dict[str, object]:
    body = fault.value.encode()
    return refused.line(
        now, NAME, file, body, record=fault.row, field=fault.field, reason=fault.why
    )


def _reason(fault: Fault) -> list[str]:
    row = codes.load("mention_fault")[fault.why]
    where = " ".join(filter(None, (f"row {fault.row}" if fault.row else "", fault.field)))
    return [f"{where}: {said} {fault.value}".strip(": ") for said in (row.zh, row.en)]
