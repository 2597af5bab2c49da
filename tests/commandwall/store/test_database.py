"""Where a data directory may lie: on a disk of this machine, whatever the network calls itself."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from commandwall import codes, doctor
from commandwall.config import Settings
from commandwall.store import database, migrate
from commandwall.store.database import StoreTrouble, network_file_system

MOUNTS = r"""
overlay / overlay rw,relatime 0 0
proc /proc proc rw,nosuid 0 0
tmpfs /tmp tmpfs rw 0 0
/dev/sdb1 /data ext4 rw,relatime 0 0
server:/export /data/hall {kind} rw,vers=4.2 0 0
/dev/sdc1 /data/hall/local xfs rw 0 0
//nas/share /data/two\040words {kind} rw 0 0
nas:/covered /data/covered {kind} rw 0 0
/dev/sdd1 /data/covered ext4 rw 0 0
""".strip()
SHARED = [
    "nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "beegfs", "ceph", "fuse.ceph", "virtiofs",
    "fuse.glusterfs", "9p", "vboxsf", "davfs", "fuse.sshfs", "fuse.s3fs", "fuse.rclone",
]  # fmt: skip


@pytest.mark.parametrize("kind", sorted({*SHARED, *codes.load("network_file_system")}))
def test_a_folder_on_another_machine_is_found_out(kind: str) -> None:
    mounts = MOUNTS.format(kind=kind)
    for inside in ("/data/hall", "/data/hall/wall", "/data/two words/wall"):
        assert network_file_system(Path(inside), mounts) == kind
    for local in ("/data", "/data/hallway", "/data/hall/local/wall", "/data/covered/x", "/home/a"):
        assert network_file_system(Path(local), mounts) == ""


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk"])
def test_a_disk_of_this_machine_is_taken(kind: str) -> None:
    assert network_file_system(Path("/data/hall"), MOUNTS.format(kind=kind)) == ""


def test_a_system_without_such_a_table_takes_every_folder() -> None:
    assert network_file_system(Path("/data"), "") == ""


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EIO, "disk_error"), (errno.EROFS, "read_only"), (errno.ENOSPC, "disk_full")],
)
def test_what_a_broken_disk_says_of_any_file_is_a_trouble_of_the_disk(
    number: int, code: str
) -> None:
    """An agent ended where a small file beside the database could not be read."""
    with pytest.raises(StoreTrouble, match=code), database.troubles():
        raise OSError(number, os.strerror(number))
    with pytest.raises(FileNotFoundError), database.troubles():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def test_a_store_on_another_machine_is_refused_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is the one thing that a test cannot mount."""
    mounts = f"server:/export {tmp_path} lustre rw 0 0"
    told = database.network_file_system
    monkeypatch.setattr(database, "network_file_system", lambda folder: told(folder, mounts))
    monkeypatch.setattr(doctor, "network_file_system", lambda folder: told(folder, mounts))
    with pytest.raises(StoreTrouble, match="is on lustre; a local disk is needed") as refused:
        migrate.open_store(tmp_path)
    assert refused.value.code == "network"
    found = {f.name: f for f in doctor.examine(Settings(data_dir=tmp_path))}["local disk"]
    assert found.state == doctor.BAD and "lustre" in found.fact and "--data-dir" in found.mend
