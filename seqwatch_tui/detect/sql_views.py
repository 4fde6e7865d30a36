"""The views of detection as SQL over `events` and `records`: what `views` makes of a batch, said of all history.

A process's parent is the newest start of its number on that host that arrived before it. Values are not in here: these statements
hold names from the allow-list and constants only.
"""

from __future__ import annotations

from collections.abc import Collection

from seqwatch_tui.detect.fields import FIELDS, RENAMED, TIME
from seqwatch_tui.detect.spelling import unquoted_sql
from seqwatch_tui.detect.sql_records import OF_EVENT, records_sql, text
from seqwatch_tui.detect.views import ACCEPTING, CONNECTING, FILE_ACTIONS

__all__ = ["OF_EVENT", "source_sql"]
_CWD = "CurrentDirectory"
_HEX = "([0-9A-Fa-f]{2})+"
"""What a sockaddr is written in; anything else is forged, and must not stop the statement."""


def source_sql(view: str, names: Collection[str], columns: Collection[str] = (), events: str = "events") -> str:
    """Return what stands behind FROM: event_id, ts, the fields `names` of a view and `columns` of the events.

    `events` names the table or CTE whose events are meant; a parent may be any event. Of records, whose fields have
    names of their own, a column of the event is called OF_EVENT and its name.
    """
    if view == "records":
        return f"({records_sql(names, columns, events)})"
    if view == "events" and not any(name.startswith(f"{TIME}.") for name in names):
        return events
    shown = [f'{_field(view, name)} AS "{name}"' for name in dict.fromkeys(names) if name not in FIELDS]
    return f"(SELECT {', '.join(['e.*', *shown])} FROM {_from(view, names, events)})"  # noqa: S608


def _field(view: str, name: str) -> str:
    if name.startswith(f"{TIME}."):
        return f"{name.removeprefix(TIME + '.')}(e.{TIME})"
    if name in _MADE:
        return _MADE[name]
    if name in RENAMED[view]:
        return f"e.{RENAMED[view][name]}"
    side = CONNECTING if name.startswith("Destination") else ACCEPTING
    value = _port("s.saddr") if name.endswith("Port") else _address("s.saddr")
    return f"CASE WHEN {_among('e.syscall', side)} THEN {value} END"


def _from(view: str, names: Collection[str], events: str) -> str:
    parts = [f"{events} e"]
    if any(name.startswith("Parent") and name != "ParentProcessId" for name in names):
        parts.append(
            f"ASOF LEFT JOIN (SELECT event_id, host, pid, exe, command_line FROM events WHERE {_done(('execute',))}) p"  # noqa: S608
            " ON e.host = p.host AND e.ppid = p.pid AND e.event_id > p.event_id"
        )
    if _CWD in names:
        parts.append(f"LEFT JOIN ({_first('CWD', 'cwd', events)}) c ON c.event_id = e.event_id")
    where = ""
    match view:
        case "processes":
            where = f" WHERE {_done(('execute',), 'e.')}"
        case "files":
            where = f" WHERE {_done(FILE_ACTIONS, 'e.')}"
        case "connections":
            whole = f"CASE WHEN regexp_full_match(saddr, {text(_HEX)}) THEN saddr END AS saddr"
            ends = f"SELECT event_id, {whole} FROM ({_first('SOCKADDR', 'saddr', events)})"  # noqa: S608
            parts.append(f"JOIN ({ends}) s ON s.event_id = e.event_id")
            where = f" WHERE {_among('e.syscall', (*CONNECTING, *ACCEPTING))} AND {_address('s.saddr')} IS NOT NULL"
    return f"{' '.join(parts)}{where}"


def _done(actions: tuple[str, ...], of: str = "") -> str:
    return f"{_among(f'{of}action', actions)} AND coalesce({of}outcome, '') <> 'failure'"


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(map(text, values))})"


def _first(kind: str, name: str, events: str) -> str:
    """A field of the first record of a type that an event has."""
    inner = records_sql([name, "type"], (), events)
    return f'SELECT event_id, first("{name}") AS "{name}" FROM ({inner}) WHERE "type" = {text(kind)} GROUP BY event_id'  # noqa: S608


def _port(saddr: str) -> str:
    return f"('0x' || substr({saddr}, 5, 4))::INTEGER"


def _address(saddr: str) -> str:
    """The address in a sockaddr of AF_INET or AF_INET6; see `sockets.end_of`."""
    clothes = "000000000000000000000000000000000000ffff"[-24:]
    six = f"lower(substr({saddr}, 17, 32))"
    return (
        f"CASE WHEN starts_with({saddr}, '0200') AND length({saddr}) >= 16 THEN {_dotted(saddr, 9)} "
        f"WHEN starts_with({saddr}, '0A00') AND length({saddr}) >= 48 THEN "
        f"CASE WHEN starts_with({six}, '{clothes}') THEN {_dotted(saddr, 41)} ELSE {_colons(six)} END END"
    )


def _dotted(text_: str, start: int) -> str:
    return (
        "concat_ws('.', " + ", ".join(f"('0x' || substr({text_}, {start + 2 * n}, 2))::INTEGER" for n in range(4)) + ")"
    )


def _colons(digits: str) -> str:
    """Thirty-two hex digits as RFC 5952 writes an address: the longest run of zeros, the first of them, as `::`."""
    groups = ", ".join(f"coalesce(nullif(ltrim(substr({digits}, {4 * n + 1}, 4), '0'), ''), '0')" for n in range(8))
    runs = [f"(^|:)0(:0){{{length - 1}}}(:|$)" for length in range(8, 1, -1)]
    cases = " ".join(f"WHEN regexp_matches(x, '{run}') THEN regexp_replace(x, '{run}', '::')" for run in runs)
    return f"list_transform([concat_ws(':', {groups})], lambda x: CASE {cases} ELSE x END)[1]"


_MADE = {
    "CommandLine": unquoted_sql("e.command_line"), "ParentImage": "p.exe",
    "ParentCommandLine": unquoted_sql("p.command_line"), "CurrentDirectory": 'c."cwd"',
    "DestinationHostname": "NULL::VARCHAR", "Protocol": "NULL::VARCHAR",
    "Initiated": f"CASE WHEN {_among('e.syscall', CONNECTING)} THEN 'true' ELSE 'false' END",
}  # fmt: skip
"""Fields that are more than a column under another name."""
