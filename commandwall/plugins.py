"""The plug-in door: layers and panels that others wrote enter like our own.

They are entry points of the groups LAYERS and PANELS, or classes that the setting `plugins` names.
A broken one is logged and left out: it never keeps the wall from starting.
"""

from __future__ import annotations

import logging
from collections.abc import Set
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

log = logging.getLogger(__name__)
LAYERS, PANELS = "commandwall.layers", "commandwall.panels"
NAMED = "commandwall.named"
"""The group of what the settings name: a layer or a panel, which only its class tells."""
T = TypeVar("T")
FACTS: tuple[Any, ...] = (str, bool, int | float, Set)
"""Kinds of what a class says of itself."""


def points(group: str, base: type[Any], named: str = "") -> list[EntryPoint]:
    """The installed ones of a group, then those of a text `module:Class, module:Class` that are
    of its kind."""
    given = (name.strip() for name in named.split(","))
    more = [EntryPoint(name.rpartition(":")[2], name, NAMED) for name in given if name]
    return [*entry_points(group=group), *(p for p in more if load(p, base) is not None)]


def load(point: EntryPoint, base: type[T]) -> type[T] | None:
    """The class behind an entry point; None where it is broken or of another kind."""
    try:
        found = point.load()
    except SystemExit:
        log.error("the plug-in %s could not be loaded: it ends the program", point.name)
        return None
    except Exception:
        log.exception("the plug-in %s could not be loaded", point.name)
        return None
    if isinstance(found, type) and issubclass(found, base):
        return found if _is_fit(point, found, base) else None
    if point.group != NAMED or not hasattr(found, "shows"):
        log.error("the plug-in %s could not be loaded: it is no %s", point.name, base.__name__)
    return None


def _is_fit(point: EntryPoint, found: type[Any], base: type[Any]) -> bool:
    """Whether what a class says of itself is of the kind that its base says: else the tick that
    first asks would fail, and all that stands behind it."""
    for name, usual in vars(base).items():
        if name.startswith("_"):
            continue
        kinds = next((k for k in FACTS if isinstance(usual, k)), None)
        if kinds is not None and not isinstance(told := getattr(found, name), kinds):
            why = f"its {name} {told!r} is no {type(usual).__name__}"
            log.error("the plug-in %s could not be loaded: %s", point.name, why)
            return False
    return True
