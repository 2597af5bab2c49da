"""Rows of one incident that are links of a chain: message, decision, request, directive."""

from __future__ import annotations

from typing import Any

from commandwall.incidents import Incident
from widgets import links
from widgets.base import Subject
from widgets.rows import RowList


class LinkedRows(RowList):
    """Remembers the incident and what was chosen last of the chain, here or in another panel."""

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.incident = ""
        self._at: Subject | None = None

    def open(self, subject: Subject) -> None:
        if subject.kind is Incident:
            self.incident = subject.id
            self.renew()
        elif subject.kind in links.KINDS.values():
            self._at = subject
            self.current = subject.id if subject.id in self.keys else ""
            self._show_current()
            self.update()
