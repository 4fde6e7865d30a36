"""`seqwatch scan LOG...`: what rules find in logs, at once: no engine, no store, no configuration.

Hits go to stdout as they are found; counts, gaps and what could not be looked at to stderr, and into the JSON document.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqwatch_tui.cli.exits import CommandError, Exit, note
from seqwatch_tui.cli.show import cell, csv_cell
from seqwatch_tui.model.text import from_bytes, safe_text

if TYPE_CHECKING:
    from seqwatch_tui.detect.finding import Finding
    from seqwatch_tui.detect.rule import Rule, RuleSet
    from seqwatch_tui.engine.scan import Scan
    from seqwatch_tui.engine.scan_reading import Scanned

COLUMNS = (
    "ts", "level", "rule", "rule_id", "tags", "host", "user_name", "uid_name", "src_ip", "action", "outcome", "exe",
    "command_line", "path", "events", "type", "record", "file", "position",
)  # fmt: skip
"""Of a hit; `ts` in epoch seconds, `position` in bytes of the unpacked content, `events` on which a correlation rests."""
_TABLE = (("ts", 19), ("level", 13), ("rule", 40), ("host", 12), ("user_name", 12), ("exe", 24), ("record", 0))
Row = dict[str, Any]


def run(options: argparse.Namespace) -> int:
    """Scan the files. Exit 1 when a rule holds, 3 when a file could not be read to its end, 2 when no rule can be used."""
    from seqwatch_tui.engine.heap import keep_freed
    from seqwatch_tui.engine.scan import Scan

    missing = [path for path in options.files if not path.exists()]
    if missing:
        raise CommandError(Exit.USAGE, f"{missing[0]} does not exist", "give the path of a log")
    _check_type(options.type)
    rules, left_out = _rules(options.rules)
    keep_freed()
    processes = options.processes or len(os.sched_getaffinity(0))
    scan = Scan(rules, options.files, options.type, processes)
    rows = (_row(file, finding) for file, finding in scan.findings())
    {"json": _json, "csv": _csv, "table": _table}[options.format](rows, scan, left_out)
    _notes(scan, left_out)
    if any(file.problem for file in scan.files):
        return int(Exit.FAILED)
    return int(Exit.FINDING if scan.hits else Exit.OK)


def _check_type(name: str) -> None:
    if name not in ("auto", "auditd"):
        from seqwatch_tui.parse.mapping_file import MappingError, load_mapping

        try:
            load_mapping(name)
        except MappingError as error:
            raise CommandError(Exit.USAGE, str(error), "seqwatch sources formats lists the mappings") from error


def _rules(given: list[Path] | None) -> tuple[RuleSet, tuple[Rule, ...]]:
    """The rules that can be looked for, and those that ask what only a configuration says."""
    from seqwatch_tui.detect.cache import RuleCache
    from seqwatch_tui.detect.finding import without_policy
    from seqwatch_tui.detect.load import load_rules, shipped_rules

    missing = [path for path in given or () if not path.exists()]
    if missing:
        raise CommandError(Exit.USAGE, f"{missing[0]} does not exist", "give a rule file or a folder of them")
    cache = RuleCache.read(_cache())
    loaded = load_rules(given or [shipped_rules()], cache=cache)
    try:
        cache.write()
    except OSError as error:
        note(f"seqwatch: compiled rules cannot be kept in {_cache()}, the next scan starts slower: {error.strerror}")
    rules, left_out = without_policy(loaded)
    if not rules.rules:
        why = (
            str(rules.failures[0]) if rules.failures else "none was found, or each asks what only a configuration says"
        )
        raise CommandError(Exit.USAGE, f"no rule can be used: {why}", "seqwatch rules check DIR says what is wrong")
    return rules, left_out


def _cache() -> Path:
    """Where compiled rules are kept (XDG Base Directory Specification)."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if given.startswith("/") else Path.home() / ".cache"
    return base / "seqwatch" / "rules.json"


def _row(file: Scanned, finding: Finding) -> Row:
    rule, event = finding.rule, finding.event
    record = from_bytes(finding.record.rstrip(b"\r\n")) if finding.record is not None else None
    own = {
        "level": rule.level, "rule": rule.title, "rule_id": rule.rule_id, "tags": list(rule.tags), "events": finding.count,
        "type": finding.kind, "record": record, "file": file.path, "position": finding.position,
        "host": event["host"] or None,
    }  # fmt: skip
    return {name: own[name] if name in own else event[name] for name in COLUMNS}


def _json(rows: Iterator[Row], scan: Scan, left_out: tuple[Rule, ...]) -> None:
    """One document; whatever a terminal could act on is escaped, so that nothing of a record is lost."""
    out, between = sys.stdout, ""
    out.write('{"hits": [')
    for row in rows:
        out.write(f"{between}\n{_escaped(row)}")
        between = ","
    summary = {"rules": _counts(scan), "files": [_file(each) for each in scan.files], "gaps": _gaps(scan),
               "rules_left_out": [rule.rule_id for rule in left_out], "rules_failed": _failed(scan)}  # fmt: skip
    out.write(f'\n],\n"summary": {_escaped(summary)}}}\n')


def _escaped(value: object) -> str:
    return json.dumps(value).replace("\x7f", "\\u007f")


def _csv(rows: Iterator[Row], _: Scan, __: tuple[Rule, ...]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    for row in rows:
        plain = {**row, "tags": " ".join(row["tags"])}
        writer.writerow([csv_cell(safe_text(v) if isinstance(v, str) else v) for v in plain.values()])


def _table(rows: Iterator[Row], _: Scan, __: tuple[Rule, ...]) -> None:
    limit = shutil.get_terminal_size((160, 24)).columns if sys.stdout.isatty() else None
    head = "  ".join(name.ljust(width) for name, width in _TABLE).rstrip()
    for number, row in enumerate(rows):
        if not number:
            sys.stdout.write(f"{head}\n")
        cells = [(cell(name, row[name]), width) for name, width in _TABLE]
        line = "  ".join(_fitted(text, width) for text, width in cells).rstrip()
        sys.stdout.write((line if limit is None or len(line) <= limit else f"{line[: limit - 1]}…") + "\n")


def _fitted(text: str, width: int) -> str:
    return text.ljust(width) if not width or len(text) <= width else f"{text[: width - 1]}…"


def _notes(scan: Scan, left_out: tuple[Rule, ...]) -> None:
    for count in _counts(scan):
        note(f"{count['hits']:>8}  {count['level']:13}  {count['rule']}  {' '.join(count['tags'])}".rstrip())
    for file in scan.files:
        said = f"; {file.unparsed} of them no records" if file.unparsed else ""
        note(f"{file.path}: {file.format}, {file.lines:,} lines{said}{'; ' + file.problem if file.problem else ''}")
    for gap in _gaps(scan):
        note(f"gap: {gap['kind']}: {gap['detail']}")
    if left_out:
        note(
            f"{len(left_out)} rules not looked for: they ask for datasets, grants or hours, which a configuration says"
        )
    for failed in _failed(scan):
        note(f"seqwatch: {failed['file']}:{failed['line']}: {failed['why']}")


def _counts(scan: Scan) -> list[dict[str, Any]]:
    known = scan.rules.by_id
    return [
        {"rule": known[rule].title, "rule_id": rule, "level": known[rule].level, "tags": list(known[rule].tags), "hits": hits}
        for rule, hits in scan.hits.most_common()
    ]  # fmt: skip


def _file(file: Scanned) -> dict[str, Any]:
    return {"file": file.path, "format": file.format, "bytes": file.bytes, "lines": file.lines,
            "unparsed": file.unparsed, "problem": file.problem or None}  # fmt: skip


def _gaps(scan: Scan) -> list[dict[str, Any]]:
    return [
        {"kind": gap.kind, "start": gap.start, "end": gap.end, "count": gap.count, "detail": gap.detail}
        for gap in scan.gaps
    ]


def _failed(scan: Scan) -> list[dict[str, Any]]:
    known = scan.rules.by_id
    failed = [{"file": each.file, "line": each.line, "why": each.why} for each in scan.rules.failures]
    return failed + [
        {"file": known[rule].file, "line": known[rule].line, "why": f"could not be evaluated throughout: {why}"}
        for rule, why in scan.faults.items()
    ]
