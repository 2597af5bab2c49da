"""What programs wrote to their disk, call by call, as strace saw it from outside.

`strace` runs detached (-D), so the program keeps its process, its pipes and its signals; a filter
in the kernel lets every other call pass at full speed. Threads and children are followed. A call
that another thread's call interrupts is printed in two halves: it began at the line of the first
and ended at the line of the second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "write,writev,pwrite64,pwritev,truncate,ftruncate,fallocate,fsync,fdatasync,openat,"
    "rename,renameat,renameat2,unlink,unlinkat,link,linkat,sendfile,copy_file_range"
)
WRITES = ("write", "pwrite64")
HEX = re.compile(r"(?:\\x[0-9a-f]{2})+")
CALL = re.compile(r"(\d+) +(\w+)\((.*?)(?:\) += (-?\d+)(.*)| <unfinished \.\.\.>)$")
REST = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)(.*)$")
FILE = re.compile(r"\d+<([^>]*)>")
QUOTED = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """One call that succeeded. `path` is the file's, or "" for a pipe; `target` a rename's."""

    name: str
    begin: int
    end: int
    path: str = ""
    data: bytes = b""
    at: int = -1  # where pwrite64 wrote, how long truncate (or, from 0 on, fallocate) left the file
    target: str = ""
    flags: str = ""


def recording(trace: Path) -> list[str]:
    """What to put before a command so that its calls are kept in a file."""
    whole = ("-s", str(1 << 25), "-xx", "-y")
    return ["strace", "-D", "--seccomp-bpf", "-f", *whole, "-e", f"trace={CALLS}",
            "-e", "signal=none", "-qq", "-o", str(trace)]  # fmt: skip


def calls(trace: Path) -> list[Call]:
    """All calls that succeeded, in the order in which they began."""
    return sorted(_calls(trace), key=lambda call: call.begin)


def _calls(trace: Path) -> Iterator[Call]:
    begun: dict[str, tuple[int, str]] = {}
    with trace.open(encoding="ascii", errors="replace") as lines:
        for no, line in enumerate(lines):
            if found := REST.match(line):
                process, name, more, answer, said = found.groups()
                begin, words = begun.pop(process, (no, ""))
                words += more
            elif found := CALL.match(line):
                process, name, words, answer, said = found.groups()
                if answer is None:
                    begun[process] = no, words
                    continue
                begin = no
            else:
                continue
            if int(answer) >= 0 and (call := _call(name, words, said, (begin, no))):
                yield call


def _call(name: str, words: str, said: str, when: tuple[int, int]) -> Call | None:
    """A call of its printed words; None for one that changes nothing."""
    if name == "openat":
        file = FILE.search(said)
        if file is None or not ("O_CREAT" in words or "O_TRUNC" in words):
            return None
        return Call(name, *when, _text(file[1]), flags=HEX.sub("", words))
    if name.startswith(("rename", "unlink", "link")):
        named = [_text(path) for path in QUOTED.findall(words)]
        return Call(name.removesuffix("2").removesuffix("at"), *when, named[0], target=named[-1])
    file = FILE.match(words)
    path = _text(file[1]) if file else ""
    data = QUOTED.search(words) if name in WRITES else None
    last = words.rpartition(", ")[2]
    at = int(last) if name in ("pwrite64", "ftruncate", "fallocate") else -1
    return Call(name, *when, path.removesuffix("(deleted)"), _bytes(data[1]) if data else b"", at)


def _bytes(printed: str) -> bytes:
    return bytes.fromhex(printed.replace("\\x", ""))


def _text(printed: str) -> str:
    return _bytes(printed).decode(errors="replace") if HEX.fullmatch(printed) else printed
