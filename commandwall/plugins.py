"""The plug-in door: layers and panels that others wrote enter like our own.

They are entry points of the groups LAYERS and PANELS, or classes that the setting `plugins` names.
A broken one is logged and left out: it never keeps the wall from starting.
"""

from __future__ import annotations

import logging
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

log = logging.getLogger(__name__)
LAYERS, PANELS = "commandwall.layers", "commandwall.panels"
NAMED = "commandwall.named"
"""The group of what the settings name: a layer or a panel, which only its class tells."""
T = TypeVar("T")


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
    except Exception:
        log.exception("the plug-in %s could not be loaded", point.name)
        return None
    if isinstance(found, type) and issubclass(found, base):
        return found
    if point.group != NAMED or not hasattr(found, "shows"):
        log.error("the plug-in %s could not be loaded: it is no %s", point.name, base.__name__)
    return None
