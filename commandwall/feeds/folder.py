"""Warnings from a folder: each CAP file that lies in it is taken.

A file is read as soon as it is whole XML; one that is not yet may still be written, and waits
until nobody has touched it for a while.
"""

from __future__ import annotations

import logging
from pathlib import Path

from commandwall import codes
from commandwall.clock import MINUTE, SECOND, Clock, Ms, day, to_datetime
from commandwall.config import Settings
from commandwall.desk import Desk
from commandwall.feeds import cap, warned
from commandwall.feeds.cap import ACK, ERROR, CapTrouble, Message
from commandwall.feeds.drop import DONE, DropFolder
from commandwall.feeds.mailbox import NAME, folder_of
from commandwall.public_warnings import take_warnings
from commandwall.store.database import StoreTrouble
from commandwall.store.pulse import NEVER
from commandwall.store.store import Refused

log = logging.getLogger(__name__)


class WarningFolder(DropFolder):
    """Watches the folder of the settings."""

    def __init__(self, settings: Settings, desk: Desk, clock: Clock) -> None:
        own = not settings.warnings_folder
        super().__init__(NAME, folder_of(settings), own, "cap_settle_seconds", clock)
        self._senders = frozenset(filter(None, map(str.strip, settings.warnings_from.split(","))))
        self._desk = desk

    def recall(self) -> None:
        """What was brought last, before this agent began."""
        sql = "SELECT max(received_at) FROM publicwarning"
        try:
            self._newest = self._desk.ask(lambda r: r.value(sql)).result() or NEVER
        except StoreTrouble as why:
            log.warning("the newest warning is not known: %s", why)

    def take(self, file: Path) -> None:
        now = self._clock.now()
        try:
            with file.open("rb") as opened:
                data = opened.read(int(codes.limit("cap_bytes")) + 1)
            self._keep(cap.read(data), now)
        except FileNotFoundError:
            return  # whoever wrote it took it back
        except CapTrouble as why:
            if why.why != "xml" or self.settled(file.name):
                self.refuse(file, _reason(why), now)
            return
        self.move(file, DONE)

    def _keep(self, message: Message, now: Ms) -> None:
        """The records of a message on disk; an answer to a message warns of nothing."""
        if self._senders and message.sender not in self._senders:
            raise CapTrouble("alert/sender", "sender", message.sender)
        if message.sent - now > codes.limit("cap_ahead_minutes", day(now)) * MINUTE:
            raise CapTrouble("alert/sent", "ahead", to_datetime(message.sent).isoformat())
        if message.kind in (ACK, ERROR):
            return
        try:
            done = self._desk.run(take_warnings, {"warnings": warned.records(message, now)})
        except Refused as why:
            raise CapTrouble("alert/identifier", "differs", message.identifier) from why
        if done.records:
            self._lag_s = max(0, now - message.sent) / SECOND
            self.took(now)


def _reason(why: CapTrouble) -> list[str]:
    row = codes.load("cap_fault")[why.why]
    return [f"{why.where}: {said} {why.value}".strip() for said in (row.zh, row.en)]
