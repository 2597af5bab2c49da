"""Refuses a Python and a PySide6 that kill each other, before Qt is loaded.

PySide6 6.12 drops one reference to None on each void call; under Python before 3.12, where None
is not immortal, the process dies after about 5,000 calls.
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version


class BrokenPairing(Exception):
    """This Python cannot run this PySide6; the text says what to install."""


def check() -> None:
    """Raises BrokenPairing with the line that mends it."""
    if reason := broken(_installed(), sys.version_info[:2]):
        raise BrokenPairing(reason)


def broken(pyside: str, python: tuple[int, int]) -> str:
    """Why the two do not go together, or "" where they do."""
    mend = f'mend: {sys.executable} -m pip install "PySide6-Essentials>=6.9,<6.12"'
    if not pyside:
        return f"PySide6 is not installed; {mend}"
    number = tuple(int(part) for part in pyside.split(".")[:2])
    if number < (6, 9):
        return f"PySide6 {pyside} is too old; {mend}"
    if number >= (6, 12) and python < (3, 12):
        return f"PySide6 {pyside} kills Python {python[0]}.{python[1]} after a while; {mend}"
    return ""


def _installed() -> str:
    try:
        return version("PySide6-Essentials")
    except PackageNotFoundError:
        return ""
