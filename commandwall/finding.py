"""What a check found: one line each, and the exact line that mends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from commandwall.config import REFUSED

OK, WARN, BAD = "ok", "warn", "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and what mends it ("" where nothing is to do)."""

    name: str
    state: str
    fact: str
    mend: str = ""


def tell(findings: Iterable[Finding]) -> int:
    """Print each as it is found; the exit code: REFUSED where one is bad, else 0."""
    code = 0
    for found in findings:
        print(f"[{found.state:>4}] {found.name}: {found.fact}")
        if found.mend:
            print(f"       {found.mend}")
        code = REFUSED if found.state == BAD else code
    return code
