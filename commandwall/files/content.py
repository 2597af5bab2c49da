"""What a file is, told by its bytes and never by its name.

Only what the list `attachment_type` names is taken. What could run or load something when it is
opened (programs, scripts, shortcuts, web pages, SVG, archives, office files with macros) has no
type here, and is refused by what it is.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from commandwall import codes
from commandwall.plain import SCAR, clean

HEAD = 4096
"""Bytes at the beginning that tell the type."""
NAME_CHARS = 80
MOST_ENTRIES, MOST_RATIO, MOST_UNPACKED = 1_000, 100, 200_000_000
"""Of a zipped office file (reliability S-10)."""
_PACKED = 1_000_000
"""Bytes below which a high ratio is nothing: empty cells pack well."""
_SHAPES: tuple[tuple[str, str], ...] = (
    ("image/jpeg", r"\xff\xd8\xff"),
    ("image/png", r"\x89PNG\r\n\x1a\n"),
    ("image/gif", r"GIF8[79]a"),
    ("image/webp", r"RIFF.{4}WEBP"),
    ("image/bmp", r"BM.{4}\x00\x00\x00\x00.{4}[\x0c-\x7c]\x00\x00\x00"),
    ("image/tiff", r"II\*\x00|MM\x00\*"),
    ("image/heic", r".{4}ftyp(heic|heix|mif1|msf1)"),
    ("application/pdf", r"%PDF-[12]\."),
    ("audio/amr", r"#!AMR(-WB)?\n"),
    ("audio/mpeg", r"ID3|\xff[\xfb\xf3\xf2]"),
    ("audio/wav", r"RIFF.{4}WAVE"),
    ("audio/ogg", r"OggS"),
    ("audio/flac", r"fLaC"),
    ("audio/mp4", r".{4}ftypM4A"),
    ("video/quicktime", r".{4}ftypqt  "),
    ("video/3gpp", r".{4}ftyp3g"),
    ("video/mp4", r".{4}ftyp(isom|iso[2-9]|mp4[12]|avc1|dash|M4V|MSNV|hvc1)"),
    ("video/x-msvideo", r"RIFF.{4}AVI "),
    ("video/x-matroska", r"\x1a\x45\xdf\xa3"),
    ("executable", r"MZ|\x7fELF|\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe"),
    ("shortcut", r"L\x00\x00\x00\x01\x14\x02\x00|\s*\[(Desktop Entry|InternetShortcut)\]"),
    ("script", r"#!|(?i:@echo|<\?php)"),
    ("archive", r"Rar!|7z\xbc\xaf|\x1f\x8b|BZh|\xfd7zXZ|MSCF|.{257}ustar"),
    ("svg", r"(\xef\xbb\xbf)?\s*<(?i:\?xml|svg)"),
    ("web", r"(\xef\xbb\xbf)?\s*<(?i:!doctype|html|head|body|script|!--)|MIME-Version:"),
)
_KNOWN = tuple((name, re.compile(s.encode("latin-1"), re.S)) for name, s in _SHAPES)
_OFFICE = "application/vnd.openxmlformats-officedocument."
_PARTS = {
    "word/": f"{_OFFICE}wordprocessingml.document",
    "xl/": f"{_OFFICE}spreadsheetml.sheet",
    "ppt/": f"{_OFFICE}presentationml.presentation",
}
_STREAMS = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MACROS = ("_VBA_PROJECT", "VBA", "Macros")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


class Unfit(Exception):
    """A file that is not taken; `code` is a row of the list `attachment_refusal`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def recognise(path: Path) -> str:
    """Media type of a file, one of the list `attachment_type`; Unfit where it is none of them."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise Unfit("empty")
    found = _zipped(path) if head.startswith(b"PK\x03\x04") else _plain(path, head)
    if found not in codes.load("attachment_type"):
        refusals = codes.load("attachment_refusal")
        raise Unfit(found if found in refusals else "unknown")
    return found


def family(mime: str) -> str:
    """image, photo, document, sound, video or office; "" for a type that no list names."""
    row = codes.load("attachment_type").get(mime)
    return str(row.facts["family"]) if row else ""


def named(name: str, mime: str) -> str:
    """A plain file name that ends as such a content does, whatever the given one said."""
    code = codes.load("attachment_type").get(mime)
    last = PurePosixPath(name.replace("\\", "/")).name
    stem = re.sub(r"\.\w{1,8}$", "", clean(last, 4 * NAME_CHARS))
    stem = re.sub(rf'[<>:"/\\|?*%{SCAR}]+', "_", stem).strip(" ._")[:NAME_CHARS]
    if not stem or _RESERVED.fullmatch(stem):
        stem = f"file_{stem}".rstrip("_")
    return f"{stem}.{code.facts['ext']}" if code else stem


def _plain(path: Path, head: bytes) -> str:
    if head.startswith(_OLD_OFFICE):
        return _old_office(path.read_bytes())
    return next((name for name, sign in _KNOWN if sign.match(head)), "unknown")


def _old_office(body: bytes) -> str:
    """The streams of a compound file are named in UTF-16; installers are such files as well."""

    def holds(stream: str) -> bool:
        return f"{stream}\0".encode("utf-16-le") in body

    if any(map(holds, _MACROS)):
        return "macro"
    return next((mime for stream, mime in _STREAMS.items() if holds(stream)), "executable")


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as file:
            return _packed(file.infolist(), lambda name: file.read(name)[:HEAD])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, KeyError):
        return "archive"


def _packed(entries: list[zipfile.ZipInfo], read: Callable[[str], bytes]) -> str:
    """Nothing is unpacked but one line that says the type of an OpenDocument."""
    unpacked, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
    swollen = unpacked > _PACKED and unpacked > MOST_RATIO * max(1, packed)
    if len(entries) > MOST_ENTRIES or unpacked > MOST_UNPACKED or swollen:
        return "bomb"
    names = [e.filename for e in entries]
    if any("vbaproject" in name.lower() or name.startswith("Basic/") for name in names):
        return "macro"
    if any(name.startswith("/") or ".." in PurePosixPath(name).parts for name in names):
        return "archive"
    if "[Content_Types].xml" in names:
        parts = (mime for part, mime in _PARTS.items() if any(n.startswith(part) for n in names))
        return next(parts, "archive")
    first = entries[0] if entries else None
    if first is not None and first.filename == "mimetype" and first.file_size < HEAD:
        return read("mimetype").decode("ascii", "replace").strip()
    return "archive"
