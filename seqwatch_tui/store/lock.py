"""Who is the engine: one flock on `engine.lock`, taken before DuckDB opens and held for life.

DuckDB's own lock is a POSIX fcntl lock, which any close() of the file in the same process drops (fcntl(2), section
"Advisory record locking"); a flock on a file of its own is not lost that way.
"""

from __future__ import annotations

import fcntl
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from seqwatch_tui.store.interface import StoreError, StoreLocked

LOCK_NAME = "engine.lock"


@dataclass(slots=True)
class EngineLock:
    """The held lock of one state directory; `release` gives it back, so does the end of the process."""

    path: Path
    _fd: int

    @classmethod
    def take(cls, state_dir: Path) -> EngineLock:
        """Make the state directory private (0700, umask 077 for the rest of this process) and take its lock.

        Raises StoreLocked, which names the pid of the holder, or StoreError when the directory cannot be used.
        """
        os.umask(0o077)
        prepare_state_dir(state_dir)
        path = state_dir / LOCK_NAME
        fd = _open(path)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
            os.close(fd)
            raise StoreLocked(_locked(state_dir, holder)) from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        return cls(path, fd)

    def release(self) -> None:
        """Give the lock back; the file stays, so that two engines never lock two different files."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def holder(state_dir: Path) -> int | None:
    """Return the pid that holds the lock of `state_dir`, None when it is free; takes nothing."""
    try:
        fd = os.open(state_dir / LOCK_NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(fd, 32, 0).strip()
        return int(text) if text.isdigit() else 0
    else:
        return None
    finally:
        os.close(fd)


def prepare_state_dir(state_dir: Path) -> None:
    """Create the state directory 0700, or take away what others and the group's writers may do in an existing one."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(state_dir.stat().st_mode)
        if mode & 0o027:
            state_dir.chmod(mode & 0o750)
    except OSError as error:
        raise StoreError(
            f"the state directory {state_dir} cannot be used ({error.strerror}); "
            "give it to the user who runs seqwatch, or set state_dir to another folder"
        ) from error


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be opened ({error.strerror}); it must be a file of the engine's user"
        ) from error


def _locked(state_dir: Path, pid: str) -> str:
    who = f"process {pid}" if pid else "another process"
    return f"{who} already runs as the engine of {state_dir}; attach to it, or stop it first (kill {pid or 'PID'})"
