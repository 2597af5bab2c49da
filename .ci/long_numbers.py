"""A plug-in of pytest for `make long`: tells with which numbers the tests of a file ran.

A number of a long form is what a test file sets, at its top, by COMMANDWALL_TEST_LONG or LONG; so
nobody has to write them down twice.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

MARKS = {"LONG", "COMMANDWALL_TEST_LONG"}


@pytest.fixture(scope="session", autouse=True)
def long_numbers(
    request: pytest.FixtureRequest, record_testsuite_property: Callable[[str, object], None]
) -> None:
    modules = {item.module for item in request.session.items if isinstance(item, pytest.Function)}
    for module in modules:
        for name in numbers(ast.parse(inspect.getsource(module))):
            if not isinstance(value := getattr(module, name), bool):
                record_testsuite_property(name, shown(value))


def numbers(tree: ast.Module) -> Iterator[str]:
    """Names that a file sets by whether this is the long form."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and MARKS & said(node.value):
            parts = (part for target in node.targets for part in ast.walk(target))
            yield from (part.id for part in parts if isinstance(part, ast.Name))


def said(expression: ast.expr) -> set[str]:
    """Names and words within an expression."""
    found = set()
    for node in ast.walk(expression):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def shown(value: Any) -> str:
    """Of many their number."""
    return f"{len(value)} of them" if isinstance(value, list | tuple) else str(value)
