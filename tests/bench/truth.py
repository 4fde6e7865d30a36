"""Every access of the generator's flat truth, field by field, against the stored events."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.bench.site import Bench, Row, run, seqwatch

_ACTIONS = {
    "read": {"read"},
    "write": {"write", "create"},
    "delete": {"delete"},
    "rename": {"rename"},
    "chmod": {"chmod"},
}
_QUERY = """select epoch_ms(ts), user_name, uid, auid, pid, session_id, src_ip, action, coalesce(old_path, path) as path,
 outcome, exe, host from events where action in ('read', 'write', 'create', 'delete', 'rename', 'chmod') and dataset is not null"""


def measure(bench: Bench) -> Iterator[Row]:
    """Compare as multisets keyed by (ms, pid, path)."""
    events = min(bench.events, 200_000)
    stem = bench.corpus(events)
    config = bench.site("truth")
    run(seqwatch(config, "ingest", f"{stem}.audit.log"))
    out = config.parent / "rows.json"
    done = run(
        seqwatch(config, "sql", _QUERY, "--format", "json", "--limit", "0", "--timeout", "300", "--output", str(out))
    )
    if done.status:
        raise RuntimeError(done.stderr.decode())
    found = {}
    for row in json.loads(out.read_text()):
        values = list(row.values())
        found[(values[0], values[4], values[8])] = values
    wanted = equal = 0
    with Path(f"{stem}.flat.jsonl").open() as truth:
        for line in truth:
            wanted += 1
            equal += _same(json.loads(line), found)
    shutil.rmtree(config.parent)
    yield Row(
        f"accesses of the flat truth found, field by field ({events:,} events)",
        f"{equal:,}",
        f"{wanted:,}",
        "all" if equal == wanted else "NOT ALL",
    )


def _same(flat: dict[str, object], found: dict[tuple[object, ...], list[object]]) -> bool:
    from datetime import datetime

    ms = round(datetime.fromisoformat(str(flat["ts"]).replace("Z", "+00:00")).timestamp() * 1000)
    row = found.get((ms, flat["pid"], flat["path"]))
    if row is None:
        return False
    outcome = "success" if flat["result"] == "success" else "failure"
    return (
        row[1] == flat["user"] and row[2] == flat["uid"] and row[3] == flat["auid"] and row[5] == flat["ses"]
        and row[6] == flat["src_ip"] and row[7] in _ACTIONS[str(flat["op"])] and row[9] == outcome and row[10] == flat["exe"]
    )  # fmt: skip
