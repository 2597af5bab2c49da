"""Make this checkout ready: system libraries that Qt needs, a virtual environment, the project.

`python3 .ci/prepare.py run|test|dev`. Uses only the standard library. Installs what is missing and
says what; as root it calls no sudo; without the right to install it prints the one line and stops.
A machine that has everything is left as it is. On Windows and macOS, not yet run there, Qt brings
its own libraries and only the environment is made.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
SCRIPTS = VENV / ("Scripts" if sys.platform == "win32" else "bin")
EXTRAS = {"run": "", "test": "[test]", "dev": "[dev]"}
LIBRARIES = ROOT / "assets" / "codelists" / "system_library.toml"
TOOLS = {"strace": "strace", "mosquitto": "mosquitto"}
"""Programs that tests run, and their Debian packages: what a program writes to its disk is recorded
from outside; a broker beside the one that pip installs."""
APT = ["apt-get", "install", "-y", "--no-install-recommends"]
UPDATE = ["apt-get", "update", "-qq"]


def main(purpose: str) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may have an older one
        print(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}")
        return 1
    if (missing := missing_packages(purpose)) and not install(missing):
        return 1
    if any(is_ready(VENV / f".ready-{made}") for made in more(purpose)):
        return 0
    if not make_environment(EXTRAS[purpose]):
        return 1
    (VENV / f".ready-{purpose}").write_text(mark())
    return 0


def more(purpose: str) -> list[str]:
    """The purposes that an environment serves too which was made for one: each brings what those
    before it bring."""
    return list(EXTRAS)[list(EXTRAS).index(purpose) :]


def is_ready(ready: Path) -> bool:
    return ready.exists() and ready.read_text() == mark()


def mark() -> str:
    """What an environment was made for: this Python, and what the project asks for."""
    asked = (ROOT / "pyproject.toml").read_bytes()
    return hashlib.sha256(sys.version.encode() + asked).hexdigest()


def missing_packages(purpose: str) -> list[str]:
    """Debian packages whose libraries, or programs that tests need, this machine lacks."""
    missing = []
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        missing.append("python3-venv")
    if not sys.platform.startswith("linux"):
        return missing
    import tomllib  # here, so that an older Python gets as far as being refused

    rows = tomllib.loads(LIBRARIES.read_text(encoding="utf-8"))["row"]
    missing += [row["package"] for row in rows if not loads(row["id"])]
    tools = {} if purpose == "run" else TOOLS
    return missing + [package for tool, package in tools.items() if not found(tool)]


def found(tool: str) -> bool:
    """Servers stand where the search path of an ordinary user does not lead."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
    return shutil.which(tool, path=path) is not None


def loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def install(packages: list[str]) -> bool:
    """Install with apt where that is allowed; otherwise print the one line that would."""
    print("missing:", " ".join(packages), flush=True)
    if shutil.which("apt-get") is None:
        print("install what your system calls these, then run this again")
        return False
    before = elevation()
    if before is not None:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        commands = ([*before, *UPDATE], [*before, *APT, *packages])
        if all(done(command, env=environment) for command in commands):
            return True
    line = " ".join([*UPDATE, "&&", *APT, *packages])
    print(f"run this as root, then what you ran again:\n  {line}")
    return False


def elevation() -> list[str] | None:
    """What to put before a command that needs root; None where there is no way."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    quietly = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo"] if quietly.returncode == 0 or sys.stdin.isatty() else None


def make_environment(extras: str) -> bool:
    """A virtual environment with the project in it; one that was broken off is made again."""
    python = str(SCRIPTS / "python")
    if not has_pip(python):
        print("making .venv", flush=True)
        if not done([sys.executable, "-m", "venv", "--clear", str(VENV)]):
            return False
    print("installing the project, a minute or two", flush=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # To compile all that was installed takes half of the time; what is used compiles as it is used.
    return done([*pip, "--no-compile", "--editable", f".{extras}"], cwd=ROOT)


def has_pip(python: str) -> bool:
    """Whether a Python is there with its pip; one broken off in the making has none."""
    asked = [python, "-m", "pip", "--version"]
    try:
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def done(command: list[str], **how: object) -> bool:
    """Run a command in front of the person; say which one failed."""
    if subprocess.run(command, check=False, **how).returncode == 0:  # type: ignore[call-overload]
        return True
    print("failed:", " ".join(command), flush=True)
    return False


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))
