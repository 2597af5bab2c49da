"""Everything that only POSIX (and of it, Linux) knows: locks, children, user namespaces, mounts."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

NETWORK_TYPES = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "vboxsf", "fuse.sshfs", "ceph", "glusterfs",
})  # fmt: skip
PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
UNPRIVILEGED = 1000
PATIENCE_S = 10.0


@contextmanager
def lock(path: Path, wait: bool = False) -> Generator[bool]:
    """Hold a lock file; yields whether it is held. The lock goes with its process."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def network_file_system(path: Path) -> str:
    """Type of the network file system that a path lies on, or "" for a local one."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return ""
    where, best, kind = str(path.resolve()), "", ""
    for line in mounts.read_text().splitlines():
        _, point, found, *_ = line.split()
        inside = where == point or where.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, found
    return kind if kind in NETWORK_TYPES else ""


def start_child(
    command: Sequence[str],
    env: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program of ours; `env` comes on top of the environment."""
    return subprocess.Popen(
        list(command), env={**os.environ, **(env or {})}, stdout=stdout, stdin=subprocess.DEVNULL
    )


def start_with_us(command: Sequence[str], log: IO[bytes], unprivileged: bool) -> subprocess.Popen[bytes]:
    """Start a foreign server that gets SIGINT when this process ends, however it ends.

    `unprivileged`: as root, in a user namespace where it does not look like root.
    """
    wrapped = [sys.executable, __file__, str(os.getpid()), str(int(unprivileged)), *command]
    return subprocess.Popen(wrapped, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def run_unprivileged(command: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    """Run a program that refuses root; its output. Raises OSError with the output on failure."""
    wrapped = [sys.executable, __file__, "0", str(int(os.geteuid() == 0)), *command]
    done = subprocess.run(
        wrapped, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OSError(done.stderr or done.stdout)
    return done.stdout


def become(parent: int, unprivileged: bool) -> None:
    """Prepare this process to turn into a server by exec: runs in the child only."""
    libc = ctypes.CDLL(None, use_errno=True)
    if unprivileged:
        uid, gid = os.geteuid(), os.getegid()
        if libc.unshare(CLONE_NEWUSER):
            raise OSError(
                ctypes.get_errno(),
                "PostgreSQL refuses root, and this system allows no user namespaces: "
                "run as a plain user",
            )
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{UNPRIVILEGED} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{UNPRIVILEGED} {gid} 1")
    if parent:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            raise SystemExit(1)


def end(child: subprocess.Popen[bytes], patience_s: float = PATIENCE_S) -> None:
    """Ask a child to end; kill it when it does not."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def be_nice(step: int) -> None:
    """Give way to the wall."""
    with contextlib.suppress(OSError):
        os.nice(step)


def on_terminate(act: Callable[[], None]) -> None:
    """Call `act` when this process is asked to end."""
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: act())


if __name__ == "__main__":  # python platform.py PARENT UNPRIVILEGED COMMAND...
    become(int(sys.argv[1]), sys.argv[2] == "1")
    os.execv(sys.argv[3], sys.argv[3:])
