"""What Qt calls in our classes: a fault there is told in the log and ends nothing.

With Python 3.11 it would end the wall: where such a method is called while our own code runs (a
drawer that is closed by a key), PySide keeps the fault to raise it there, and takes one that was
raised by C code, as most are, for something it is not (PySide6 6.9 to 6.12, storing what an
override raised). A fault that any `except` has met is whole, so one is enough.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from types import FunctionType
from typing import Any

from PySide6.QtCore import QObject

log = logging.getLogger(__name__)
BIRTH = "__init_subclass__"
ASKED = ("event", "eventFilter")
"""Events that are answered with whether they were taken."""


def guard() -> None:
    """From now on, for the classes that are there and those that come."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _note
    if isinstance(vars(QObject).get(BIRTH), classmethod):
        return
    for kind in _kinds(QObject):
        _guard(kind)
    setattr(QObject, BIRTH, classmethod(_born))


def _born(kind: type[Any], /, **kw: Any) -> None:
    super(QObject, kind).__init_subclass__(**kw)
    _guard(kind)


def _kinds(kind: type[Any]) -> Iterator[type[Any]]:
    for below in type.__subclasses__(kind):
        yield below
        yield from _kinds(below)


def _guard(kind: type[Any]) -> None:
    qt = [base for base in kind.__mro__ if base.__module__.startswith("PySide6.")]
    for name, method in list(vars(kind).items()):
        overrides = any(name in vars(base) for base in qt)
        if overrides and isinstance(method, FunctionType) and not name.startswith("__"):
            setattr(kind, name, _guarded(name, method))


def _guarded(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """An event is over with its fault; of what has to answer with a thing the fault goes on."""

    @wraps(method)
    def called(*args: Any, **kw: Any) -> Any:
        try:
            return method(*args, **kw)
        except Exception:
            if name in ASKED or name.endswith("Event"):
                log.exception("uncaught")
                return False if name in ASKED else None
            raise

    return called


def _note(*fault: Any) -> None:
    """What nobody caught goes where faults are looked for too."""
    log.error("uncaught", exc_info=fault)
    sys.__excepthook__(*fault)
