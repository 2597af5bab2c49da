"""The core: no Qt, no drawing; usable from a shell.

The record classes are imported here because each registers its table when it is defined: every
program of ours then has the same schema, whatever else it imports.
"""

from commandwall import (
    alarms,
    areas,
    attachments,
    calls,
    conflicts,
    events,
    extents,
    incidents,
    indicators,
    reporting,
    resources,
    reviewing,
    sensors,
    sources,
)

__all__ = [
    "alarms", "areas", "attachments", "calls", "conflicts", "events", "extents", "incidents",
    "indicators", "reporting", "resources", "reviewing", "sensors", "sources",
]  # fmt: skip
