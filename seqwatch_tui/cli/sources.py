"""`seqwatch sources`: the configured sources as they stand, the shipped mappings, and how a file maps by one."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqwatch_tui.cli.client import Client
from seqwatch_tui.cli.exits import CommandError, Exit, note
from seqwatch_tui.cli.lists import note_begin
from seqwatch_tui.cli.session import engine_for, socket_path
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.cli.show import show_panel
from seqwatch_tui.model.text import safe_text

if TYPE_CHECKING:
    from seqwatch_tui.engine.trial import Trial

_LIST = (
    "name", "type", "state", "read", "stored", "duplicates", "declared", "unparsed", "held", "sum", "gaps", "lost",
    "last_ts", "path", "reason",
)  # fmt: skip
"""read = stored + duplicates + declared + unparsed + held, in lines; `sum` says whether it holds."""
_SAMPLE = ("ts", "host", "action", "outcome", "user_name", "src_ip", "process", "path", "old_path", "warnings")
_FIELDS_SHOWN = 20


def run(options: argparse.Namespace) -> int:
    """Do what was asked; exit 1 when a source failed or a line did not fit, 2 when a mapping cannot be used."""
    if options.do == "test":
        return _test(options)
    if options.file is not None or options.mapping is not None:
        raise CommandError(
            Exit.USAGE, f"sources {options.do} takes no file and no mapping", "write sources test FILE --mapping M"
        )
    return _formats(options) if options.do == "formats" else _list(options)


def _list(options: argparse.Namespace) -> int:
    settings, config = load_settings(options)
    running = Client(socket_path(settings)).alive()
    with engine_for(settings, config) as client:
        status = client.get("/v1/status")
    known = {s["name"]: s for s in status["sources"]}
    rows = []
    for source in settings.sources:
        path = str(source.path) if source.path else None
        found = {"state": "waiting", "reason": "not read yet", **_account(known.pop(source.name, {})), "name": source.name,
                 "type": source.type, "mapping": source.mapping, "path": path}  # fmt: skip
        rows.append(found if running else {**found, "state": "stopped", "reason": "no engine follows it just now"})
    columns = [*_LIST, *sorted({key for row in rows for key in row} - set(_LIST))]
    panel = {"columns": columns, "rows": [[row.get(c) for c in columns] for row in rows]}
    show_panel(panel, options.format, _LIST)
    if known:
        note(
            f"{len(known)} more that are not configured (files ingested, earlier sources): seqwatch sql 'from sources'"
        )
    note_begin(status.get("begins"))
    return int(Exit.FINDING if any(row["state"] == "failed" or row.get("sum") == "!!" for row in rows) else Exit.OK)


def _account(source: dict[str, Any]) -> dict[str, Any]:
    """The source with its unparsed lines (not records), and whether every line is accounted for."""
    if "balance" not in source:
        return source
    return {**source, "unparsed": source["unparsed"] - source["parts"], "sum": "!!" if source["balance"] else "ok"}


def _formats(options: argparse.Namespace) -> int:
    from seqwatch_tui.parse.mapping_file import load_mapping, shipped_names

    mappings = [load_mapping(name) for name in shipped_names()]
    rows = [[m.name, m.form, m.about, list(m.columns)] for m in mappings]
    show_panel(
        {"columns": ["name", "form", "reads", "columns"], "rows": rows}, options.format, ("name", "form", "reads")
    )
    return int(Exit.OK)


def _test(options: argparse.Namespace) -> int:
    from seqwatch_tui.engine.trial import TrialError, try_mapping
    from seqwatch_tui.parse.mapping_file import MappingError, load_mapping

    if options.file is None or options.mapping is None:
        raise CommandError(
            Exit.USAGE, "sources test needs a file and a mapping", "write e.g. sources test FILE --mapping falco"
        )
    if options.format == "csv":
        raise CommandError(Exit.USAGE, "sources test has no form csv", "write --format table or json")
    try:
        trial = try_mapping(options.file, load_mapping(options.mapping), options.limit)
    except (MappingError, TrialError) as error:
        raise CommandError(Exit.USAGE, str(error)) from error
    if options.format == "json":
        json.dump(_document(options, trial), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        _tell(options.file, options.mapping, trial)
    return int(Exit.FINDING if trial.counts.unparsed else Exit.OK)


def _document(options: argparse.Namespace, trial: Trial) -> dict[str, Any]:
    return {
        "file": str(options.file), "mapping": options.mapping, "lines": trial.lines, "records": trial.counts.records,
        "events": trial.counts.events, "kept": trial.kept, "duplicates": trial.counts.duplicates,
        "unparsed": trial.counts.unparsed,
        "reasons": [{"line": r.line, "why": r.why, "text": r.text} for r in trial.refused],
        "gaps": [{"kind": g.kind, "count": g.count, "detail": g.detail} for g in trial.gaps],
        "warnings": dict(trial.warnings.most_common()),
        "unmapped": [{"field": name, "records": count} for name, count in trial.unmapped.most_common()],
        "events_shown": [{k: str(v) if k == "ts" else v for k, v in row.items()} for row in trial.samples],
    }  # fmt: skip


def _tell(path: Path, mapping: str, trial: Trial) -> None:
    counts, out = trial.counts, sys.stdout
    out.write(
        f"{safe_text(str(path))} by {safe_text(mapping)}: {trial.lines} lines, {counts.records} records = {counts.events} events"
        f" + {trial.kept} kept without an event + {counts.unparsed} unparsed + {counts.duplicates} duplicates\n"
    )
    _section("unparsed", [f"line {r.line} {r.why}: {safe_text(r.text, 100)}" for r in trial.refused], counts.unparsed)
    gaps = [f"{gap.kind}: {safe_text(gap.detail)}" for gap in trial.gaps if gap.kind not in ("unparsed", "oversize")]
    _section("gaps", gaps, len(gaps))
    _section("warnings", [f"{code}: {n} events" for code, n in trial.warnings.most_common()], len(trial.warnings))
    fields = trial.unmapped.most_common(_FIELDS_SHOWN)
    _section("fields without a column", [f"{n:>7}  {safe_text(name, 100)}" for name, n in fields], len(trial.unmapped))
    if trial.samples:
        out.write(f"events ({len(trial.samples)} of {counts.events}):\n")
        columns = [c for c in _SAMPLE if any(c in row for row in trial.samples)]
        show_panel({"columns": columns, "rows": [[row.get(c) for c in columns] for row in trial.samples]}, "table")


def _section(title: str, lines: list[str], total: int) -> None:
    if lines:
        shown = title if len(lines) == total else f"{title} ({len(lines)} of {total})"
        sys.stdout.write(f"{shown}:\n" + "".join(f"  {line}\n" for line in lines))
