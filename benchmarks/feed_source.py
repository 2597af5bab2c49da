"""A gateway, as lean as can be, and an eye on the live arrays: programs of their own.

`python -m benchmarks.feed_source send PORT FILE FIRST MANY RATE SECONDS PACK` publishes at QoS 1
and writes down when each reading was due and when its message was handed to the system; `eye LIVE
ROWS FILE` looks at an agent's live file and writes down when each reading was there. Both say
"ready", begin with a line of stdin, and the eye ends with a second one.
"""

from __future__ import annotations

import gc
import socket
import struct
import sys
import threading
import time
from pathlib import Path

import numpy as np

from commandwall.store import live

LOOK_S = 0.001
CALM = 0.6
"""A value of which no alarm comes."""


def name_of(no: int) -> str:
    return f"B{no:06}"


def _word(data: bytes) -> bytes:
    return struct.pack(">H", len(data)) + data


def _packet(kind: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        left, low = left >> 7, left & 127
        length.append(low | (128 if left else 0))
        if not left:
            return bytes([kind]) + bytes(length) + body


def joined(port: int) -> socket.socket:
    """A connection to a broker; what it acknowledges is read and forgotten by a thread."""
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = _word(b"MQTT") + bytes([4, 2]) + struct.pack(">H", 600)
    line.sendall(_packet(0x10, head + _word(b"bench-gateway")))
    assert line.recv(4)[3:] == b"\0"
    return line


def _forget(line: socket.socket, left: list[int]) -> None:
    """Read acknowledgements, of four bytes each, until all came."""
    while left[0] > 0 and (some := line.recv(1 << 16)):
        left[0] -= len(some)


def send(
    port: int, file: Path, first: int, many: int, rate: float, seconds: float, pack: int
) -> None:
    """`many` devices from number `first` on speak in turn, so many readings a second."""
    gc.disable()
    line, count = joined(port), round(rate * seconds)
    turns = range(0, count, pack)
    no = first + np.arange(count) % many
    at, due, sent = np.zeros(count, np.int64), np.zeros(count), np.zeros(count)
    left = [4 * len(turns)]
    ear = threading.Thread(target=_forget, args=(line, left))
    ear.start()
    tails = [_tail(no[i : i + pack]) for i in turns] if pack > 1 else []
    _told()
    began = time.monotonic() + 0.1
    for turn, i in enumerate(turns):
        moment = began + i / rate
        if (wait := moment - time.monotonic()) > 0:
            time.sleep(wait)
        now = time.time_ns() // 1_000_000
        if pack > 1:
            body = b'[{"bt":%d.%03d,"bn":"",%s' % (*divmod(now, 1000), tails[turn])
            topic = b"sensors/bench"
        else:
            topic = b"sensors/" + name_of(no[i]).encode()
            body = b'{"t":%d.%03d,"v":%f}' % (*divmod(now, 1000), CALM)
        mine = slice(i, i + pack)
        at[mine], due[mine], sent[mine] = now, moment, time.monotonic()
        line.sendall(_packet(0x32, _word(topic) + struct.pack(">H", 1 + turn % 65535) + body))
    ear.join(60)
    np.savez(file, no=no, at=at, due=due, sent=sent)


def _tail(numbers: np.ndarray) -> bytes:
    """A pack but for its beginning: a value of each device."""
    told = (f'"n":"{name_of(no)}","v":{CALM + no % 10 / 100:.2f}' for no in numbers)
    return ("},{".join(told) + "}]").encode()


def eye(path: Path, rows: int, file: Path) -> None:
    """Every reading that shows in a live file: device, its own moment, when it was seen."""
    arrays = live.LiveArrays(path, live.READING, rows)
    seen, known = arrays.counters(), arrays.read()["at"]
    found: list[tuple[np.ndarray, np.ndarray, float]] = []
    over = threading.Event()
    _told()
    threading.Thread(target=lambda: (sys.stdin.readline(), over.set()), daemon=True).start()
    while not over.is_set():
        counters, now = arrays.counters(), time.monotonic()
        for block in np.flatnonzero((counters != seen) & (counters % 2 == 0)):
            part = slice(block * live.BLOCK, (block + 1) * live.BLOCK)
            fresh = np.array(arrays._columns["at"][part])
            if arrays._counter[block] != counters[block]:
                continue  # in the middle of the next writing
            seen[block] = counters[block]
            new = np.flatnonzero(fresh != known[part])
            found.append((new + part.start, fresh[new], now))
            known[part] = fresh
        time.sleep(LOOK_S)
    no = [some for some, _, _ in found]
    np.savez(
        file,
        no=np.concatenate([*no, np.zeros(0, np.int64)]),
        at=np.concatenate([*(at for _, at, _ in found), np.zeros(0, np.int64)]),
        seen=np.repeat([t for _, _, t in found], [len(some) for some in no]),
    )


def _told() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def main(what: str, *asked: str) -> int:
    if what == "eye":
        eye(Path(asked[0]), int(asked[1]), Path(asked[2]))
    else:
        port, file, first, many, rate, seconds, pack = asked
        send(int(port), Path(file), int(first), int(many), float(rate), float(seconds), int(pack))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
