"""What a peer may have the engine read: nothing that the peer could not read, for the engine may read everything.

A back-fill stores a file's lines where people with a role can ask for them. Told by mode bits along the whole path;
an access control list grants nothing here, so that the answer is never yes by mistake. Source: path_resolution(7).
"""

from __future__ import annotations

import errno
import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path

from seqwatch_tui.config.settings import SourceSettings
from seqwatch_tui.engine.peers import Peer
from seqwatch_tui.model.accounts import groups_of_user
from seqwatch_tui.sources.siblings import is_of_log

_ACL = "system.posix_acl_access"


def may_read(path: Path, peer: Peer, sources: Iterable[SourceSettings]) -> bool:
    """Whether `peer` may have this file read: a log of the configuration (also rotated), or one it can read itself."""
    if peer.uid in (0, os.geteuid()) or any(s.path is not None and is_of_log(s.path, path) for s in sources):
        return True
    groups = _groups(peer.uid)
    try:
        return all(_allows(each, peer.uid, groups, stat.S_IXOTH) for each in path.parents) and _allows(
            path, peer.uid, groups, stat.S_IROTH
        )
    except OSError:
        return False


def _allows(path: Path, uid: int, groups: frozenset[int], bit: int) -> bool:
    """Whether one file or folder gives a right, `bit` as it is for others. Raises OSError."""
    found = path.lstat()
    if found.st_uid == uid:
        return bool(found.st_mode & bit << 6)
    if found.st_gid in groups:
        return bool(found.st_mode & bit << 3) and not _has_list(path)
    return bool(found.st_mode & bit) and not _has_list(path)


def _has_list(path: Path) -> bool:
    try:
        return _ACL in os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return False
        raise


def _groups(uid: int) -> frozenset[int]:
    try:
        account = pwd.getpwuid(uid)
    except KeyError:
        return frozenset()
    return frozenset(groups_of_user(account.pw_name, account.pw_gid))
