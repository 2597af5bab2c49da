"""Everything that only POSIX (and of it, Linux) knows: locks, children, user namespaces, mounts."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import stat
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


def start_with_us(command: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a server that gets SIGINT when the thread that calls this ends, however it ends.

    As root it runs in a user namespace where it does not look like root. Ctrl-C passes it by.
    """
    return subprocess.Popen(
        _wrapped(command), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
    )


def run_unprivileged(command: Sequence[str]) -> None:
    """Run a program that refuses root. Raises OSError with its words on failure."""
    done = subprocess.run(_wrapped(command), capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError((done.stderr or done.stdout).strip())


def _wrapped(command: Sequence[str]) -> list[str]:
    # A program between, since code between fork and exec of a program with threads may hang.
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def _become(parent: int, command: Sequence[str]) -> None:
    """Turn this process into a server that ends with its parent and does not look like root."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        _leave_root(libc)
    # After the namespace: a change of rights forgets this signal.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() == parent:
        os.execv(command[0], list(command))


def _leave_root(libc: ctypes.CDLL) -> None:
    uid, gid = os.geteuid(), os.getegid()
    try:
        if libc.unshare(CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), "unshare")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{UNPRIVILEGED} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{UNPRIVILEGED} {gid} 1")
    except OSError as error:
        raise SystemExit(
            f"PostgreSQL refuses root, and user namespaces are not allowed here ({error}): "
            "run as a plain user"
        ) from error


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


def private_folder(folder: Path) -> None:
    """Make a folder that only we can enter; rights of folders above stay as they are."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def owned(folder: Path) -> bool:
    """Whether this is a folder of ours, and no link, that nobody else can enter."""
    with contextlib.suppress(FileNotFoundError):
        found = folder.lstat()
        private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        return private and found.st_uid == os.geteuid()
    return False


def write_private(file: Path, text: str) -> None:
    """Write a new file that only we can read. Raises FileExistsError."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)


if __name__ == "__main__":  # python platform.py PARENT COMMAND...
    _become(int(sys.argv[1]), sys.argv[2:])
