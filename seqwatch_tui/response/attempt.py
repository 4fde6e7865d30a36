"""The child of the probe: become a user, try to open files beneath an inherited directory, print the errno of each.

Run as `python -m seqwatch_tui.response.attempt FD [UID GID GROUPS]`; names come on standard input, one hex a line. All
imports are done before rights are dropped, so the interpreter may lie where the user cannot read. Exit 0 and one
number a line (0 = opened).
"""

from __future__ import annotations

import os
import sys

from seqwatch_tui.model.safefile import safe_open_at


def main(arguments: list[str], names: list[bytes]) -> list[int]:
    """Drop to the user when one is given, then try each name; return errno numbers."""
    root, *user = arguments
    if user:
        uid, gid, groups = user
        os.setgroups([int(group) for group in groups.split(",") if group])
        os.setresgid(int(gid), int(gid), int(gid))
        os.setresuid(int(uid), int(uid), int(uid))
    return [_try(int(root), name) for name in names]


def _try(root: int, name: bytes) -> int:
    try:
        os.close(safe_open_at(root, name))
    except OSError as error:
        return error.errno or 0
    return 0


if __name__ == "__main__":
    lines = sys.stdin.buffer.read().split()
    sys.stdout.write("".join(f"{code}\n" for code in main(sys.argv[1:], [bytes.fromhex(x.decode()) for x in lines])))
