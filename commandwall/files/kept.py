"""Where attached files lie on this machine: the folder `files` of a data directory.

    files/ab/abcd…        a whole file, named by the SHA-256 of its bytes, which was verified
    files/coming/abcd….part   one that arrives in pieces, or is being copied in
    files/thumbs/12/12….jpg   a small picture, by the hash of the attachment's id; made here
    files/bad/            what was not what its name says, the newest few

Names come from hashes alone: nothing that anybody wrote becomes a path. A whole file gets its name
only when its bytes are on disk, so a kill or a power cut leaves a part and never half a file.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from commandwall import codes, platform
from commandwall.clock import DAY, Ms
from commandwall.files import content, thumbnail
from commandwall.files.content import Unfit

CHUNK = 1 << 20
BAD_KEPT = 8
_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that is on disk under its hash; what its content is, and a plain name."""

    sha256: str
    name: str
    mime: str
    size: int


def sound_hash(text: str) -> bool:
    """Whether a text is a SHA-256 as we write it."""
    return _NAME.fullmatch(text) is not None


class Kept:
    """The files of one data directory; several threads and both programs may use it at once."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "files"

    # A file comes in.

    def take(self, source: Path | bytes, name: str) -> Taken:
        """Copy a file in; it is on disk when this returns. Unfit where its content is not taken,
        too large (`too_large`) or where there is none; OSError where it cannot be read."""
        fresh = self._coming(uuid.uuid4().hex)
        try:
            digest, size = self._copy(source, fresh)
            mime = content.recognise(fresh)
            self._settle(fresh, digest)
        finally:
            fresh.unlink(missing_ok=True)
        return Taken(digest, content.named(name, mime), mime, size)

    def arrived(self, sha256: str) -> int:
        """How many bytes of a file are here, of one that still comes in too."""
        for path in (self.body(sha256), self._part(sha256)):
            with contextlib.suppress(FileNotFoundError):
                return path.stat().st_size
        return 0

    def append(self, sha256: str, part: bytes) -> int:
        """The next bytes of a file that comes in; how many are here now."""
        with self._part(sha256).open("ab") as file:
            file.write(part)
            return file.tell()

    def complete(self, sha256: str) -> bool:
        """All bytes came: keep the file, or put it aside where it is not what it should be.

        Also what may not be attached is put aside: Unfit.
        """
        part = self._part(sha256)
        if self.has(sha256):  # a person attached the same meanwhile
            part.unlink(missing_ok=True)
            return True
        try:
            if _digest(part) != sha256:
                self._put_aside(part)
                return False
            content.recognise(part)
        except Unfit:
            self._put_aside(part)
            self._refusal(sha256).parent.mkdir(parents=True, exist_ok=True)
            self._refusal(sha256).touch()
            raise
        self._settle(part, sha256)
        return True

    # What is here.

    def body(self, sha256: str) -> Path:
        """The path of a whole file; ValueError for a name that is no hash."""
        if not sound_hash(sha256):
            raise ValueError("no SHA-256")
        return self.folder / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        return sound_hash(sha256) and self.body(sha256).exists()

    def refused(self, sha256: str) -> bool:
        """Whether a file came whole, and may not be attached by what it is."""
        return sound_hash(sha256) and self._refusal(sha256).exists()

    def thumb(self, attachment: str) -> Path:
        """Where the small picture of an attachment lies, if there is one."""
        name = hashlib.sha256(attachment.encode()).hexdigest()
        return self.folder / "thumbs" / name[:2] / f"{name}.jpg"

    def has_thumb(self, attachment: str) -> bool:
        return self.thumb(attachment).exists()

    def judged(self, attachment: str) -> bool:
        """Whether there is a small picture, or it was tried in vain."""
        path = self.thumb(attachment)
        return path.exists() or path.with_suffix(".none").exists()

    def verify(self, sha256: str) -> bool:
        """Whether a whole file is still what it was; one that is not is put aside."""
        sound = _digest(self.body(sha256)) == sha256
        if not sound:
            self._put_aside(self.body(sha256))
        return sound

    def read(self, sha256: str, at: int, most: int) -> bytes:
        with self.body(sha256).open("rb") as file:
            file.seek(at)
            return file.read(most)

    # What is made of it.

    def draw_thumb(self, attachment: str, source: Path | bytes) -> bool:
        """Make the small picture of an attachment from its file, or from one that came."""
        target = self.thumb(attachment)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh, came = self._coming(uuid.uuid4().hex), self._coming(uuid.uuid4().hex)
        try:
            if isinstance(source, bytes):
                came.write_bytes(source)
            made = thumbnail.make(came if isinstance(source, bytes) else source, fresh)
            if made:
                platform.settle(fresh, target)
            else:
                target.with_suffix(".none").touch()
            return made
        finally:
            fresh.unlink(missing_ok=True)
            came.unlink(missing_ok=True)

    def save_as(self, sha256: str, target: Path) -> None:
        """A copy for a person, under a name of their choice; whole or not at all."""
        fresh = target.with_name(f".{uuid.uuid4().hex}.part")
        try:
            shutil.copyfile(self.body(sha256), fresh)
            platform.settle(fresh, target)
        finally:
            fresh.unlink(missing_ok=True)

    def lend(self, sha256: str, name: str) -> Path:
        """A copy for another program, under a plain name that ends as its content does; it goes
        with what is idle."""
        plain = content.named(name, content.recognise(self.body(sha256)))
        target = self._coming(sha256).with_name(f"{sha256[:8]}-{plain}")
        self.save_as(sha256, target)
        return target

    # What goes.

    def sizes(self) -> dict[str, int]:
        """Size of each whole file, by hash."""
        return {path.name: path.stat().st_size for path in self._bodies()}

    def free(self) -> int:
        """Bytes that the disk still has."""
        return shutil.disk_usage(self.folder if self.folder.exists() else self.folder.parent).free

    def drop(self, sha256: str) -> None:
        self.body(sha256).unlink(missing_ok=True)

    def tidy(self, named: Collection[str], now: Ms) -> int:
        """Drop what nothing names, and parts that nobody goes on with, once they are old enough;
        how many files went."""
        old = now - codes.limit("file_idle_days") * DAY
        parts = (self.folder / "coming").glob("*") if self.folder.exists() else ()
        idle = [path for path in self._bodies() if path.name not in named]
        gone = [path for path in (*idle, *parts) if path.stat().st_mtime * 1000 < old]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    def _copy(self, source: Path | bytes, fresh: Path) -> tuple[str, int]:
        most = int(codes.limit("file_mb")) << 20
        digest, size = hashlib.sha256(), 0
        with fresh.open("wb") as out:
            for piece in [source] if isinstance(source, bytes) else _pieces(source):
                size += len(piece)
                if size > most:
                    raise Unfit("too_large")
                digest.update(piece)
                out.write(piece)
        return digest.hexdigest(), size

    def _settle(self, fresh: Path, sha256: str) -> None:
        body = self.body(sha256)
        body.parent.mkdir(parents=True, exist_ok=True)
        platform.settle(fresh, body)

    def _put_aside(self, part: Path) -> None:
        bad = self.folder / "bad"
        bad.mkdir(parents=True, exist_ok=True)
        part.replace(bad / f"{part.stem}-{uuid.uuid4().hex[:8]}")
        newest = sorted(bad.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in newest[:-BAD_KEPT]:
            path.unlink(missing_ok=True)

    def _refusal(self, sha256: str) -> Path:
        return self.body(sha256).with_suffix(".refused")

    def _part(self, sha256: str) -> Path:
        return self._coming(self.body(sha256).name)

    def _coming(self, name: str) -> Path:
        folder = self.folder / "coming"
        platform.private_folder(self.folder)
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.part"

    def _bodies(self) -> Iterator[Path]:
        found = self.folder.glob("[0-9a-f][0-9a-f]/*") if self.folder.exists() else iter(())
        return (path for path in found if sound_hash(path.name))


def _pieces(source: Path) -> Iterator[bytes]:
    with source.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
