"""What each system call means: the action it stands for and which of its arguments name directories and flags.

A table, so that nothing is guessed: a call that is not listed is `other`. Sources: syscalls(2) and each
call's page. Names are those of ausyscall(8), numbers are in `numbers`. This module knows nothing of records.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """The meaning of one call. Numbers are positions of arguments (0 = a0); null where the call has none."""

    action: str
    """One of model.columns.ACTIONS; for calls with `flags` the action when the flags say nothing."""
    flags: int | None = None
    """Argument that holds the O_* flags (open family)."""
    implied: int | None = None
    """O_* flags the call stands for by itself."""
    dirfd: int | None = None
    """Directory descriptor to which a relative path of the object acted on is relative."""
    old_dirfd: int | None = None
    """The same for the old name of a rename or the target of a hard link."""


OTHER = Call("other")


def _all(action: str, names: str, dirfd: int | None = None) -> dict[str, Call]:
    return dict.fromkeys(names.split(), Call(action, dirfd=dirfd))


CALLS: dict[str, Call] = {
    # The intent of an open is in its flags. openat2 keeps them in memory (an OPENAT2 record may show them).
    "open": Call("open", flags=1),
    "openat": Call("open", flags=2, dirfd=0),
    "openat2": Call("open", dirfd=0),
    "open_by_handle_at": Call("open", flags=2),
    # creat(2) is open(O_CREAT | O_WRONLY | O_TRUNC).
    "creat": Call("open", implied=0o1101),
    # Calls on a descriptor: audited only where a rule asks for them.
    **_all("read", "read pread pread64 readv preadv preadv2 sendfile sendfile64 copy_file_range"),
    **_all("write", "write pwrite pwrite64 writev pwritev pwritev2"),
    **_all("close", "close close_range"),
    # The name disappears.
    **_all("delete", "unlink rmdir"),
    "unlinkat": Call("delete", dirfd=0),
    "rename": Call("rename"),
    "renameat": Call("rename", dirfd=2, old_dirfd=0),
    "renameat2": Call("rename", dirfd=2, old_dirfd=0),
    # A second way to the same bytes.
    "link": Call("link"),
    "linkat": Call("link", dirfd=2, old_dirfd=0),
    "symlink": Call("link"),
    "symlinkat": Call("link", dirfd=1),
    # A new name that is not a file opened for writing.
    **_all("create", "mkdir mknod"),
    **_all("create", "mkdirat mknodat", dirfd=0),
    # Who may read it.
    **_all("chmod", "chmod fchmod"),
    **_all("chmod", "fchmodat fchmodat2", dirfd=0),
    **_all("chown", "chown chown32 fchown fchown32 lchown lchown32"),
    **_all("chown", "fchownat", dirfd=0),
    **_all("truncate", "truncate truncate64 ftruncate ftruncate64"),
    # ACLs, capabilities, immutable flags and times: metadata that can hide or open a file.
    **_all("setattr", "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr utime utimes"),
    **_all("setattr", "setxattrat removexattrat utimensat utimensat_time64 futimesat file_setattr", dirfd=0),
    # Looking without reading content.
    **_all("getattr", "stat stat64 lstat lstat64 fstat fstat64 oldstat oldlstat oldfstat access readlink"),
    **_all("getattr", "getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr statfs statfs64"),
    **_all("getattr", "newfstatat fstatat64 statx faccessat faccessat2 readlinkat", dirfd=0),
    **_all("getattr", "getxattrat listxattrat file_getattr", dirfd=0),
    "execve": Call("execute"),
    "execveat": Call("execute", dirfd=0),
}
"""System call name -> meaning; `CALLS.get(name, OTHER)`."""

URING_CALLS: dict[str, Call] = {
    "openat": Call("open"),
    "openat2": Call("open"),
    **_all("read", "read readv read_fixed read_multishot"),
    **_all("write", "write writev write_fixed"),
    **_all("close", "close"),
    **_all("delete", "unlinkat"),
    **_all("rename", "renameat"),
    **_all("link", "linkat symlinkat"),
    **_all("create", "mkdirat"),
    **_all("truncate", "ftruncate"),
    **_all("setattr", "setxattr fsetxattr"),
    **_all("getattr", "getxattr fgetxattr statx"),
}
"""io_uring operation -> meaning. A URINGOP record shows no arguments: flags and descriptors are unknown."""
