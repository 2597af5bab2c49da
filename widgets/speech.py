"""The language that the screen speaks now, for the papers of the core."""

from __future__ import annotations

from commandwall.reports.speech import Speech
from widgets.i18n import language, tr


def speech() -> Speech:
    return Speech(tr, language())
