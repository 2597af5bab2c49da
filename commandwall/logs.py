"""The log of a program: bounded files in which no number of a person and no password stands."""

from __future__ import annotations

import faulthandler
import logging
import re
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from commandwall import plain

LOG_BYTES, LOG_FILES = 5_000_000, 5
MOST = 20_000
"""Characters of one entry; an entry may hold a foreign text of any length."""
_SECRETS = (
    (re.compile(r"(://[^:/@\s]+):[^@\s]+@"), r"\1:***@"),
    (re.compile(r"(passw(?:or)?d['\"]?\s*[=:]\s*)[^\s&,;]+", re.IGNORECASE), r"\1***"),
    (
        re.compile(r"([?&](?:tk|(?:api|access)?_?(?:key|token))=)[^\s&'\"]+", re.IGNORECASE),
        r"\1***",
    ),
)

_ESCAPED = re.compile(r"(?<=[^\W_A-Za-z])(?:\\(?:[nrt]|x[\da-f]{2}|u[\da-f]{4}))+(?=[^\W_A-Za-z])")
"""What a repr writes for a sign that is not printed, where it would part a number or a name."""


class Masked(logging.Formatter):
    """Entries as `mask` leaves them."""

    def format(self, record: logging.LogRecord) -> str:
        entry = super().format(record)
        return mask(entry if len(entry) <= MOST else f"{entry[:MOST]}…")


class Kept(RotatingFileHandler):
    """The log's file; what a full disk does not take is on the terminal alone."""

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def mask(text: str) -> str:
    """Numbers of people and passwords made unreadable; what nobody sees leaves a mark."""
    text = plain.mask(_ESCAPED.sub(" ", plain.kept(text)))
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    return text


def start(folder: Path, name: str, level: str) -> None:
    """Log to NAME.log in the folder and to the terminal; a crash leaves NAME.crash."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = Kept(folder / f"{name}.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    handlers: list[logging.Handler] = [kept, logging.StreamHandler()]
    for handler in handlers:
        handler.setFormatter(Masked("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=handlers)
    # Lines at every opening of a file that tell nothing; our own tells of each upgrade.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    faulthandler.enable((folder / f"{name}.crash").open("a"))
