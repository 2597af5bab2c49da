"""`commandwall drill check FILE...`: what is wrong with a scenario, or what it has."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from commandwall import codes
from commandwall.config import REFUSED, Settings
from commandwall.drill.drill_acts import REAL
from commandwall.drill.offsets import tell
from commandwall.drill.scenario import CONTINGENCY, Inject, Read, Scenario, read
from commandwall.plain import clean

_WORDS = 40
"""Characters of an inject that are printed."""


def check(settings: Settings, files: Sequence[Path]) -> int:
    """Check files; REFUSED where one of them cannot be played."""
    found = [read(file) for file in files]
    for one in found:
        _tell(one, settings.lang)
    return 0 if all(one.scenario for one in found) else REFUSED


def _tell(one: Read, lang: str) -> None:
    name = clean(one.file)
    for fault in one.faults:
        print(f"{name}:{clean(fault, 400)}", file=sys.stderr)
    if one.scenario is None:
        print(f"{name}: {len(one.faults)} faults 处有误", file=sys.stderr)
    else:
        _summary(one.scenario, lang)


def _summary(s: Scenario, lang: str) -> None:
    asked = sum(len(inject.expect) for inject in s.injects)
    watched = sum(len(inject.watch) for inject in s.injects)
    kind = codes.load("drill_type")[s.type].name(lang)
    print(f"{clean(s.id)} {s.version}  {clean(s.zh)}  {clean(s.en)}")
    print(f"  {kind}  {tell(s.begins)} .. {tell(s.ends)}  x{s.rate / REAL:g}  {s.digest[:12]}")
    print(f"  objectives 目标 {len(s.objectives)}  players 参演 {len(s.players)}  "
          f"injects 注入 {len(s.injects)}  branches 分支 {len(s.branches)}  "
          f"expected 应有动作 {asked}  watched 观察 {watched}")  # fmt: skip
    met = Counter(inject.channel for inject in s.injects)
    channels = codes.load("drill_channel")
    print("  " + "  ".join(f"{channels[c].name(lang)} {n}" for c, n in met.most_common()))
    for inject in sorted(s.injects, key=lambda i: (i.at is None, i.at or 0)):
        print(_line(inject, lang))


def _line(i: Inject, lang: str) -> str:
    at = tell(i.at) if i.at is not None else codes.load("drill_inject")[CONTINGENCY].name(lang)
    post = codes.load("post")[i.to].name(lang)
    channel = codes.load("drill_channel")[i.channel].name(lang)
    way = f"  [{i.branch}.{i.way}]" if i.branch else ""
    words = clean(i.en if lang == "en" else i.zh, _WORDS)
    return f"  {at:>8}  {channel} > {post}  {words}{way}"
