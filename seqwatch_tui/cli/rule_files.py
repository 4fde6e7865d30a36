"""`seqwatch rules import|check|test|enable|disable`: a site's own rules, brought in, looked at and switched."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqwatch_tui.cli.exits import CommandError, Exit, note
from seqwatch_tui.cli.session import engine_for
from seqwatch_tui.cli.settings import load_settings
from seqwatch_tui.cli.show import show_panel
from seqwatch_tui.model.text import safe_text

_LARGEST = 256 << 10
_TOGETHER = 600 << 10
"""Characters of rule files in one request; the engine takes a mebibyte."""
Files = list[dict[str, str]]


def import_files(options: argparse.Namespace) -> int:
    """Send the files to the engine; print how many rules were loaded and what failed. Exit 1 when something failed."""
    files = list(_texts(_path(options)))
    settings, config = load_settings(options)
    total: dict[str, Any] = {"loaded": 0, "failed": []}
    with engine_for(settings, config) as client:
        for part in _parts(files):
            answer = client.post("/v1/rules/import", {"files": part}, 120)
            total = {"loaded": total["loaded"] + answer["loaded"], "failed": total["failed"] + answer["failed"]}
    print(json.dumps(total))
    return int(Exit.FINDING if total["failed"] else Exit.OK)


def check_files(options: argparse.Namespace) -> int:
    """Say what is wrong with rule files, `file:line:column: why`; needs no engine. Exit 1 when something is."""
    from seqwatch_tui.detect.lint import lint

    findings = lint(_path(options))
    columns = ["file", "line", "column", "severity", "rule", "why"]
    if options.format == "table":
        for found in findings:
            print(safe_text(f"{found.file}:{found.line}:{found.column}: {found.severity}: {found.why}"))
        note(f"seqwatch: findings: {len(findings)}, errors among them: {sum(f.severity == 'error' for f in findings)}")
    else:
        rows = [[getattr(found, name) for name in columns] for found in findings]
        show_panel({"columns": columns, "rows": rows, "cut": False}, options.format)
    return int(Exit.FINDING if any(found.severity == "error" for found in findings) else Exit.OK)


def test_samples(options: argparse.Namespace) -> int:
    """Run the samples of rules through both executions; needs no engine. Exit 1 when one does not do what it says."""
    from seqwatch_tui.detect.load import load_rules, shipped_rules
    from seqwatch_tui.detect.samples import try_samples

    folders, only, file = [shipped_rules()], options.rule, ""
    if options.rule and (options.rule.endswith((".yml", ".yaml")) or "/" in options.rule):
        path = _path(options).resolve()
        folders.append(path if path.is_dir() else path.parent)
        only, file = None, str(path)
    else:
        settings, _ = load_settings(options)
        folders += [folder for folder in [Path(settings.state_dir) / "rules"] if folder.is_dir()]
    rules = load_rules(folders)
    broken = [failure for failure in rules.failures if file and failure.file.startswith(file)]
    results = try_samples(rules, lambda rule: rule.file.startswith(file) and only in (None, rule.rule_id))
    columns = ["rule", "sample", "raises", "live", "sql", "result"]
    rows = [[r.rule, r.number, r.raises, r.live, r.sql, "pass" if r.passed else "fail"] for r in results]
    show_panel({"columns": columns, "rows": rows, "cut": False}, options.format)
    for failure in broken:
        note(f"seqwatch: {failure.file}:{failure.line}: {failure.why}")
    if not rows and not broken:
        note("seqwatch: no samples: give a rule custom: {positive: [...], negative: [...]} (docs/detection.md)")
    return int(Exit.OK if all(r.passed for r in results) and rows and not broken else Exit.FINDING)


def switch(options: argparse.Namespace) -> int:
    """Enable or disable a rule; recorded with the reason."""
    if not options.rule or not options.reason:
        raise CommandError(
            Exit.USAGE, f"{options.do} needs a rule and --reason", f"seqwatch rules {options.do} NAME --reason 'why'"
        )
    settings, config = load_settings(options)
    with engine_for(settings, config) as client:
        answer = client.post(f"/v1/rules/{options.rule}", {"enabled": options.do == "enable", "reason": options.reason})
    print(json.dumps(answer) if options.format == "json" else f"{answer['rule']} is {options.do}d")
    return int(Exit.OK)


def _path(options: argparse.Namespace) -> Path:
    if not options.rule:
        raise CommandError(Exit.USAGE, f"{options.do} needs a file or folder", f"seqwatch rules {options.do} ./rules")
    path = Path(options.rule)
    if not path.exists():
        raise CommandError(Exit.USAGE, f"{path} does not exist", "give the path of a rule file or a folder of them")
    return path


def _texts(path: Path) -> Iterator[dict[str, str]]:
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix in (".yml", ".yaml"))
    if not files:
        raise CommandError(Exit.USAGE, f"{path} holds no rule files", "rule files end in .yml or .yaml")
    for file in files:
        try:
            raw = file.read_bytes()[: _LARGEST + 1]
        except OSError as error:
            raise CommandError(
                Exit.USAGE, f"{file} cannot be read: {error.strerror}", "check its permissions"
            ) from error
        name = file.name if file == path else file.relative_to(path).as_posix()
        yield {"name": name, "text": raw.decode("utf-8-sig", "replace")}


def _parts(files: Files) -> Iterator[Files]:
    """The files in requests that the engine takes."""
    part: Files = []
    size = 0
    for each in files:
        length = len(json.dumps(each))
        if part and size + length > _TOGETHER:
            yield part
            part, size = [], 0
        part.append(each)
        size += length
    yield part
