"""At which line each key of a TOML file stands (tomllib reads a file and forgets that), and how a
value is written in one.

For texts that tomllib has read: what is not TOML is not found out here, and gives no error either.
"""

from __future__ import annotations

import json
import re
import tomllib
from bisect import bisect_right
from contextlib import suppress
from datetime import date, time
from typing import Any

Path = tuple[str | int, ...]
"""Keys and numbers (from 0) of array items, from the top: ("inject", 3, "at")."""

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_TEXT = re.compile(
    r'''"""(?:\\.|(?!""")[^\\])*"{3,5}|\'\'\'(?:(?!\'\'\').)*'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'''',
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}#\n]*")


class _Lost(Exception):
    """The text is no TOML from here on."""


def lines(text: str) -> dict[Path, int]:
    """The line, from 1, of each key, table and array item, in the order of the text."""
    scan = _Scan(text)
    with suppress(_Lost, RecursionError, tomllib.TOMLDecodeError):  # what was found is found
        scan.document()
    return scan.found


def written(value: Any) -> str:
    """A value as TOML writes it, on one line: whatever tomllib can have read."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{keyed(key)} = {written(one)}" for key, one in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return repr(value)


def keyed(key: str) -> str:
    """A key as TOML writes it."""
    return key if _BARE_KEY.fullmatch(key) else written(key)


def nearest(found: dict[Path, int], path: Path) -> int:
    """The line of a path, or of what it stands in; 1 where nothing of it is known."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)


class _Scan:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found: dict[Path, int] = {}
        self._starts = [0, *(m.end() for m in re.finditer("\n", text))]
        self._items: dict[Path, int] = {}  # of arrays of tables: the number of the newest

    def document(self) -> None:
        table: Path = ()
        while self._skip() < len(self.text):
            if self._takes("[["):
                table = self._header(True)
            elif self._takes("["):
                table = self._header(False)
            else:
                self._pair(table)

    def _header(self, array: bool) -> Path:
        start = self.at
        self._skip()
        keys = self._keys()
        path: Path = ()
        for n, key in enumerate(keys):
            path = self._down(path, key, array and n == len(keys) - 1)
            self._mark(path, start)
        self._skip()
        if not self._takes("]]" if array else "]"):
            raise _Lost
        return path

    def _down(self, path: Path, key: str, fresh: bool) -> Path:
        """One key further; of an array of tables into its newest table, or a fresh one."""
        path = (*path, key)
        if fresh:
            self._mark(path, self.at)
            self._items[path] = self._items.get(path, -1) + 1
        return (*path, self._items[path]) if path in self._items else path

    def _pair(self, table: Path) -> None:
        start, path = self.at, table
        for key in self._keys():
            path = (*path, key)
            self._mark(path, start)
        self._skip()
        if not self._takes("="):
            raise _Lost
        self._skip()
        self._value(path)

    def _value(self, path: Path) -> None:
        if text := _TEXT.match(self.text, self.at):
            self.at = text.end()
        elif self._takes("["):
            self._array(path)
        elif self._takes("{"):
            while self._skip() < len(self.text) and not self._takes("}"):
                self._pair(path)
                self._skip()
                self._takes(",")
        else:
            bare = _BARE.match(self.text, self.at)
            if bare is None or bare.end() == self.at:
                raise _Lost
            self.at = bare.end()

    def _array(self, path: Path) -> None:
        number = 0
        while self._skip() < len(self.text) and not self._takes("]"):
            self._mark((*path, number), self.at)
            self._value((*path, number))
            number += 1
            self._skip()
            self._takes(",")

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while key := _KEY.match(self.text, self.at):
            self.at = key.end()
            raw = key[0]
            keys.append(tomllib.loads(f"k = {raw}")["k"] if raw[0] in "\"'" else raw)
            dot = _DOT.match(self.text, self.at)
            if dot is None:
                return keys
            self.at = dot.end()
        raise _Lost

    def _skip(self) -> int:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at
        return self.at

    def _takes(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def _mark(self, path: Path, at: int) -> None:
        self.found.setdefault(path, bisect_right(self._starts, at))
