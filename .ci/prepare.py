"""Make this checkout ready: system libraries that Qt needs, a virtual environment, the project.

`python3 .ci/prepare.py run|test|dev`. Uses only the standard library. Installs what is missing and
says what; as root it calls no sudo; without the right to install it prints the one line and stops.
A machine that has everything is left as it is.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
EXTRAS = {"run": "", "test": "[test]", "dev": "[dev]"}
LIBRARIES = ROOT / "assets" / "codelists" / "system_library.toml"


def main(purpose: str) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may have an older one
        print(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}")
        return 1
    if (missing := missing_packages()) and not install(missing):
        return 1
    ready = VENV / f".ready-{purpose}"
    mark = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if ready.exists() and ready.read_text() == mark:
        return 0
    make_environment(EXTRAS[purpose])
    ready.write_text(mark)
    return 0


def missing_packages() -> list[str]:
    """Debian packages whose libraries this machine lacks."""
    missing = []
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        missing.append("python3-venv")
    if not sys.platform.startswith("linux"):
        return missing
    rows = tomllib.loads(LIBRARIES.read_text(encoding="utf-8"))["row"]
    return missing + [row["package"] for row in rows if not loads(row["id"])]


def loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def install(packages: list[str]) -> bool:
    """Install with apt where that is allowed; otherwise print the one line that would."""
    line = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    print("missing:", " ".join(packages), flush=True)
    if shutil.which("apt-get") is None:
        print("install what your system calls these, then run this again")
        return False
    before = elevation()
    if before is None:
        print("run this as root, then this again:\n  " + " ".join(line))
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], line):
        if subprocess.run([*before, *command], env=environment, check=False).returncode:
            print("failed: " + " ".join([*before, *command]))
            return False
    return True


def elevation() -> list[str] | None:
    """What to put before a command that needs root; None where there is no way."""
    if os.geteuid() == 0:
        return []
    can = shutil.which("sudo") and (
        sys.stdin.isatty() or not subprocess.run(["sudo", "-n", "true"], check=False).returncode
    )
    return ["sudo"] if can else None


def make_environment(extras: str) -> None:
    python = VENV / "bin" / "python"
    if not python.exists():
        print("making .venv", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    print("installing the project, a minute or two", flush=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--editable", f".{extras}"], check=True, cwd=ROOT)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))
