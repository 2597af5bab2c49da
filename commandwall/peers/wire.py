"""What two stations say to each other: messages of a bounded size, one after the other.

Each is its length in four bytes, the highest first, then MessagePack. First both say Hello; then
Lines, in the order of `held`, and Heads: how far one is, after each Lines and as a sign of life.
"""

from __future__ import annotations

import asyncio

import msgspec

from commandwall import codes
from commandwall.store.journal import Line

FORMAT = 1
SIZE = 4
HEAD = 4096
"""Bytes of a head in a message at most, with the names of its fields."""


class PeerTrouble(Exception):
    """The line to another station cannot be used now.

    `code`: unreachable, stranger (one of the two does not know the other), silent, closed, garbled,
    format (another edition of the program), city, set_back (one lost lines that the other holds),
    twice (the two are joined already), forgotten (it was removed here).
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


class Hello(msgspec.Struct, tag="hello", frozen=True):
    """Who speaks, and the newest line that it has of each station: number and hash."""

    format: int
    origin: str
    city: str
    heads: dict[str, tuple[int, str]]


class Heads(msgspec.Struct, tag="heads", frozen=True):
    """Number of the newest line of each station that is on disk where this comes from."""

    heads: dict[str, int]


class Lines(msgspec.Struct, tag="lines", frozen=True):
    lines: list[Line]


class Bye(msgspec.Struct, tag="bye", frozen=True):
    """Why nothing follows."""

    code: str


Message = Hello | Heads | Lines | Bye
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
_encode = msgspec.msgpack.Encoder().encode


def largest() -> int:
    """Bytes of a message at most."""
    return int(codes.limit("peer_message_mb") * (1 << 20))


def pack(message: Message) -> bytes:
    body = _encode(message)
    return len(body).to_bytes(SIZE, "big") + body


async def take(reader: asyncio.StreamReader) -> Message:
    """The next message. Raises PeerTrouble("garbled") for what is none, EOFError at the end."""
    size = int.from_bytes(await reader.readexactly(SIZE), "big")
    if size > largest():
        raise PeerTrouble("garbled", f"a message of {size} bytes")
    try:
        return _decoder.decode(await reader.readexactly(size))
    except ValueError as why:  # no MessagePack, or none of the four
        raise PeerTrouble("garbled", str(why)) from why


def room() -> int:
    """Bytes of the lines of one message at most."""
    return largest() - HEAD


def size(line: Line) -> int:
    """Bytes that a line takes in a message at most."""
    return len((line.body or "").encode()) + HEAD
