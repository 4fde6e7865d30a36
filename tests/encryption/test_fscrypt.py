"""fscrypt on a real file system: an ext4 image on a loop device, its policy set by ioctl. Needs root."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from seqwatch_tui.encryption import fscrypt
from seqwatch_tui.encryption.fscrypt import NoPolicy, Policy, Unseen, policy_of
from seqwatch_tui.encryption.survey import survey

ADD_KEY, REMOVE_KEY, SET_POLICY = 0xC0506617, 0xC0406618, 0x800C6613
KEY = bytes(range(64))


def ioctl(path: Path, number: int, argument: bytearray) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(fd, number, argument, True)
    finally:
        os.close(fd)
    return bytes(argument)


def add_key(mount: Path, key: bytes) -> bytes:
    """struct fscrypt_add_key_arg: specifier (type 2), raw size, key id, reserved, raw key; gives the identifier."""
    head = struct.pack("<II32sII32x", 2, 0, b"", len(key), 0)
    return ioctl(mount, ADD_KEY, bytearray(head + key))[8:24]


def remove_key(mount: Path, identifier: bytes) -> None:
    ioctl(mount, REMOVE_KEY, bytearray(struct.pack("<II32s24x", 2, 0, identifier)))


def set_policy(folder: Path, identifier: bytes) -> None:
    """struct fscrypt_policy_v2: AES-256-XTS for contents, AES-256-CTS for names, padding 32."""
    ioctl(folder, SET_POLICY, bytearray(struct.pack("<BBBBB3x16s", 2, 1, 4, 3, 0, identifier)))


@pytest.fixture
def ext4(tmp_path):
    if os.geteuid() != 0 or not all(map(shutil.which, ("mkfs.ext4", "mount", "umount"))):
        pytest.skip("needs root, mkfs.ext4 and mount")
    image, point = tmp_path / "image", tmp_path / "mnt"
    point.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-O", "encrypt", str(image)], check=True, capture_output=True)
    mounted = subprocess.run(["mount", "-o", "loop", str(image), str(point)], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a loop device here: {mounted.stderr.decode().strip()}")
    try:
        yield point
    finally:
        subprocess.run(["umount", str(point)], check=True, capture_output=True)


def look(folder: Path, wanted: str = "fscrypt") -> dict[str, tuple[str, str]]:
    return {f.kind: (f.state, f.detail) for f in survey("d", folder, wanted, 1.0)}


def policy(folder: Path) -> Policy | NoPolicy | Unseen:
    fd = os.open(folder, os.O_RDONLY)
    try:
        return policy_of(fd)
    finally:
        os.close(fd)


@pytest.mark.root
def test_an_encrypted_folder_with_its_key_present_then_locked(ext4):
    data = ext4 / "data"
    data.mkdir()
    assert policy(data) == NoPolicy("the file system can encrypt, this is not encrypted")
    assert look(data)["ENC-01"][0] == "fail"
    identifier = add_key(ext4, KEY)
    set_policy(data, identifier)
    (data / "a.vcf").write_text("##fileformat=VCFv4.2\n")
    assert policy(data) == Policy(2, "AES-256-XTS", "AES-256-CTS", identifier.hex(), "present")
    found = look(data)
    assert found["ENC-01"][0] == "pass"
    assert f"key {identifier.hex()} present" in found["ENC-01"][1]
    assert found["ENC-05"] == ("pass", f"one key: {identifier.hex()}.")
    assert look(data, "any")["ENC-01"][0] == "pass"
    assert look(data, "luks")["ENC-01"][0] in ("fail", "unknown")
    assert "loop over" in look(data, "luks")["ENC-01"][1]

    remove_key(ext4, identifier)
    locked = look(data)
    assert policy(data) == Policy(2, "AES-256-XTS", "AES-256-CTS", identifier.hex(), "absent")
    assert locked["ENC-01"][0] == "pass"
    assert "1 files locked" in locked["ENC-01"][1]


@pytest.mark.root
def test_a_dataset_encrypted_only_in_part(ext4):
    data = ext4 / "data"
    (data / "safe").mkdir(parents=True)
    (data / "other").mkdir()
    set_policy(data / "safe", add_key(ext4, KEY))
    (data / "safe/a").write_text("x")
    (data / "b").write_text("x")
    found = look(data)
    assert found["ENC-01"][0] == "fail"
    assert "1 of 3 looked at" in found["ENC-01"][1]
    assert found["ENC-05"][0] == "warn"
    (data / "b").unlink()
    assert look(data)["ENC-01"][0] == "pass"
    set_policy(data / "other", add_key(ext4, KEY[::-1]))
    (data / "other/c").write_text("x")
    assert "2 different keys" in look(data)["ENC-05"][1]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENODATA, NoPolicy),
        (errno.EOPNOTSUPP, NoPolicy),
        (errno.ENOTTY, NoPolicy),
        (errno.EOVERFLOW, Policy),
        (errno.EACCES, Unseen),
        (errno.EIO, Unseen),
    ],
)
def test_what_a_refusal_means(monkeypatch, code, kind):
    def refuse(*_args):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fscrypt.fcntl, "ioctl", refuse)
    assert isinstance(policy_of(0), kind)


def test_a_policy_of_version_1(monkeypatch):
    def answer(_fd, _number, argument, _mutate):
        argument[8:20] = bytes([0, 1, 4, 0]) + bytes.fromhex("0123456789abcdef")

    monkeypatch.setattr(fscrypt.fcntl, "ioctl", answer)
    assert policy_of(0) == Policy(1, "AES-256-XTS", "AES-256-CTS", "0123456789abcdef")


def test_proc_knows_no_fscrypt():
    assert isinstance(policy(Path("/proc/self")), NoPolicy)
