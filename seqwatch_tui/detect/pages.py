"""docs/rules/ from the shipped rules: `python -m seqwatch_tui.detect.pages docs/rules`. A test holds them equal.

One page a rule file, and README.md with a table of all. What a page says stands in the rule file, so that a rule and its
manual cannot part: description, falsepositives, `custom.needs`, `custom.tune`, and the condition itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqwatch_tui.detect.documents import Document, documents, read_file, rule_files
from seqwatch_tui.detect.load import load_rules, shipped_rules
from seqwatch_tui.detect.rule import Rule
from seqwatch_tui.detect.summary import span_text

_MADE = "<!-- Made by `python -m seqwatch_tui.detect.pages docs/rules` from the rule file; edit that. -->"
_INDEX = """# The rules that come with seqwatch

{made}

How rules work, and how to write your own: [rules](../rules.md). What `context` says: [codes](context.md).

| rule | level | what |
|---|---|---|
{rows}
"""
_TACTIC = re.compile(r"attack\.t(\d{4})(?:\.(\d{3}))?$")


def pages() -> dict[str, str]:
    """Return every page by file name."""
    loaded = load_rules([shipped_rules()]).rules
    found: dict[str, str] = {}
    rows: list[tuple[str, str]] = []
    for path in rule_files(shipped_rules()):
        raw = read_file(path)
        told, _ = documents(raw, path.name)
        rules = {rule.line: rule for rule in loaded if rule.file == str(path)}
        pairs = [(rule, doc) for doc in told if (rule := rules.get(doc.line("title"))) is not None]
        found[f"{path.stem}.md"] = _page(pairs, raw.decode())
        rows += [(rule.rule_id, _row(rule, path.stem)) for rule, _ in pairs if _own(rule)]
    found["README.md"] = _INDEX.format(made=_MADE, rows="\n".join(row for _, row in sorted(rows)))
    return found


def _own(rule: Rule) -> bool:
    return rule.raises and rule.alert_as == rule.rule_id


def _row(rule: Rule, stem: str) -> str:
    return f"| [`{rule.rule_id}`]({stem}.md) | {rule.level} | {rule.title} |"


def _page(pairs: Sequence[tuple[Rule, Document]], text: str) -> str:
    raising = [pair for pair in pairs if _own(pair[0])]
    parts = [
        f"# {raising[-1][0].title}" if len(raising) == 1 else f"# {raising[0][0].title}, and what belongs to it",
        _MADE,
    ]
    for rule, document in raising:
        parts += [f"## `{rule.rule_id}`", *_told(rule, document.value)]
    parts += ["## As it is written", _without_custom(text)]
    return "\n\n".join(parts) + "\n"


def _told(rule: Rule, value: Mapping[str, Any]) -> list[str]:
    custom = value.get("custom") or {}
    level = f"**{rule.level}** · {', '.join(_techniques(rule))} · further hits within {span_text(rule.fold)} fold into one alert"
    told = [level, f"{rule.title}. {_line(rule.description)}"]
    told += [f"**Needs**: {_line(custom['needs'])}"] if custom.get("needs") else []
    told.append("**False positives**\n" + "\n".join(f"- {_line(each)}" for each in rule.false_positives))
    told += [f"**Tune**: {_line(custom['tune'])}"] if custom.get("tune") else []
    positive = sum(sample.raises for sample in rule.samples)
    return [*told, f"Samples: {positive} that must raise it, {len(rule.samples) - positive} that must not."]


def _techniques(rule: Rule) -> list[str]:
    found = [match for tag in rule.tags if (match := _TACTIC.match(tag))]
    return [
        f"[T{number}{'.' + sub if sub else ''}](https://attack.mitre.org/techniques/T{number}/{sub + '/' if sub else ''})"
        for number, sub in (match.groups() for match in found)
    ]


def _line(text: str) -> str:
    return " ".join(text.split())


def _without_custom(text: str) -> str:
    """The conditions of all documents: what pySigma reads, without sentences, samples and authorship."""
    kept = []
    for part in re.split(r"(?m)^---\s*$", text):
        blocks = re.split(r"(?m)^(?=[a-z]+:)", part)
        wanted = [
            b.rstrip() for b in blocks if b.partition(":")[0] in ("name", "logsource", "detection", "correlation")
        ]
        kept.append("\n".join(wanted))
    return "```yaml\n" + "\n---\n".join(kept) + "\n```"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages().items():
        folder.joinpath(name).write_text(page, "utf-8")
