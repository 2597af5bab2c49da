"""Make a bundle that installs without a network: every wheel with its hash, and `install.sh`.

`python .ci/bundle.py [FOLDER]` (by default `dist`) writes one tar file and its SHA-256 beside it,
for machines with this system and this Python. Uses only the standard library and pip.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(out: Path) -> int:
    name = bundle_name()
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "wheels").mkdir(parents=True)
    print("collecting the wheels, a minute or two", flush=True)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--wheel-dir", str(folder / "wheels"), str(ROOT)], check=True)
    fill(folder)
    packed = pack(folder)
    shutil.rmtree(folder)
    print(f"{packed}  {packed.stat().st_size / 1e6:.0f} MB")
    return 0


def bundle_name() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    system = sysconfig.get_platform().replace("-", "_")
    return f"commandwall-{project['version']}-py{python_version()}-{system}"


def python_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def fill(folder: Path) -> None:
    """Write beside the wheels what an installation needs."""
    (folder / "PYTHON").write_text(python_version() + "\n", encoding="utf-8")
    lines = [pinned(wheel) for wheel in sorted((folder / "wheels").glob("*.whl"))]
    (folder / "requirements.txt").write_text("".join(lines), encoding="utf-8")
    shutil.copy(ROOT / ".ci" / "install.sh", folder)
    shutil.copy(ROOT / "LICENSE", folder)
    shutil.copy(ROOT / "README.md", folder)
    (folder / "docs").mkdir()
    for page in (ROOT / "docs").glob("*.md"):
        shutil.copy(page, folder / "docs")


def pinned(wheel: Path) -> str:
    """A line of requirements: name, version and hash (PyPA binary distribution format names)."""
    name, version = wheel.name.split("-")[:2]
    return f"{name}=={version} --hash=sha256:{digest(wheel)}\n"


def digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def pack(folder: Path) -> Path:
    """One tar file (wheels are compressed already), and its hash in a file beside it."""
    packed = folder.with_name(folder.name + ".tar")
    with tarfile.open(packed, "w") as tar:
        tar.add(folder, folder.name)
    line = f"{digest(packed)}  {packed.name}\n"
    packed.with_name(packed.name + ".sha256").write_text(line, encoding="utf-8")
    return packed


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist").resolve()))
