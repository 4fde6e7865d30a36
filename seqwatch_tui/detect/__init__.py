"""Detection: Sigma rules as one condition tree with two executions, a matcher on the live stream and SQL for history.

This room turns rows of `events` into alerts. It must not know where rows come from, where alerts are stored, who is
told, or what time it is: the only clock is the events' own `ts`. What a rule cannot express is a named failure with
file and line, never a rule that silently matches less than its author wrote.

Importing this package loads neither pySigma (only `load_rules` does, when called) nor pyarrow (the names below load
on first use).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqwatch_tui.detect.detector import Detections, Detector, RuleFault
    from seqwatch_tui.detect.load import load_rules, shipped_rules
    from seqwatch_tui.detect.rule import Correlation, Rule, RuleFailure, RuleSet
    from seqwatch_tui.detect.sql import SqlQuery, history_sql

_HOMES = {
    "Correlation": "rule", "Detections": "detector", "Detector": "detector", "Rule": "rule", "RuleFailure": "rule",
    "RuleFault": "detector", "RuleSet": "rule", "SqlQuery": "sql", "history_sql": "sql", "load_rules": "load",
    "shipped_rules": "load",
}  # fmt: skip

__all__ = [
    "Correlation", "Detections", "Detector", "Rule", "RuleFailure", "RuleFault", "RuleSet", "SqlQuery", "history_sql",
    "load_rules", "shipped_rules",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name from its module on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
