"""What can be wrong: with the file (nothing is imported) or with one row (it is kept aside)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from commandwall import codes


class ImportTrouble(Exception):
    """The import cannot run: `code` is a row of the list import_trouble, `facts` fill its words."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(f"{code} {facts}")
        self.code, self.facts = code, facts

    def sentence(self, lang: str = "zh") -> str:
        """What happened and what to do about it."""
        return codes.load("import_trouble")[self.code].name(lang).format(**self.facts)


class RowFault(Exception):
    """One row cannot be taken: its field, and a row of the list import_reason."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


def limit(name: str) -> int:
    """A limit of the list import_limit."""
    return int(codes.load("import_limit")[name].facts["value"])


def chosen(names: Sequence[str], named: str, path: Path) -> str:
    """The layer that a person named, or the only one; ImportTrouble asks where there are more."""
    there = ", ".join(names)
    if not names:
        raise ImportTrouble("no_layer", file=path.name)
    if named and named not in names:
        raise ImportTrouble("layer_unknown", file=path.name, layer=named, there=there)
    if not named and len(names) > 1:
        raise ImportTrouble("layer_which", file=path.name, there=there)
    return named or names[0]
