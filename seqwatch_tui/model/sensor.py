"""What the sensor and the engine have agreed on: one JSON object a line, both ways, and the times that tell silence.

Engine to sensor, first line and again whenever it changes: {"version", "datasets": [paths], "state_dir", "since"}.
Sensor to engine, every line with `k` (kind), `n` (grows by one a line, from 0) and `ts` (epoch seconds): `status` (what
is watched, what is refused and why), `event`, `beat`, `overflow` (the kernel's queue was full from..to), `unwatched`
(a dataset could not be watched from..to), `rescanned` (what the rescan after a loss looked at).
"""

from __future__ import annotations

VERSION = 1
"""Of the lines. A sensor of another version is refused."""

LINE_LIMIT = 1 << 16
"""Longest line about one access, in bytes; what does not fit is cut, and said to be."""

ORDER_LIMIT, STATUS_LIMIT = 1 << 20, 1 << 21
"""Longest order and longest line of the sensor, in bytes: both may name thousands of datasets. A longer one is not read."""

BEAT_SECONDS = 1.0
"""The sensor says at least this often that it lives."""

SILENT_SECONDS = 4.0
"""A sensor that has said nothing for this long counts as dead: it is killed and started again."""

COMMAND_LIMIT = 4096
"""Most characters of a command line that are reported."""
