"""Mapping files, read and checked whole, so that a typo is found before the first event.

YAML in, a frozen `Mapping` or every problem at once out: file, line, key, the nearest known key, what to write. The
language is described in docs/sources.md.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from seqwatch_tui.config.errors import ConfigError, Problem, nearest
from seqwatch_tui.config.yamltree import MAX_BYTES, Node, Scalar, parse
from seqwatch_tui.model.text import safe_text
from seqwatch_tui.parse.mapping import FORMS, MAPPED_COLUMNS, WORDS, Extract, Form, Logins, Mapping, Spec
from seqwatch_tui.parse.mapping_places import PlaceReader
from seqwatch_tui.parse.mapping_shapes import Shapes, items

SHIPPED = Path(__file__).parent / "mappings"
_TOP: dict[str, str] = {
    "format": "format: json",
    "about": "about: one sentence",
    "known_by": "known_by: [eventName, [userIdentity, user]]",
    "pattern": r"pattern: '^(?P<user>\S+) (?P<path>\S+)'",
    "records": "records: Records",
    "only": "only: [{kind: file}]",
    "absent": 'absent: ["-"]',
    "lost": "lost: dropped_events",
    "logins": "logins: {opened: [{event: login}], closed: [{event: logout}]}",
    "byte_arrays": "byte_arrays: true",
    "extract": r"extract: {login: {from: message, pattern: '^Accepted for (?P<user>\S+)'}}",
    "fields": "fields: {ts: time, path: file.path}",
    "values": "values: {action: {openat: open}}",
}
_SPEC: dict[str, str] = {
    "from": "from: file.path",
    "is": "is: login",
    "text": 'text: "s3://{bucket}/{key}"',
    "account": "account: uid",
    "when": "when: {kind: file}",
    "table": "table: {openat: open}",
    "time": "time: us",
    "decode": "decode: percent",
}
_LOGINS: dict[str, str] = {
    "let_in": "let_in: [{event: accepted}]",
    "opened": "opened: [{event: login}]",
    "closed": "closed: [{event: logout}]",
    "key": "key: ssh.fingerprint",
}
_EXTRACT: dict[str, str] = {
    "from": "from: message",
    "pattern": r"pattern: '(?P<user>\S+)'",
    "when": "when: {kind: file}",
}
_WAYS = ("from", "is", "text", "account")
_UNITS = ("s", "ms", "us", "ns")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class MappingError(ValueError):
    """A mapping that cannot be used; one line per problem, each with file, line and what to write."""


def shipped_names() -> list[str]:
    """Names of the mappings that come with the program."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load_mapping(name_or_path: str | Path) -> Mapping:
    """Load a shipped mapping by name (falco, generic, ...) or a file by path; MappingError says what is wrong."""
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        path = SHIPPED / f"{path.name}.yaml"
        if not path.is_file() or str(name_or_path) != path.stem:
            raise MappingError(
                f"no mapping '{safe_text(str(name_or_path), 60)}'{nearest(str(name_or_path), shipped_names())}"
                " Write one of them, or the path of a .yaml file"
            )
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1).decode("utf-8-sig")
        tree = parse(text, str(path))
    except OSError as error:
        raise MappingError(f"{path}: cannot be read: {error.strerror}; correct the path or its rights") from error
    except UnicodeDecodeError as error:
        raise MappingError(f"{path}: holds a byte that is not UTF-8; save the file as UTF-8") from error
    except ConfigError as error:
        raise MappingError(str(error)) from error
    reader = _Reader(str(path))
    mapping = reader.mapping(tree, path.stem)
    if reader.problems:
        raise MappingError("\n".join(str(p) for p in sorted(reader.problems, key=lambda p: p.line or 0)))
    return mapping


class _Reader:
    """Reads one tree, section by section."""

    def __init__(self, file: str) -> None:
        self._shapes = Shapes(file)
        self._look = PlaceReader(self._shapes)

    @property
    def problems(self) -> list[Problem]:
        """Everything found wrong so far."""
        return self._shapes.problems

    def mapping(self, tree: Node, name: str) -> Mapping:
        """The mapping of a file; only good when `problems` stays empty."""
        top = self._shapes.section(tree, "the mapping", _TOP, "format: json")
        form = self._form(top.get("format"), tree)
        if form == "laurel":
            for key in top.keys() - {"format", "about"}:
                self._shapes.report(
                    top[key], f"'{key}' has no place in a laurel mapping: its structure is known; remove it"
                )
            return Mapping(name, form, self._shapes.word(top.get("about"), "about"))
        self._line_keys(top, form)
        pattern = self._shapes.word(top.get("pattern"), "pattern")
        if form == "text" and "pattern" in top:
            self._look.own = self._look.pattern_groups(top["pattern"], pattern, "pattern")
        extracts = self._extracts(top.get("extract"))
        tables = self._tables(top.get("values"))
        columns = self._columns(top.get("fields"), tables)
        if "ts" not in columns and not self.problems:
            self._shapes.report(
                top.get("fields", tree), "fields needs 'ts', the time of the event; write e.g. fields: {ts: time}"
            )
        return Mapping(
            name, form, self._shapes.word(top.get("about"), "about"),
            tuple(self._look.places(node, "known_by") for node in items(top.get("known_by"))), pattern,
            tuple(tuple(word.split(".")) for word in self._shapes.words(top.get("records"), "records")),
            tuple(self._look.conditions(node) for node in items(top.get("only"))),
            frozenset(self._shapes.words(top.get("absent"), "absent", empty=True)),
            self._shapes.flag(top.get("byte_arrays")), tuple(self._spec(way, "lost", None) for way in items(top.get("lost"))),
            self._logins(top.get("logins")), extracts, columns,
        )  # fmt: skip

    def _logins(self, node: Node | None) -> Logins | None:
        if node is None:
            return None
        part = self._shapes.section(node, "logins", _LOGINS, _LOGINS["opened"])
        let_in, opened, closed = (
            tuple(self._look.conditions(each) for each in items(part.get(word)))
            for word in ("let_in", "opened", "closed")
        )
        key = self._look.places(part["key"], "logins.key") if "key" in part else ()
        return Logins(let_in, opened, closed, key)

    def _form(self, node: Node | None, tree: Node) -> Form:
        if node is None:
            self._shapes.report(tree, "the mapping needs 'format'; write e.g. format: json")
            return "json"
        text = node.text if isinstance(node, Scalar) else ""
        for form in FORMS:
            if text == form:
                return form
        self._shapes.report(
            node, f"format '{safe_text(text, 60)}' is not known{nearest(text, FORMS)} Write e.g. format: json"
        )
        return "json"

    def _line_keys(self, top: dict[str, Node], form: Form) -> None:
        if form == "text" and "pattern" not in top:
            self._shapes.report(top["format"], f"format text needs 'pattern'; write e.g. {_TOP['pattern']}")
        if form == "json" and "pattern" in top:
            self._shapes.report(
                top["pattern"], "'pattern' is for format text; a text within a record is taken apart by extract"
            )
        if form == "text" and "records" in top:
            self._shapes.report(top["records"], "'records' is for format json; a line of text is one record; remove it")

    # --- sections -------------------------------------------------------------------------------------------------

    def _extracts(self, node: Node | None) -> dict[str, Extract]:
        """Groups of all patterns first, for one extract may look at the parts of another."""
        found = self._shapes.named(node, "extract", _TOP["extract"])
        parts = {
            name: self._shapes.section(n, f"extract.{name}", _EXTRACT, _EXTRACT["from"]) for name, n in found.items()
        }
        for name, part in parts.items():
            pattern = self._shapes.word(part.get("pattern"), f"extract.{name}.pattern")
            self._look.groups[name] = (
                self._look.pattern_groups(part["pattern"], pattern, f"extract.{name}.pattern")
                if "pattern" in part
                else ()
            )
        extracts = {}
        for name, part in parts.items():
            for key in ("from", "pattern"):
                if key not in part:
                    self._shapes.report(found[name], f"extract.{name} needs '{key}'; write e.g. {_EXTRACT[key]}")
            if not _NAME.fullmatch(name):
                self._shapes.report(found[name], f"extract '{safe_text(name, 60)}' must be letters, digits and _")
            places = self._look.places(part.get("from"), f"extract.{name}.from", before=name)
            pattern = self._shapes.word(part.get("pattern"), f"extract.{name}.pattern")
            extracts[name] = Extract(
                places, pattern, self._look.groups[name], self._look.conditions(part.get("when"), before=name)
            )
        return extracts

    def _tables(self, node: Node | None) -> dict[str, dict[str, str]]:
        found = self._shapes.named(node, "values", _TOP["values"])
        for column in found.keys() - set(MAPPED_COLUMNS):
            self._shapes.report(
                found[column], f"values.{safe_text(column, 60)} is no column{nearest(column, MAPPED_COLUMNS)}"
                f" Write e.g. {_TOP['values']}"
            )  # fmt: skip
        return {column: self._table(n, column, f"values.{column}") for column, n in found.items()}

    def _columns(self, node: Node | None, tables: dict[str, dict[str, str]]) -> dict[str, tuple[Spec, ...]]:
        columns: dict[str, tuple[Spec, ...]] = {}
        for column, value in self._shapes.named(node, "fields", _TOP["fields"]).items():
            if column not in MAPPED_COLUMNS:
                self._shapes.report(
                    value, f"fields.{safe_text(column, 60)} is no column of events{nearest(column, MAPPED_COLUMNS)}"
                    f" Write e.g. {_TOP['fields']}"
                )  # fmt: skip
                continue
            default = tables.get(column, {} if column in WORDS else None)
            columns[column] = tuple(self._spec(way, column, default) for way in items(value))
        return columns

    def _spec(self, node: Node, column: str, default: dict[str, str] | None) -> Spec:
        at = column if column == "lost" else f"fields.{column}"
        if isinstance(node, Scalar):
            return Spec(self._look.places(node, at), table=default)
        part = self._shapes.section(node, at, _SPEC, _SPEC["from"])
        ways = [key for key in _WAYS if key in part]
        if len(ways) != 1:
            self._shapes.report(
                node, f"{at} needs one of from, is, text and account; write e.g. {column}: {{from: a.b}}"
            )
            return Spec()
        if "time" in part and column != "ts":
            self._shapes.report(part["time"], f"{at}.time is for fields.ts only; remove it")
        when = self._look.conditions(part.get("when"))
        if "is" in part:
            return Spec(constant=self._constant(part["is"], column, at), when=when)
        table = self._table(part["table"], column, f"{at}.table") if "table" in part else default
        places = self._look.places(part["from"], f"{at}.from") if "from" in part else ()
        account = self._look.places(part["account"], f"{at}.account")[:1] if "account" in part else ()
        text = self._look.template(part["text"], f"{at}.text") if "text" in part else ()
        return Spec(
            places, None, text, account[0] if account else None, when, table,
            self._time(part.get("time")), self._decode(part.get("decode"), at),
        )  # fmt: skip

    def _constant(self, node: Node, column: str, at: str) -> str:
        text = self._shapes.word(node, f"{at}.is")
        self._meaning(node, column, text, f"{at}.is")
        return text

    def _meaning(self, node: Node, column: str, text: str, at: str) -> None:
        words = WORDS.get(column)
        if words is not None and text not in words:
            shown = safe_text(text, 60)
            self._shapes.report(node, f"{at} '{shown}' is not known{nearest(text, words)} Write e.g. {words[0]}")

    def _table(self, node: Node, column: str, at: str) -> dict[str, str]:
        table: dict[str, str] = {}
        for written, value in self._shapes.named(node, at, "table: {openat: open}").items():
            key, meant = written.lower(), self._shapes.word(value, f"{at}.{safe_text(written, 60)}")
            if key in table:
                self._shapes.report(
                    value, f"{at}.{safe_text(written, 60)} stands here twice: upper and lower case are one"
                )
            self._meaning(value, column, meant, f"{at}.{safe_text(written, 60)}")
            table[key] = meant
        return table

    def _time(self, node: Node | None) -> str | None:
        if node is None:
            return None
        text = self._shapes.word(node, "fields.ts.time")
        if text in _UNITS:
            return text
        try:
            datetime.strptime("", text)  # noqa: DTZ007 - only the format is tried
        except ValueError as error:
            wrong = "bad directive" in str(error) or "stray" in str(error)
            if not wrong and "%" in text:
                return text
        self._shapes.report(
            node, f"fields.ts.time '{safe_text(text, 60)}' is neither s, ms, us, ns nor a format;"
            ' write e.g. time: us, or time: "%d/%b/%Y:%H:%M:%S %z"'
        )  # fmt: skip
        return None

    def _decode(self, node: Node | None, at: str) -> bool:
        if node is not None and self._shapes.word(node, f"{at}.decode") != "percent":
            self._shapes.report(node, f"{at}.decode must be percent; write decode: percent, or remove it")
        return node is not None
