"""The program's own text, as tests of the house read it: each file is parsed once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CORE = sorted(p for p in (ROOT / "commandwall").rglob("*.py") if "migrations" not in p.parts)
SCREEN = sorted([*(ROOT / "layers").rglob("*.py"), *(ROOT / "widgets").rglob("*.py")])
ALL = [*CORE, *SCREEN, ROOT / "main.py"]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    """What a file says; nobody changes it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _every(path: Path) -> dict[type[ast.AST], list[ast.AST]]:
    """All nodes of a file by their kind, each kind in the order of `ast.walk`."""
    found: dict[type[ast.AST], list[ast.AST]] = {}
    for node in ast.walk(tree(path)):
        found.setdefault(type(node), []).append(node)
    return found


def nodes(path: Path, *kinds: type[ast.AST]) -> Iterator[Any]:
    """Nodes of some kinds, kind by kind."""
    every = _every(path)
    return (node for kind in kinds for node in every.get(kind, ()))


@cache
def calls(path: Path) -> list[tuple[int, str, ast.Call]]:
    """Line, what is called, and the call."""
    return [(node.lineno, ast.unparse(node.func), node) for node in nodes(path, ast.Call)]


def forget() -> None:
    """Let go of what was read: so many nodes would slow down every collection of garbage."""
    for read in (tree, _every, calls):
        read.cache_clear()
