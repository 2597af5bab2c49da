"""The texts of a Shapefile: bytes in an encoding that stands beside them, or nowhere.

GDAL hands them over byte by byte as Latin-1. What the .cpg or a person says is kept to; where
nobody says, all texts together show whether they are UTF-8 or GB 18030.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence

from commandwall.pool.imports.trouble import ImportTrouble

_USUAL = ("utf-8", "gb18030")
_WIDER = {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030"}
"""GB 18030 reads what the older ones wrote, and also what they could not."""

Column = Sequence[str | None]


def encoding(said: str, cpg: str, columns: Sequence[Column], file: str) -> str:
    """The codec of all texts; ImportTrouble for one that does not fit them, or where none does."""
    told = said or cpg
    for codec in (_codec(told, file),) if told.strip() else _USUAL:
        if all(_fits(column, codec) for column in columns):
            return codec
    raise ImportTrouble("dbf_encoding", file=file, encoding=told or ", ".join(_USUAL))


def decoded(column: Column, codec: str) -> list[str | None]:
    """The texts of a column. Raises UnicodeDecodeError."""
    wide = max((len(text) for text in column if text), default=0)
    return [None if text is None else _text(text, codec, len(text) == wide) for text in column]


def _text(text: str, codec: str, full: bool) -> str:
    """One text; of one that fills its column the last character may be half, and goes."""
    if text.isascii():
        return text
    return codecs.getincrementaldecoder(codec)().decode(text.encode("latin-1"), final=not full)


def _fits(column: Column, codec: str) -> bool:
    try:
        decoded(column, codec)
    except UnicodeDecodeError:
        return False
    return True


def _codec(told: str, file: str) -> str:
    """Python's name for "UTF-8", "936", "ANSI 936", "GBK", "ISO 88591" ..."""
    name = told.strip().lower().removeprefix("ansi ").removeprefix("oem ").replace(" ", "")
    for guess in _guesses(name):
        try:
            found = codecs.lookup(guess).name
        except LookupError:
            continue
        return _WIDER.get(found, found)
    raise ImportTrouble("encoding_unknown", file=file, encoding=told)


def _guesses(name: str) -> Iterable[str]:
    if name in ("65001", "cp65001"):
        return ("utf-8",)
    return (f"cp{name}",) if name.isdigit() else (name, name.replace("8859", "8859-"))
