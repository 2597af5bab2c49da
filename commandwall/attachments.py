"""Attachments 附件: files that belong to an event, a directive, an incident or a row of the pool.

The record travels with its row, by the journal or the feed; the bytes travel apart, by pieces,
under their SHA-256 (`files/`, `pool/porter.py`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from commandwall import events
from commandwall.clock import Ms
from commandwall.files import content
from commandwall.files.kept import Kept, Taken
from commandwall.store.schema import MIRROR, WALL, kinds, record
from commandwall.store.store import Reader, Refused, Tx
from commandwall.store.written import present

PRUNED = -1
"""Of `held`: the pool had the bytes, and they grew too old."""
WANTED = "file_wanted:"
"""Setting of this station, with the hash behind it: a person asked for the bytes."""


@record(MIRROR, index=("area", "subject"))
@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a row; the city attached it, or a station whose act arrived."""

    id: str
    subject: str  # the record it belongs to
    name: str
    mime: str
    size: int
    at: Ms
    kind: str = ""  # of the subject: event, directive, place ...
    sha256: str = ""  # of the bytes; the id where it is empty
    area: str = ""  # where the subject lies, as the pool found out
    held: int = 0  # bytes that the pool has: 0 none yet, -1 no longer
    thumb: int = 0  # 1: the pool has a small picture of it
    by: str = ""
    post: str = ""
    rev: int = 0


@record(WALL, index=("subject",))
@dataclass(frozen=True, slots=True)
class AttachedFile:
    """What a station attached, until the pool's own row of it arrives."""

    id: str
    kind: str
    subject: str
    sha256: str
    name: str
    mime: str
    size: int
    at: Ms
    by: str
    post: str


@dataclass(frozen=True, slots=True)
class FileView:
    """An attachment as shown: its row, and how much of it is where."""

    file: Attachment
    sent: bool  # the pool has a row of it
    here: int  # bytes on this machine; the size where it is whole
    thumb: str  # path of a small picture that this machine made; "" for none
    refused: bool = False  # it came, and may not be attached by what it is
    ours: bool = False  # this station attached it

    @property
    def whole(self) -> bool:
        return not self.refused and self.here >= self.file.size

    @property
    def stored(self) -> bool:
        """Whether the pool has all bytes."""
        return self.file.held >= self.file.size


def _event(tx: Tx, kind: str, key: str) -> None:
    events.view(tx, key)


def _ours(tx: Tx, kind: str, key: str) -> None:
    """A record of the journal, by the name of its table."""
    present(tx, kinds(WALL)[kind], key)


SUBJECTS: Mapping[str, Callable[[Tx, str, str], None]] = {
    "event": _event,
    "directive": _ours,
    "incident": _ours,
}
"""To what a person may attach a file, and what looks whether it is there."""


def attach(tx: Tx, kind: str, subject: str, taken: Taken) -> None:
    """附件: a file that is on disk here now belongs to an event, a directive or an incident."""
    if kind not in SUBJECTS:
        raise Refused("unknown", kind=kind, id=subject)
    SUBJECTS[kind](tx, kind, subject)
    same: dict[str, Any] = {"subject": subject, "sha256": taken.sha256}
    ours, arrived = tx.find(AttachedFile, **same), tx.find(Attachment, **same)
    if ours or arrived:
        raise Refused("attached", name=taken.name)
    t, key = taken, str(uuid.uuid4())
    tx.put(
        AttachedFile(key, kind, subject, t.sha256, t.name, t.mime, t.size, tx.now, tx.by, tx.post)
    )


def has_picture(reader: Reader, subject: str) -> bool:
    """Whether a photo belongs to a record, as far as this station knows."""
    ours = [f.mime for f in reader.find(AttachedFile, subject=subject)]
    arrived = [a.mime for a in reader.find(Attachment, subject=subject)]
    return any(map(is_picture, ours + arrived))


def fetched(tx: Tx, keys: Sequence[str]) -> None:
    """What a person asked for is here, or cannot come: the wish is over."""
    tx.run("DELETE FROM setting WHERE key = ?", [(f"{WANTED}{key}",) for key in keys])


def asked(reader: Reader) -> list[str]:
    """Hashes of what a person asked for, which is not here yet."""
    sql = "SELECT substr(key, :n) FROM setting WHERE key GLOB :p ORDER BY key"
    return [key for (key,) in reader.rows(sql, n=1 + len(WANTED), p=f"{WANTED}*")]


def from_stations(reader: Reader) -> list[tuple[Attachment, str]]:
    """Rows of which the pool lacks the file or the small picture, and the station of each."""
    names = ", ".join(f'a."{name}"' for name in Attachment.__slots__)
    sql = (
        f"SELECT {names}, coalesce(v.origin, '') FROM attachedfile f JOIN attachment a USING (id) "
        "LEFT JOIN version v ON v.record = 'attachedfile:' || f.id "
        "WHERE a.held = 0 OR (a.thumb = 0 AND a.mime LIKE 'image/%') ORDER BY a.at"
    )
    return [(Attachment(*row), origin) for *row, origin in reader.rows(sql)]


def held(reader: Reader, since: Ms, asked: Sequence[str]) -> list[Attachment]:
    """Rows of which the pool has something, the newest first: since a moment, and the asked."""
    names = ", ".join(f'"{name}"' for name in Attachment.__slots__)
    recent = reader.rows(
        f"SELECT {names} FROM attachment WHERE (held > 0 OR thumb = 1) AND at > :s", s=since
    )
    rows = {row[0]: Attachment(*row) for row in recent}
    rows |= {a.id: a for a in reader.many(Attachment, asked, field="sha256")}
    return sorted(rows.values(), key=lambda a: (-a.at, a.id))


def views(reader: Reader, kept: Kept, subject: str) -> list[FileView]:
    """The attachments of a record, oldest first: the pool's rows, and before them the station's."""
    rows = {f.id: _as_row(f) for f in reader.find(AttachedFile, subject=subject)}
    arrived = {a.id: a for a in reader.find(Attachment, subject=subject)}
    shown = sorted((rows | arrived).values(), key=lambda a: (a.at, a.id))
    ours = _attached_here(reader, subject)
    return [replace(_view(a, a.id in arrived, kept), ours=a.id in ours) for a in shown]


def _attached_here(reader: Reader, subject: str) -> set[str]:
    sql = (
        "SELECT f.id FROM attachedfile f JOIN version v ON v.record = 'attachedfile:' || f.id "
        "WHERE f.subject = :s AND v.origin = (SELECT value FROM setting WHERE key = 'origin')"
    )
    return {key for (key,) in reader.rows(sql, s=subject)}


def hash_of(row: Attachment) -> str:
    """Under which name the bytes travel."""
    return row.sha256 or row.id


def _as_row(f: AttachedFile) -> Attachment:
    return Attachment(f.id, f.subject, f.name, f.mime, f.size, f.at, f.kind, f.sha256,
                      by=f.by, post=f.post)  # fmt: skip


def _view(row: Attachment, sent: bool, kept: Kept) -> FileView:
    key = hash_of(row)
    try:
        here, refused = kept.arrived(key), kept.refused(key)
    except ValueError:  # a row of the city whose hash is none: there is nothing to fetch
        here, refused = 0, False
    thumb = kept.thumb(row.id)
    return FileView(row, sent, here, str(thumb) if thumb.exists() else "", refused)


def is_picture(mime: str) -> bool:
    """Whether a small picture can be made of such a content."""
    return content.family(mime) == "image"
