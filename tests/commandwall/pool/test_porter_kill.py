"""The porter as a program of its own, killed while it carries: the next one goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from builders import an_event
from station import Station, exchange

from commandwall import attachments
from commandwall.attachments import AttachedFile
from commandwall.pool.loader import load

CARRY = """
import sys
from pathlib import Path
from commandwall.clock import Clock
from commandwall.desk import Desk
from commandwall.pool.client import Client
from commandwall.pool.porter import Porter
from commandwall.store.migrate import open_store
store, clock = open_store(Path(sys.argv[1])), Clock()
porter = Porter(store, Desk(store, clock), clock)
with Client(sys.argv[2], sys.argv[3]) as client:
    client.meta()
    print("at work", flush=True)
    while True:
        porter.turn(client, porter.work())
"""
SIZE = 12 << 20


def carried(pool: Any, folder: Path, seconds: float) -> None:
    """A porter works for so long and is killed."""
    command = [sys.executable, "-c", CARRY, str(folder), pool.station_url, pool.station_secret]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert child.stdout is not None and child.stdout.readline() == b"at work\n"
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()


def test_a_porter_that_is_killed_loses_nothing_and_begins_nothing_anew(
    pool: Any, station: Callable[[str], Station]
) -> None:
    load(pool.owner, [an_event()])
    back, front = station("back"), station("front")
    draw = random.Random(7)
    data = b"ID3\x04" + draw.randbytes(SIZE - 4)
    with pool.client() as one, pool.client() as two:
        ours, theirs = back.meet(one), front.meet(two)
        (row,) = back.desk.attach(data, "a.mp3", "event", "e1").result().of(AttachedFile)
        exchange(ours)
        held, steps = 0, []
        while held < SIZE:
            carried(pool, back.folder, draw.uniform(0.05, 0.3))
            found = pool.owner.execute("SELECT here FROM cw_file").fetchone()
            assert found is not None and found[0] >= held
            held = found[0]
            steps.append(held)
        exchange(theirs)
        here = 0
        while not front.desk.kept.has(row.sha256):
            carried(pool, front.folder, draw.uniform(0.05, 0.3))
            assert front.desk.kept.arrived(row.sha256) >= here
            here = front.desk.kept.arrived(row.sha256)
            steps.append(here)
        exchange(ours)
    assert front.desk.kept.body(row.sha256).read_bytes() == data
    assert len(steps) > 3
    (seen,) = back.store.read(lambda r: attachments.views(r, back.desk.kept, "e1"))
    assert seen.stored
