"""Mapping files: what is wrong is said with file, line, nearest key and what to write; every shipped one is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqwatch_tui.parse.json_lines import JsonParser
from seqwatch_tui.parse.mapping_file import SHIPPED, MappingError, load_mapping, shipped_names

GOOD = "format: json\nfields: {ts: t}\n"


def said(tmp_path: Path, text: str) -> list[str]:
    """What is wrong with a mapping of that text, without the folder."""
    file = tmp_path / "m.yaml"
    file.write_text(text)
    with pytest.raises(MappingError) as caught:
        load_mapping(file)
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("format: jsn\nfields: {ts: t}", "m.yaml:1: format 'jsn' is not known; did you mean 'json'? Write e.g. format: json"),
        ("fields: {ts: t}", "m.yaml:1: the mapping needs 'format'; write e.g. format: json"),
        ("format: json", "m.yaml:1: fields needs 'ts', the time of the event; write e.g. fields: {ts: time}"),
        (GOOD + "feilds: {}",
         "m.yaml:3: key 'feilds' is not known in the mapping; did you mean 'fields'? Write e.g. fields: {ts: time, path: file.path}"),
        ("format: json\nfields:\n  ts: t\n  pth: p",
         "m.yaml:4: fields.pth is no column of events; did you mean 'path'? Write e.g. fields: {ts: time, path: file.path}"),
        ("format: json\nfields: {ts: [[t]]}", "m.yaml:2: fields.ts must be a mapping; write e.g. from: file.path"),
        ("format: json\nfields: {ts: {form: t}}",
         "m.yaml:2: key 'form' is not known in fields.ts; did you mean 'from'? Write e.g. from: file.path"),
        ("format: json\nfields:\n  ts: {from: t, is: x}",
         "m.yaml:3: fields.ts needs one of from, is, text and account; write e.g. ts: {from: a.b}"),
        ("format: json\nfields: {ts: {from: t, time: us}, path: {from: p, time: s}}",
         "m.yaml:2: fields.path.time is for fields.ts only; remove it"),
        ("format: json\nfields: {ts: {from: t, time: seconds}}",
         "m.yaml:2: fields.ts.time 'seconds' is neither s, ms, us, ns nor a format; write e.g. time: us, or"
         ' time: "%d/%b/%Y:%H:%M:%S %z"'),
        ('format: json\nfields: {ts: {from: t, time: "%Q"}}',
         "m.yaml:2: fields.ts.time '%Q' is neither s, ms, us, ns nor a format; write e.g. time: us, or"
         ' time: "%d/%b/%Y:%H:%M:%S %z"'),
        ("format: json\nfields: {ts: t, action: {is: raed}}",
         "m.yaml:2: fields.action.is 'raed' is not known; did you mean 'read'? Write e.g. open"),
        (GOOD + "values:\n  action:\n    x: reed",
         "m.yaml:5: values.action.x 'reed' is not known; did you mean 'read'? Write e.g. open"),
        (GOOD + "values: {actoin: {x: read}}",
         "m.yaml:3: values.actoin is no column; did you mean 'action'? Write e.g. values: {action: {openat: open}}"),
        (GOOD + "values: {action: {OPEN: open, open: read}}",
         "m.yaml:3: values.action.open stands here twice: upper and lower case are one"),
        ("format: json\nextract: {login: {from: m, pattern: '(?P<user>x)'}}\nfields: {ts: t, user_name: $logn.user}",
         "m.yaml:3: fields.user_name '$logn.user' names no extract; did you mean 'login'?"),
        ("format: json\nextract: {login: {from: m, pattern: '(?P<user>x)'}}\nfields: {ts: t, user_name: $login.usr}",
         "m.yaml:3: fields.user_name '$login.usr' is no group of extract login; did you mean 'user'?"),
        ("format: json\nextract: {login: {from: m}}\nfields: {ts: t}",
         r"m.yaml:2: extract.login needs 'pattern'; write e.g. pattern: '(?P<user>\S+)'"),
        ("format: json\nextract: {a: {from: m, pattern: '(?P<x>a)(?=b)'}}\nfields: {ts: t}",
         "m.yaml:2: extract.a.pattern is not taken by RE2: invalid perl operator: (?=; RE2 knows no look-around and no"
         " back-references; groups are (?P<name>...), without a name (?:...)"),
        ("format: json\nextract: {a: {from: m, pattern: 'abc'}}\nfields: {ts: t}",
         r"m.yaml:2: extract.a.pattern has no group; write e.g. (?P<user>\S+) around what is wanted"),
        ("format: json\nextract:\n  a: {from: $b.x, pattern: '(?P<x>a)'}\n  b: {from: m, pattern: '(?P<x>a)'}\nfields: {ts: t}",
         "m.yaml:3: extract.a.from '$b.x' names no extract; none is configured."),
        ("format: text\nfields: {ts: t}",
         r"m.yaml:1: format text needs 'pattern'; write e.g. pattern: '^(?P<user>\S+) (?P<path>\S+)'"),
        ("format: text\npattern: '(?P<time>x)'\nfields: {ts: tme}",
         "m.yaml:3: fields.ts 'tme' is no group of the pattern; did you mean 'time'?"),
        (GOOD + "pattern: '(?P<x>a)'",
         "m.yaml:3: 'pattern' is for format text; a text within a record is taken apart by extract"),
        (GOOD + "only: [{kind: []}]",
         'm.yaml:3: when.kind needs a value, a list of them, "*" for any, or null for none'),
        (GOOD + "logins: {closd: [{e: x}]}",
         "m.yaml:3: key 'closd' is not known in logins; did you mean 'closed'? Write e.g. closed: [{event: logout}]"),
        (GOOD + "byte_arrays: perhaps", "m.yaml:3: byte_arrays must be true or false; write byte_arrays: true"),
        ("format: json\nfields: {ts: t, path: a..b}",
         "m.yaml:2: fields.path 'a..b' is no place; write field names with a dot between, e.g. a.b"),
        ("format: laurel\nfields: {ts: t}",
         "m.yaml:2: 'fields' has no place in a laurel mapping: its structure is known; remove it"),
        ("- a", "m.yaml:1: the mapping must be a mapping; write e.g. format: json"),
        ("format: &a json", "m.yaml:1: anchors (&) and aliases (*) are not accepted; write the value out."),
        ("format: [json", "m.yaml:1: is not YAML: while parsing a flow sequence did not find expected ',' or ']'."),
    ],
)  # fmt: skip
def test_errors_name_file_line_and_key(tmp_path: Path, text: str, error: str) -> None:
    assert error in said(tmp_path, text)


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    lines = said(tmp_path, "format: json\nfields:\n  ts: t\n  pth: a\n  exee: b\nvalues: {outcome: {x: fine}}\n")
    assert [line.split(": ")[0] for line in lines] == ["m.yaml:4", "m.yaml:5", "m.yaml:6"]


def test_mapping_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="no mapping 'falko'; did you mean 'falco'"):
        load_mapping("falko")
    with pytest.raises(MappingError, match="cannot be read: No such file"):
        load_mapping(tmp_path / "x.yaml")
    with pytest.raises(MappingError, match=r"no mapping '\.\./generic'"):
        load_mapping("../generic")


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_mappings_are_read_and_say_what_they_are_for(name: str) -> None:
    mapping = load_mapping(name)
    assert (mapping.name, bool(mapping.about)) == (name, True)


@pytest.mark.parametrize("name", shipped_names())
@given(data=st.data())
@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_mapping_is_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    """Lines dropped, doubled, indented and garbled: a mapping, or a MappingError with the file and a line."""
    lines = (SHIPPED / f"{name}.yaml").read_text().splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        i = data.draw(st.integers(0, len(lines) - 1))
        at = data.draw(st.integers(0, len(lines[i])))
        inserted = data.draw(
            st.sampled_from(["[", "{", "}", ":", "'", '"', "null", "$", "^.", "*", " ", "é", "{}", "[]", "~"])
        )
        lines[i : i + 1] = data.draw(
            st.sampled_from(
                [[], [lines[i]] * 2, ["  " + lines[i]], [lines[i][:at]], [lines[i][:at] + inserted + lines[i][at:]]]
            )
        ) or [""]
    file = tmp_path_factory.getbasetemp() / f"damaged-{name}.yaml"
    file.write_text("\n".join(lines) + "\n")
    said = ""
    try:
        mapping = load_mapping(file)
    except MappingError as error:
        said = str(error)
    assert all(line.startswith(f"{file}:") for line in said.splitlines())
    if said:
        return
    parser = JsonParser("stream", "host", mapping)
    parser.feed(b'{"time": 5}\n', 0)
    assert parser.take(final=True).counts.records == 1
