"""Everything that only POSIX (and of it, Linux) knows: locks, children, user namespaces, mounts.

What stands here for Windows and macOS has not yet run there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl
    import pwd
    import resource

PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 4
CLONE_NEWUSER = 0x10000000
CAP_DAC_OVERRIDE, CAPABILITY_VERSION = 1, 0x20080522
ACCOUNT = "nobody"
"""Stands in for root. Every system has it, and initdb asks the system for its name."""
PARENT = "CW_PARENT"
"""The variable by which a program of ours tells its children its process."""
PATIENCE_S = 10.0
WIN_CONTINUOUS, WIN_AWAKE = 0x80000000, 0x80000003
"""Of SetThreadExecutionState: as it was; from now on both the system and the display."""
MALLOPT_TRIM, MALLOPT_MMAP, MALLOPT_HEAPS = -1, -3, -8
LARGE = 4 << 20
"""Bytes: a picture is larger, a column of a whole city's devices smaller."""
HEAPS = 2
"""Enough where one thread at a time runs Python and another draws or asks SQLite."""
FAST_SHUTDOWN = signal.SIGTERM if sys.platform == "win32" else signal.SIGINT
"""Asks PostgreSQL to keep what is committed and end; on Windows it ends and recovers later."""


@contextmanager
def lock(path: Path, wait: bool = False, shared: bool = False) -> Generator[bool]:
    """Hold a lock file; yields whether it is held. The lock goes with its process.

    `shared`: several may hold it, and while one does nobody gets it for himself alone.
    """
    with path.open("a") as file:
        try:
            _take(file, wait, shared)
        except (BlockingIOError, PermissionError):
            yield False
            return
        yield True


def _take(file: IO[str], wait: bool, shared: bool) -> None:
    """Windows knows no shared lock of this kind: there one holds it for all."""
    if sys.platform == "win32":
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    else:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(file, kind | (0 if wait else fcntl.LOCK_NB))


def is_held(path: Path) -> bool:
    """Whether a living process holds a lock file."""
    with lock(path) as free:
        return not free


def file_system(path: Path, mounts: str | None = None) -> str:
    """Type of the file system that a path lies on; "" where the system does not tell.

    `mounts`: the table of /proc/self/mounts, whose later lines cover earlier ones.
    """
    if mounts is None:
        table = Path("/proc/self/mounts")
        mounts = table.read_text(errors="replace") if table.exists() else ""
    where, best, kind = str(path.resolve()), "", ""
    for line in mounts.splitlines():
        _, point, found, *_ = line.split(" ")
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), point)
        inside = where == point or where.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, found
    return kind


def holds_byte(path: Path, byte: int) -> bool:
    """Whether another program holds a byte of a file (fcntl), as far as the system tells; not of
    one that is not there."""
    if sys.platform != "linux" or not path.exists():
        return False
    with path.open("rb") as file:
        asked = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
        told = fcntl.fcntl(file, fcntl.F_GETLK, asked)
    return bool(struct.unpack("hhqqi", told)[0] != fcntl.F_UNLCK)


def screen_answers() -> bool:
    """Whether a screen of Wayland or X can be reached: Qt ends the program where none can."""
    wayland = os.environ.get("WAYLAND_DISPLAY", "")
    if wayland and Path(os.environ.get("XDG_RUNTIME_DIR", ""), wayland).exists():
        return True
    return bool(os.environ.get("DISPLAY")) and _x_answers()


def _x_answers() -> bool:
    """The connection stays: a bare X starts anew, or ends, when the last one closes."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    return not xcb.xcb_connection_has_error(ctypes.c_void_p(xcb.xcb_connect(None, None)))


def session_bus() -> str:
    """Address of the desktop's message bus; "" where there is none."""
    named = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    usual = Path(os.environ.get("XDG_RUNTIME_DIR", ""), "bus")
    return named or (f"unix:path={usual}" if usual.is_absolute() and usual.exists() else "")


def keep_awake() -> Callable[[], None] | None:
    """Keep the screen from locking, where the system itself does it; returns what ends that. None
    where it is the desktop that must be asked."""
    if sys.platform == "win32":
        state = ctypes.windll.kernel32.SetThreadExecutionState
        return (lambda: state(WIN_CONTINUOUS)) if state(WIN_AWAKE) else None
    if sys.platform == "darwin":
        child = subprocess.Popen(["caffeinate", "-d", "-w", str(os.getpid())])
        return lambda: end(child)
    return None


def start_child(
    command: Sequence[str],
    env: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a program of ours; `env` comes on top of the environment.

    Ctrl-C passes it by: whoever started it ends it. Our own stdout stays ours: whoever reads it
    sees our end, though the child may live on.
    """
    return subprocess.Popen(
        list(command),
        env={**os.environ, **(env or {}), PARENT: str(os.getpid())},
        stdout=stdout,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def parent() -> int:
    """The process that started this program, by its own word: it may be gone by now."""
    told = "" if sys.platform == "win32" else os.environ.get(PARENT, "")
    return int(told) if told else os.getppid()


def start_with_us(command: Sequence[str], data: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a server that gets SIGINT when the thread that calls this ends, however it ends.

    As root it runs so that it does not look like root, and `data` becomes its own. Ctrl-C passes
    it by.
    """
    return subprocess.Popen(
        _wrapped(command, data),
        stdout=log,
        stderr=log,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def run_unprivileged(command: Sequence[str], data: Path) -> None:
    """Run a program that refuses root on its folder. Raises OSError with its words on failure."""
    done = subprocess.run(_wrapped(command, data), capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError((done.stderr or done.stdout).strip())


def _wrapped(command: Sequence[str], data: Path) -> list[str]:
    # A program between, since code between fork and exec of a program with threads may hang.
    if sys.platform == "win32":
        return list(command)
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(data), *command]


def _become(parent: int, data: Path, command: Sequence[str]) -> None:
    """Turn this process into a server that ends with its parent and does not look like root."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        _leave_root(libc, data)
    if sys.platform == "linux":  # after the change of rights, which forgets this signal
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() == parent:
        os.execv(command[0], list(command))


def _leave_root(libc: ctypes.CDLL, data: Path) -> None:
    """Only look like another in a namespace; where none is allowed (chroot, container), be one."""
    if sys.platform != "linux":
        raise SystemExit("PostgreSQL refuses root: run as a plain user")
    account = pwd.getpwnam(ACCOUNT)
    if _works(lambda: _enter_namespace(libc, account)):
        _hand_over(data, os.geteuid(), os.getegid())
        _enter_namespace(libc, account)
        return
    try:
        _hand_over(data, account.pw_uid, account.pw_gid)
        _take_account(libc, account)
    except OSError as error:
        raise SystemExit(
            "PostgreSQL refuses root, and here root may neither make a user namespace nor become "
            f"{ACCOUNT} ({error}): run as a plain user"
        ) from error


def _works(attempt: Callable[[], None]) -> bool:
    """Try in a process of its own: a namespace that was half made cannot be left again."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(OSError):
            attempt()
            os._exit(0)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _enter_namespace(libc: ctypes.CDLL, account: pwd.struct_passwd) -> None:
    uid, gid = os.geteuid(), os.getegid()
    check(libc.unshare(CLONE_NEWUSER))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{account.pw_uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{account.pw_gid} {gid} 1")


def _take_account(libc: ctypes.CDLL, account: pwd.struct_passwd) -> None:
    """Be the account for good. It keeps one right: to pass folders above that only root may enter.

    The fixup is off since it would drop that right, and hide it from access(), by which PostgreSQL
    looks at its own programs. Raises OSError where that is not allowed.
    """
    check(libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0))
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    kept = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    rights = (ctypes.c_uint32 * 6)(kept, kept, kept)  # effective, permitted, handed on
    check(libc.capset(header, rights))
    check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0))


def _hand_over(folder: Path, uid: int, gid: int) -> None:
    """Give a folder with everything in it to an owner, the folder last: its owner says it is done.

    PostgreSQL works on its own data only, and an earlier start may have had another owner.
    """
    if folder.exists() and folder.stat().st_uid != uid:
        for path in (*folder.rglob("*"), folder):
            os.chown(path, uid, gid, follow_symlinks=False)


def check(failed: int) -> None:
    """Raise the OSError of a call of the C library that says it failed."""
    if failed:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def end(child: subprocess.Popen[bytes], patience_s: float = PATIENCE_S) -> None:
    """Ask a child to end; kill it when it does not."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def keep_heaps_small() -> None:
    """Give large blocks back to the system as soon as they are free, and share two heaps, where
    glibc hands them out. Before the first thread.

    Left to itself it soon keeps blocks of up to 32 MB in heaps that then cannot shrink: pictures
    of a size that is gone stay for good. And it makes up to eight heaps for each core, where what
    is free in one is of no use to the threads of another.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(MALLOPT_MMAP, LARGE)
        libc.mallopt(MALLOPT_TRIM, 2 * LARGE)
        libc.mallopt(MALLOPT_HEAPS, HEAPS)


def give_back() -> None:
    """Give the system what is free between small blocks, after much was read: glibc keeps it."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


def be_nice(step: int, thread: bool = False) -> None:
    """Give way to the wall, where the system has such steps.

    `thread`: only the thread that calls this, as Linux can; elsewhere nothing happens.
    """
    if thread and not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):
        os.nice(step)


def stand_back(step: int) -> None:
    """Give way as a program that nobody waits for, begun by `start_child`.

    Linux weighs sessions before programs (autogroups, man 7 sched): one that leads its own took
    half a core from a wall that needed it, however nice it was.
    """
    be_nice(step)
    if sys.platform.startswith("linux") and os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):  # a system without them
            Path("/proc/self/autogroup").write_text(str(step))


def bound(megabytes: int, seconds: int, alone: bool = True) -> None:
    """Hold this process to so much memory and work, where the system can; `alone`: and to no child
    and no further thread."""
    if sys.platform == "win32":
        return
    most = {
        resource.RLIMIT_AS: megabytes << 20,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_CORE: 0,
    }
    if alone:
        most[resource.RLIMIT_NPROC] = 0
    for what, limit in most.items():
        resource.setrlimit(what, (limit, limit))


def on_terminate(act: Callable[[], None]) -> None:
    """Call `act` when this process is asked to end."""
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: act())


def bell() -> socket.socket:
    """A socket that can be read once this process is asked something.

    A loop that waits in foreign code wakes by it, and Python gets to run what was to be called.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.detach(), warn_on_full_buffer=False)
    return ours


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


def write_whole(file: Path, text: str) -> None:
    """Replace a file's text at once: whoever reads it has the old or the new, and so it is after a
    power cut. On disk when this returns."""
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(text, encoding="utf-8")
    settle(fresh, file)


def settle(fresh: Path, file: Path) -> None:
    """Give a file that was written whole its lasting name; on disk when this returns."""
    with fresh.open("rb+") as out:
        os.fsync(out.fileno())
    fresh.replace(file)
    to_disk(file.parent)


def allocate(file: Path, size: int) -> None:
    """Make a file so long, in blocks of its own: what is written there later finds its room.

    A hole would not: a map of it kills its program when the disk is full. Raises OSError, and
    leaves the file as it was.
    """
    with file.open("ab") as out:
        before = out.tell()
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(out.fileno(), 0, size)
            else:
                out.write(bytes(max(0, size - before)))
                out.flush()
        except OSError:
            out.truncate(before)
            raise


def disk(folder: Path) -> str:
    """Where the disk of a folder is mounted, or its drive: what a person knows it by."""
    path = folder.resolve()
    return str(next((p for p in (path, *path.parents) if p.is_mount()), path.anchor))


def to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, would outlive a power cut."""
    if sys.platform == "win32":  # where a folder cannot be opened, and a file not for this alone
        return
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def write_private(file: Path, text: str) -> None:
    """Write a new file that only we can read. Raises FileExistsError."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)


if __name__ == "__main__":  # python platform.py PARENT DATA COMMAND...
    _become(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
