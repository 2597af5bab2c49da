"""A lean start: what the libraries of the screen do with every module, and nobody here needs.

PySide looks into the source of each module that is imported after it, whether it asks for other
names of Qt's methods (`from __feature__ import`). None does. Reading half a million lines takes a
second of a start, and Python keeps them all (linecache): 40 MB.

pyqtgraph copies all names of three modules of Qt, for which PySide makes all their classes and
enumerations: a fifth of a second and 9 MB.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import ModuleType
from typing import Any

import PySide6.QtCore  # noqa: F401  (brings the package below)

ASKED = "_mod_uses_pyside"
"""What PySide calls of each module."""
COPIED = "QtCore", "QtGui", "QtWidgets"
"""Modules of which pyqtgraph has copies, to change some names in them."""


def spare_sources() -> None:
    """Call before anything else of the screen is imported. A PySide that does not work so any more
    is left as it is."""
    with suppress(ImportError):
        from shibokensupport import feature  # type: ignore[import-not-found]

        if hasattr(feature, ASKED):
            setattr(feature, ASKED, _never)


def _never(module: object) -> bool:
    return False


@contextmanager
def names_as_asked() -> Iterator[None]:
    """Around the first import of pyqtgraph: Qt's modules tell of no names meanwhile, and its copies
    of them look there for each name that is asked for."""
    rooms = [import_module(f"PySide6.{name}") for name in COPIED]
    told = [vars(room).get("__dir__") for room in rooms]
    for name, room in zip(COPIED, rooms, strict=True):
        copy = ModuleType(f"pyqtgraph.Qt.{name}")
        vars(copy)["__getattr__"] = _asked(room, copy)
        sys.modules[copy.__name__] = copy
        vars(room)["__dir__"] = list
    try:
        yield
    finally:
        for room, before in zip(rooms, told, strict=True):
            del vars(room)["__dir__"]
            vars(room).update({} if before is None else {"__dir__": before})


def _asked(room: ModuleType, copy: ModuleType) -> Callable[[str], Any]:
    def find(name: str) -> Any:
        return vars(copy).setdefault(name, getattr(room, name))

    return find
