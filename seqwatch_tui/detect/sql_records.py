"""Fields of raw audit records in SQL: what `parse.record_fields` does to one line, said over the view `records`.

The regular expressions are the same ones. Bytes that are no UTF-8 in a hex-encoded value are shown as \\xNN by both; SQL
writes control characters of such a value so, too. LAUREL's objects are not taken apart in SQL.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from seqwatch_tui.detect.fields import KEYWORDS, TIME, TYPED
from seqwatch_tui.detect.layouts import OF_THE_EVENT
from seqwatch_tui.detect.raw_records import JSON
from seqwatch_tui.detect.relevance import TYPE
from seqwatch_tui.parse.record_fields import ADDED, BY_KERNEL, ENCODED, TOKEN

_OURS = frozenset(name for fields in TYPED.values() for name in fields) | {KEYWORDS}
_ARGUMENT = re.compile(r"a\d{1,9}")
_ABSENT = "'', '(null)', '?', '\"?\"', '\"\"'"


OF_EVENT = "event."
"""What the name of an event's column begins with here: a record's field may have the same name."""


_SAID = "' msg='''"
"""What a program's own words begin with."""
_INNER = "coalesce(nullif(regexp_replace(rest, '''[^'']*$', ''), ''), rest)"
"""Those words up to their last quote."""


def text(value: str) -> str:
    """Return a SQL string constant."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return a field's name as an identifier. SQL does not tell names apart by case, so capitals of records are marked."""
    capitals = "" if name in _OURS or name.islower() else "#" + "".join("1" if c.isupper() else "0" for c in name)
    return '"' + (name + capitals).replace('"', '""') + '"'


def records_sql(fields: Collection[str], columns: Collection[str] = (), events: str = "events") -> str:
    """Return a select of event_id, ts, the `fields` of the records of `events` and the `columns` of their events."""
    shown = [f"{_field(name)} AS {quoted(name)}" for name in dict.fromkeys(fields)]
    shown += [f'"{OF_EVENT}{name}"' for name in dict.fromkeys(columns)]
    more = "".join(f', e."{name}" AS "{OF_EVENT}{name}"' for name in dict.fromkeys((*columns, *OF_THE_EVENT.values())))
    return f"""SELECT {", ".join(["event_id", "ts", *shown])} FROM (
  SELECT *, regexp_extract_all(split_part(own, {_SAID}, 1), {text(TOKEN)}) AS o,
    CASE WHEN rest = '' THEN [] ELSE regexp_extract_all({_INNER}, {text(TOKEN)}) END AS i,
    regexp_extract_all(tail, {text(ADDED)}) AS n
  FROM (SELECT *, CASE WHEN contains(own, {_SAID}) THEN substr(own, strpos(own, {_SAID}) + 6) ELSE '' END AS rest
    FROM (SELECT *, split_part(body, chr(29), 1) AS own, substr(body, nullif(strpos(body, chr(29)), 0) + 1) AS tail
      FROM (SELECT r.event_id, e.ts, r.type AS kind, r.raw,
          CASE WHEN contains(r.raw, '): ') THEN substr(r.raw, strpos(r.raw, '): ') + 3) ELSE '' END AS body{more}
        FROM records r JOIN {events} e ON r.event_id = e.event_id WHERE r.type <> {text(JSON)}))))"""  # noqa: S608


def _field(name: str) -> str:
    if name == TYPE:
        return "kind"
    if name == KEYWORDS:
        return _keywords()
    if name.startswith(f"{TIME}."):
        return f"{name.removeprefix(TIME + '.')}({TIME})"
    own = _added(name) if name.isupper() else _own(name)
    if name in OF_THE_EVENT:
        return f"CASE WHEN kind = 'SYSCALL' THEN \"{OF_EVENT}{OF_THE_EVENT[name]}\" ELSE {own} END"
    return own


def _added(name: str) -> str:
    return f"trim({_last('n', name)}, '\"')"


def _own(name: str) -> str:
    value = _last("i || o" if name in BY_KERNEL else "o || i", name)
    if _ARGUMENT.fullmatch(name):
        pieces = (
            f"list_transform(list_filter(o, lambda t: starts_with(t, '{name}[')), lambda t: {_argument(_after('t'))})"
        )
        whole = f"coalesce(nullif(array_to_string({pieces}, ''), ''), {_argument(value)})"
        return f"CASE WHEN kind = 'EXECVE' THEN {whole} ELSE {_plain(value)} END"
    if name == "name":
        return f"CASE WHEN starts_with({value}, '\"') THEN trim({value}, '\"') ELSE {_decoded(value)} END"
    return _special(name, value) if name in ENCODED else _plain(value)


def _last(tokens: str, name: str) -> str:
    """The value of the last token of a name."""
    return f"substr(list_last(list_filter({tokens}, lambda t: starts_with(t, '{name}='))), {len(name) + 2})"


def _after(token: str) -> str:
    return f"substr({token}, strpos({token}, '=') + 1)"


def _plain(value: str) -> str:
    return f"CASE WHEN trim({value}, '\"') IN ({_ABSENT}, '(none)') THEN NULL ELSE trim({value}, '\"') END"


def _argument(value: str) -> str:
    """See `record_fields._argument`."""
    return (
        f"CASE WHEN starts_with({value}, '\"') THEN regexp_replace(substr({value}, 2), '\"$', '') "
        f"WHEN {value} IN ('', '(null)') THEN NULL WHEN {_is_hex(value)} THEN {_unhex(value)} ELSE {value} END"
    )


def _decoded(value: str) -> str:
    """See `fields.text_value`."""
    return (
        f"CASE WHEN {value} IN ({_ABSENT}) THEN NULL WHEN starts_with({value}, '\"') THEN regexp_replace(substr({value}, 2), '\"$', '') "
        f"WHEN {_is_hex(value)} THEN {_unhex(value)} ELSE {value} END"
    )


def _special(name: str, value: str) -> str:
    decoded = _decoded(value)
    if name == "proctitle":
        return f"replace(rtrim({decoded}, chr(0)), chr(0), ' ')"
    return f"replace({decoded}, chr(1), ',')" if name == "key" else decoded


def _is_hex(value: str) -> str:
    return f"regexp_full_match({value}, '([0-9A-F]{{2}})+')"


def _unhex(value: str) -> str:
    odd = f"unhex({value})::VARCHAR"
    for written, meant in (("\\x22", '"'), ("\\x27", "'"), ("\\x5C", "\\")):
        odd = f"replace({odd}, {text(written)}, {text(meant)})"
    return f"coalesce(try(decode(unhex({value}))), {odd})"


def _keywords() -> str:
    """See `record_fields.record_text`."""
    value, cases = _after("t"), []
    for name in sorted(ENCODED):
        cases.append(f"WHEN regexp_full_match(t, '{name}=([0-9A-F]{{2}})+') THEN {_special(name, value)}")
    words = (
        "list_transform(o || i, lambda t: CASE WHEN kind = 'EXECVE' AND regexp_full_match(t, '(?s)a[0-9]{1,9}(\\[[0-9]+\\])?=.*') "
        f"THEN {_argument(value)} {' '.join(cases)} END)"
    )
    return f"array_to_string([body] || {words}, ' ')"
