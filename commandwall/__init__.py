"""The core: no Qt, no drawing; usable from a shell.

The record classes are imported here because each registers its table when it is defined: every
program of ours then has the same schema, whatever else it imports.
"""

from commandwall import methods  # before the first record

# isort: split
from commandwall import (
    alarms,
    answers,
    areas,
    attachments,
    calls,
    clues,
    co_handling,
    conflicts,
    consulting,
    countersign,
    directives,
    dispatch,
    events,
    exchange,
    exports,
    extents,
    funds,
    handover,
    incidents,
    indicators,
    instructions,
    ladders,
    modes,
    monthly,
    people,
    plans,
    public_warnings,
    reentry,
    repeats,
    reporting,
    requests,
    resources,
    reviewing,
    rollcall,
    rota,
    rule_rows,
    saved_views,
    selfcheck,
    sensors,
    sitreps,
    sources,
    studies,
    tagging,
    unmasking,
    urging,
    verifying,
    whistles,
)
from commandwall.drill import evaluating, play

__all__ = [
    "alarms", "answers", "areas", "attachments", "calls", "clues", "co_handling", "conflicts",
    "consulting", "countersign", "directives", "dispatch", "evaluating", "events", "exchange",
    "exports", "extents", "funds", "handover", "incidents", "indicators", "instructions",
    "ladders", "methods", "modes", "monthly", "people", "plans", "play", "public_warnings",
    "reentry", "repeats", "reporting", "requests", "resources", "reviewing", "rollcall", "rota",
    "rule_rows", "saved_views", "selfcheck", "sensors", "sitreps", "sources", "studies",
    "tagging", "unmasking", "urging", "verifying", "whistles",
]  # fmt: skip
