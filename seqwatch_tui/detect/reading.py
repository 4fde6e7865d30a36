"""One YAML document to one Rule, by way of pySigma: metadata, log source, condition or correlation, our `custom` block.

Only `load` uses this module, when rules are loaded: importing it loads pySigma.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.policy import default_policy
from sigma.policy.regex_engine import RE2RegexEngine
from sigma.rule import SigmaRule

from seqwatch_tui.detect.condition import And, Condition, Or
from seqwatch_tui.detect.correlating import correlation_of
from seqwatch_tui.detect.custom import Unfit, custom_of
from seqwatch_tui.detect.documents import Document
from seqwatch_tui.detect.fields import LOG_SOURCES, LogSource
from seqwatch_tui.detect.rule import Correlation, Rule
from seqwatch_tui.detect.translate import Untranslatable, translate
from seqwatch_tui.model.alert import Level


class _SilentRe2(RE2RegexEngine):
    """RE2 that says what is wrong with a pattern once, by raising, and not on standard error with the pattern as it is."""

    def __init__(self) -> None:
        super().__init__()
        self._options = self._re2.Options()
        self._options.log_errors = False

    def compile(self, pattern: str, flags: int = 0) -> Any:
        """Compile; pySigma gives flags of `re`, which RE2 takes inline."""
        names = "".join(name for flag, name in _INLINE.items() if int(flags) & int(flag))
        return self._re2.compile(f"(?{names}){pattern}" if names else pattern, self._options)


_INLINE = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}
default_policy.regex_engine = _SilentRe2()

# What pySigma raises on structures that it does not expect, besides its own family.
_FAULTS = (SigmaError, ValueError, TypeError, AttributeError, LookupError, RecursionError)


class Unusable(ValueError):
    """The document is no rule that can be watched: why, and on which line."""

    def __init__(self, why: str, line: int) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True, slots=True)
class Origin:
    """The file a document stands in."""

    file: str
    stem: str
    hash: str
    text: str


def build(origin: Origin, document: Document) -> Rule:
    """Return the rule that `document` holds; raises Unusable."""
    parsed = _parsed(document)
    source, body = _body(parsed, document)
    view = None if isinstance(body, Correlation) else source.view
    try:
        custom = custom_of(document.value.get("custom"), view)
    except Unfit as error:
        raise Unusable(f"custom: {error}", document.line(error.key, "custom")) from error
    span = body.span if isinstance(body, Correlation) else 0
    rule_id = parsed.name or (str(parsed.id) if parsed.id else origin.stem)
    return Rule(
        rule_id=rule_id, title=parsed.title, level=_level(parsed), body=body, summary=custom.summary or _summary(body),
        fold=max(custom.fold, span), alert_as=custom.alert_as or rule_id, description=parsed.description or "",
        tags=tuple(str(tag) for tag in parsed.tags), false_positives=tuple(map(str, parsed.falsepositives)),
        file=origin.file, line=document.line("title"), hash=origin.hash, text=origin.text, samples=custom.samples,
        sigma_id=str(parsed.id or ""), view=source.view,
        lacks=source.missing,
    )  # fmt: skip


def _parsed(document: Document) -> SigmaRule | SigmaCorrelationRule:
    value = document.value
    if "action" in value or "filter" in value:
        raise Unusable(
            "rule collections (action) and filters are not supported; write one rule", document.line("action", "filter")
        )
    kind = SigmaCorrelationRule if "correlation" in value else SigmaRule
    try:
        rule = kind.from_dict(value, collect_errors=True)
    except _FAULTS as error:
        raise Unusable(f"is not a Sigma rule: {_sentence(error)}", document.tree.line) from error
    if rule.errors:
        raise Unusable(f"is not a Sigma rule: {_sentence(rule.errors[0])}", _line_of(rule.errors[0], document))
    return rule


def _sentence(error: BaseException) -> str:
    text = str(error).splitlines()
    return (text[0] if text else type(error).__name__).rstrip(".")


def _line_of(error: SigmaError, document: Document) -> int:
    """The line of the part an error is about, by the name of its class: SigmaLevelError is about `level`."""
    about = type(error).__name__.removeprefix("Sigma").removesuffix("Error").lower()
    return document.line(about, "detection", "correlation")


def _level(rule: SigmaRule | SigmaCorrelationRule) -> Level:
    return cast(Level, rule.level.name.lower() if rule.level else "medium")


def _body(rule: SigmaRule | SigmaCorrelationRule, document: Document) -> tuple[LogSource, Condition | Correlation]:
    """The log source a rule is for, and what it looks for there."""
    try:
        if isinstance(rule, SigmaCorrelationRule):
            return LogSource("events"), correlation_of(rule)
        return _condition(rule, document)
    except Unusable:
        raise
    except Untranslatable as error:
        words = (error.field,) if error.field else ("correlation", "condition")
        raise Unusable(str(error), document.line(*words)) from error
    except _FAULTS as error:
        raise Unusable(f"the condition is not valid: {_sentence(error)}", document.line("condition")) from error


def _condition(rule: SigmaRule, document: Document) -> tuple[LogSource, Condition]:
    named = rule.logsource
    source = LOG_SOURCES.get((named.product, named.category, named.service))
    if source is None:
        told = ", ".join(f"{key}={value}" for key, value in _told(named) if value)
        raise Unusable(
            f"the log source {told} is none that is known here; see docs/detection.md", document.line("logsource")
        )
    trees = tuple(translate(condition.parsed, source.view) for condition in rule.detection.parsed_condition)
    whole = trees[0] if len(trees) == 1 else Or(trees)
    return source, whole if source.scope is None else And((source.scope, whole))


def _told(source: Any) -> tuple[tuple[str, str | None], ...]:
    return ("product", source.product), ("category", source.category), ("service", source.service)


def _summary(body: Condition | Correlation) -> str:
    """The sentence of a rule that brings none."""
    if not isinstance(body, Correlation):
        return "{actor} ({role}): {title}, on {dataset} with {process} from {src_ip}; {events}"
    if body.kind in ("event_count", "value_count"):
        return "{actor} ({role}): {title}, {measure} in {window} on {dataset} from {src_ip}; threshold {threshold}"
    return "{actor} ({role}): {title}, within {window} on {dataset} from {src_ip}; {events}"
