"""The encryption policy of a file or folder, asked of its file system by ioctl on an open descriptor.

Source: Documentation/filesystems/fscrypt.rst, FS_IOC_GET_ENCRYPTION_POLICY_EX and FS_IOC_GET_ENCRYPTION_KEY_STATUS.
Read access to the file is enough; no privilege is needed.
"""

from __future__ import annotations

import errno
import fcntl
import struct
from dataclasses import dataclass
from typing import Literal

_GET_POLICY_EX = 0xC0096616
_GET_KEY_STATUS = 0xC080661A
_MODES = {
    1: "AES-256-XTS", 4: "AES-256-CTS", 5: "AES-128-CBC-ESSIV", 6: "AES-128-CTS", 7: "SM4-XTS", 8: "SM4-CTS",
    9: "Adiantum", 10: "AES-256-HCTR2",
}  # fmt: skip
_STATUS: dict[int, Literal["absent", "present", "partly removed"]] = {1: "absent", 2: "present", 3: "partly removed"}


@dataclass(frozen=True, slots=True)
class Policy:
    """An encryption policy. `key` is the hex id of its key (v1: descriptor, v2: identifier), empty = not readable."""

    version: int
    contents: str
    names: str
    key: str
    status: Literal["absent", "present", "partly removed", "unknown"] = "unknown"

    def __str__(self) -> str:
        return f"fscrypt v{self.version} {self.contents}/{self.names}, key {self.key or '?'} {self.status}"


@dataclass(frozen=True, slots=True)
class NoPolicy:
    """Not encrypted by fscrypt, and why that is certain."""

    why: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """The file system gave no answer that says either."""

    why: str


def policy_of(fd: int) -> Policy | NoPolicy | Unseen:
    """The policy of an open file or folder, with the status of its key."""
    argument = bytearray(struct.pack("<Q", 24) + bytes(24))
    try:
        fcntl.ioctl(fd, _GET_POLICY_EX, argument, True)
    except OSError as error:
        return _refused(error)
    policy = _decode(bytes(argument[8:]))
    return policy if policy.version != 2 else _with_status(fd, policy)


def _refused(error: OSError) -> Policy | NoPolicy | Unseen:
    code = error.errno
    if code == errno.ENODATA:
        return NoPolicy("the file system can encrypt, this is not encrypted")
    if code == errno.EOPNOTSUPP:
        return NoPolicy("the file system is without the encryption feature")
    if code == errno.ENOTTY:
        return NoPolicy("the file system knows no fscrypt")
    if code == errno.EOVERFLOW:
        return Policy(0, "unknown", "unknown", "")
    return Unseen(f"the policy cannot be read: {error.strerror}")


def _decode(policy: bytes) -> Policy:
    version = 1 if policy[0] == 0 else policy[0]
    key = policy[8:24] if version == 2 else policy[4:12]
    return Policy(version, _mode(policy[1]), _mode(policy[2]), key.hex())


def _mode(number: int) -> str:
    return _MODES.get(number, f"mode {number}")


def _with_status(fd: int, policy: Policy) -> Policy:
    """Ask whether the key is loaded: struct fscrypt_get_key_status_arg, specifier type 2 (identifier)."""
    argument = bytearray(struct.pack("<II", 2, 0) + bytes.fromhex(policy.key) + bytes(16) + bytes(24) + bytes(64))
    try:
        fcntl.ioctl(fd, _GET_KEY_STATUS, argument, True)
    except OSError:
        return policy  # the status stays unknown, and is shown so
    status = struct.unpack("<I", argument[64:68])[0]
    return Policy(policy.version, policy.contents, policy.names, policy.key, _STATUS.get(status, "unknown"))
