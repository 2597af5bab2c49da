"""The plug-in door: layers and panels that others wrote enter like our own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

log = logging.getLogger(__name__)
LAYERS, PANELS = "commandwall.layers", "commandwall.panels"


def load(group: str, named: Sequence[str] = ()) -> list[type[Any]]:
    """Classes of the installed entry points of a group, then those named `module:Class`.

    A broken one is logged and skipped: it never keeps the wall from starting.
    """
    points = [*entry_points(group=group), *(EntryPoint(n, n, group) for n in named)]
    return [kind for point in points if (kind := _load(point)) is not None]


def _load(point: EntryPoint) -> type[Any] | None:
    try:
        import_module(point.module)
        return point.load()  # type: ignore[no-any-return]
    except Exception:
        log.exception("the plug-in %s could not be loaded", point.value)
        return None
