"""A Shapefile is several files; they are brought together and looked through before GDAL is asked.

Names in archives are in any encoding, and GDAL may make files beside what it opens: so it gets
copies under plain names, in a folder of ours.
"""

from __future__ import annotations

import shutil
import struct
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from commandwall.pool.imports.trouble import ImportTrouble, chosen, limit

NEEDED = ("shp", "shx", "dbf")
PARTS = (*NEEDED, "prj", "cpg")
MB = 1 << 20
_MAGIC, _UTF8_NAMES = b"\x00\x00\x27\x0a", 0x800

Parts = Mapping[str, Callable[[], Any]]
"""Ending -> what opens it as a stream of bytes."""


def stage(path: Path, layer: str, folder: Path) -> Path:
    """A copy in `folder` of a Shapefile, or of the one of that name in a zip.

    Raises ImportTrouble for one that lacks a part, was cut off, or is none.
    """
    try:
        with ExitStack() as stack:
            parts = _zipped(path, layer, stack) if path.suffix.lower() == ".zip" else _beside(path)
            if missing := [f".{part}" for part in NEEDED if part not in parts]:
                raise ImportTrouble("parts", file=path.name, missing=", ".join(missing))
            for part, opened in parts.items():
                with opened() as source, (folder / f"layer.{part}").open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    except OSError as error:
        raise ImportTrouble("unreadable", file=str(path), why=error.strerror) from error
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        raise ImportTrouble("not_a_map", file=path.name, why=str(error)) from error
    _check(folder, path.name)
    return folder / "layer.shp"


def _beside(path: Path) -> Parts:
    """The parts in a folder, whatever the case of their endings."""
    near = [p for p in path.parent.iterdir() if p.stem == path.stem]
    return {_part(p.name): partial(p.open, "rb") for p in near if _part(p.name) in PARTS}


def _zipped(path: Path, layer: str, stack: ExitStack) -> Parts:
    archive = stack.enter_context(zipfile.ZipFile(path))
    if sum(info.file_size for info in archive.infolist()) > limit("layer_mb") * MB:
        raise ImportTrouble("too_large", file=path.name, limit=limit("layer_mb"))
    found: dict[str, dict[str, Callable[[], Any]]] = defaultdict(dict)
    for info in archive.infolist():
        name = PurePosixPath(_name(info))
        if _part(name.name) in PARTS and "__MACOSX" not in name.parts:
            found[name.stem][_part(name.name)] = partial(archive.open, info)
    return found[chosen([stem for stem, parts in found.items() if "shp" in parts], layer, path)]


def _name(info: zipfile.ZipInfo) -> str:
    """The name as its owner wrote it: archives of Chinese Windows do not say that theirs is GBK."""
    if info.flag_bits & _UTF8_NAMES:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return info.filename


def _part(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _check(folder: Path, file: str) -> None:
    """ImportTrouble where a part is shorter than its own head says."""
    shp, shx, dbf = (folder / f"layer.{part}" for part in NEEDED)
    for part in (shp, shx):
        head = _head(part)
        if head[:4] != _MAGIC:
            raise ImportTrouble("not_a_map", file=file, why=part.suffix)
        whole(part.stat().st_size, 2 * struct.unpack(">i", head[24:28])[0], file)
    rows, first, each = struct.unpack("<IHH", _head(dbf)[4:12])
    whole(dbf.stat().st_size, first + rows * each, file)


def whole(there: int, said: int, file: str) -> None:
    """ImportTrouble for a file of fewer bytes than it says itself."""
    if there < said:
        raise ImportTrouble("cut", file=file, there=there, said=said)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(100).ljust(100, b"\0")
