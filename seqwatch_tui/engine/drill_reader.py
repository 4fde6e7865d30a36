"""The program of the drill: reads the canary once when told to, and stays until told to go, so that its pid is its own.

Run as a script of its own, with the standard library only: `python -I -S drill_reader.py PATH`.
"""

import json
import os
import sys
import time


def main() -> None:
    """Wait for a line, read, print one object of JSON, wait for the end of input."""
    sys.stdin.readline()
    said: dict[str, object] = {"opened": time.time(), "monotonic": time.monotonic(), "error": ""}
    try:
        fd = os.open(sys.argv[1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        said["bytes"] = len(os.read(fd, 4096))
        os.close(fd)
    except OSError as error:
        said["error"] = error.strerror
    said["seconds"] = time.monotonic() - float(str(said["monotonic"]))
    print(json.dumps(said), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
