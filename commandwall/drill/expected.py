"""Expected acts as sentences that can be checked: `directive(verb=cordon).ACKED within 180s`.

Something of the city, which one of it, the state that it must come to, and how soon after the
inject. What can be named stands in the list `drill_expect`, each with the lists of its fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from commandwall import codes
from commandwall.clock import HOUR, MINUTE, SECOND
from commandwall.codes import Code
from commandwall.drill.faults import Faults, shown
from commandwall.drill.toml_lines import Path

EXAMPLE = "directive(verb=cordon).ACKED within 180s"
_SENTENCE = re.compile(r"(\w+)(?:\(([^()]*)\))?\.(\w+) within ([0-9]{1,6}) ?(s|min|h)")
UNITS = {"s": SECOND, "min": MINUTE, "h": HOUR}


@dataclass(frozen=True, slots=True)
class Expected:
    """A sentence taken apart. The limit counts in scenario time from when the inject is sent."""

    thing: str  # row of drill_expect
    where: tuple[tuple[str, str], ...]  # fields and their codes
    state: str
    within: int  # milliseconds
    text: str

    def words(self, lang: str = "zh") -> str:
        """As people say it."""
        row = codes.load("drill_expect")[self.thing]
        named = [codes.load(row.facts["fields"][f])[code].name(lang) for f, code in self.where]
        state = states(row)[self.state].name(lang)
        about = f"（{'、'.join(named)}）" if lang == "zh" else f" ({', '.join(named)})"
        sep = "：" if lang == "zh" else ": "
        return f"{row.name(lang)}{about if named else ''}{sep}{state} ≤ {_told(self.within)}"


def states(row: Code) -> dict[str, Code]:
    """What a thing can come to; those that its row names, or all of its list."""
    known, only = codes.load(row.facts["reaches"]), row.facts.get("states")
    return {id_: code for id_, code in known.items() if only is None or id_ in only}


def taken(sentence: Any) -> Expected | None:
    """What a sentence says, where nothing in it is wrong."""
    return expected(Faults({}, {}), (), sentence)


def expected(faults: Faults, path: Path, sentence: Any) -> Expected | None:
    """What a sentence says; None where something in it is wrong, all of which is told."""
    found = _SENTENCE.fullmatch(sentence) if isinstance(sentence, str) else None
    if found is None:
        told = f"{shown(sentence)} is no sentence like {EXAMPLE}", f"应如 {EXAMPLE}"
        faults.wrong(path, "", *told)
        return None
    thing, fields, state, number, unit = found.groups()
    before = len(faults.found)
    if not faults.among(path, "", thing, codes.load("drill_expect")):
        return None
    row = codes.load("drill_expect")[thing]
    where = tuple(_where(faults, path, row, fields or ""))
    faults.among(path, "", state, states(row))
    within = int(number) * UNITS[unit]
    if not 0 < within <= codes.limit("drill_within_hours") * HOUR:
        most = int(codes.limit("drill_within_hours"))
        faults.wrong(
            path, "", f"{number}{unit} is no limit up to {most}h", f"时限应在 {most} 小时内"
        )
    if len(faults.found) > before:
        return None
    return Expected(thing, where, state, within, found[0])


def _where(faults: Faults, path: Path, row: Code, fields: str) -> Iterator[tuple[str, str]]:
    met: set[str] = set()
    for part in fields.split(",") if fields.strip() else ():
        field, sign, code = (word.strip() for word in part.partition("="))
        if not sign:
            faults.wrong(
                path, "", f"{shown(part)} is not field=code", f"{shown(part)} 应为 项=代码"
            )
        elif field in met:
            faults.wrong(path, "", f"{shown(field)} stands there twice", f"{shown(field)} 重复")
        elif faults.among(path, "", field, row.facts["fields"]):
            met.add(field)
            if faults.coded(path, "", code, row.facts["fields"][field]):
                yield field, code


def _told(ms: int) -> str:
    return f"{ms // MINUTE} min" if ms % MINUTE == 0 else f"{ms // SECOND} s"
