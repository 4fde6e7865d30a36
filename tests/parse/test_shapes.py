"""Every shape of record that audit streams are known to have, once: old and new kernels, other architectures, all types.

The shapes are those of the public test data of go-libaudit and LAUREL, every line written anew. Each section of
tests/golden/shapes/auditd.txt is a small log of its own; `␝` stands for the byte 0x1d before ENRICHED names.
After a deliberate change: SEQWATCH_GOLDEN=write pytest tests/parse/test_shapes.py, then read the diff.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable

import pytest

from seqwatch_tui.parse.auditd import AuditdParser
from seqwatch_tui.parse.bulk import BulkAuditdParser
from seqwatch_tui.parse.interface import Knowledge, Parsed, Parser
from seqwatch_tui.parse.json_lines import JsonParser, load_mapping
from tests.parse.feeding import GOLDEN, assert_equation, feed_all, records, rows

SHAPES = GOLDEN / "shapes"
HOST = "golden"
SECTIONS = {
    head.partition(":")[0]: "".join(f"{line}\n" for line in body.split("\n") if line).replace("␝", "\x1d").encode()
    for head, _, body in (
        section.partition("\n") for section in re.split(r"^# ", (SHAPES / "auditd.txt").read_text(), flags=re.M)[1:]
    )
}
KINDS = """
ADD_GROUP ADD_USER ANOM_ABEND ANOM_PROMISCUOUS AVC BPF BPRM_FCAPS CAPSET CONFIG_CHANGE CRED_ACQ CRED_DISP CRED_REFR
CRYPTO_KEY_USER CRYPTO_SESSION CWD DAEMON_ABORT DAEMON_CONFIG DAEMON_END DAEMON_ROTATE DAEMON_START DEL_GROUP
DEL_USER EOE EXECVE FD_PAIR FEATURE_CHANGE GRP_MGMT INTEGRITY_DATA INTEGRITY_PCR INTEGRITY_RULE IPC IPC_SET_PERM
KERN_MODULE LOGIN MAC_POLICY_LOAD MMAP MQ_GETSETATTR MQ_NOTIFY MQ_OPEN MQ_SENDRECV NETFILTER_CFG OBJ_PID OPENAT2
PATH PROCTITLE SECCOMP SERVICE_START SERVICE_STOP SOCKADDR SOCKETCALL SYSCALL SYSTEM_BOOT SYSTEM_RUNLEVEL
TIME_ADJNTPVAL TIME_INJOFFSET TTY UNKNOWN[1420] URINGOP USER_ACCT USER_AUTH USER_CHAUTHTOK USER_CMD USER_END
USER_ERR USER_LOGIN USER_LOGOUT USER_MGMT USER_ROLE_CHANGE USER_START USER_TTY USYS_CONFIG
"""
"""Record types of the public corpora, and more."""
UNPARSED = {"broken": 3}
Make = Callable[[], Parser]


def knowledge() -> Knowledge:
    return Knowledge(host_names={0: "root", 2001: "alice"})


def reference() -> Parser:
    return AuditdParser("audit", HOST, knowledge())


def bulk() -> Parser:
    """The bulk parser, made to take even the smallest piece the columnar way."""
    return BulkAuditdParser("audit", HOST, knowledge(), piece=64)


def read(make: Make, content: bytes) -> Parsed:
    parser = make()
    parser.feed(content, 0)
    return parser.take(final=True)


def lines_of(parsed: Parsed) -> list[str]:
    return [json.dumps({k: str(v) if k == "ts" else v for k, v in row.items()}) for row in rows(parsed)]


def check(name: str, found: dict[str, list[str]]) -> None:
    """Compare with what was reviewed: one JSON object a section."""
    golden = SHAPES / name
    text = "\n".join(f"# {title}\n" + "".join(line + "\n" for line in lines) for title, lines in found.items())
    if os.environ.get("SEQWATCH_GOLDEN") == "write":
        golden.write_text(text)
    assert text.splitlines() == golden.read_text().splitlines()


def test_rows_are_as_reviewed() -> None:
    check("auditd.events.txt", {name: lines_of(read(reference, content)) for name, content in SECTIONS.items()})


@pytest.mark.parametrize("name", SECTIONS)
def test_every_line_is_kept_and_parses(name: str) -> None:
    parsed = read(reference, SECTIONS[name])
    assert_equation([parsed])
    assert parsed.counts.unparsed == UNPARSED.get(name, 0)
    kept = sorted(records(parsed), key=lambda record: record["position"])
    assert b"".join(record["raw"] for record in kept) == SECTIONS[name]


@pytest.mark.parametrize("name", SECTIONS)
def test_both_parsers_agree(name: str) -> None:
    plain, columnar = read(reference, SECTIONS[name]), read(bulk, SECTIONS[name])
    assert rows(columnar) == rows(plain)
    assert columnar.counts == plain.counts
    assert columnar.gaps == plain.gaps


def test_both_parsers_agree_on_all_shapes_in_one_log() -> None:
    content = b"".join(SECTIONS.values())
    plain = read(reference, content)
    for piece in (500, 3000, 20_000):
        parser = BulkAuditdParser("audit", HOST, knowledge(), piece=piece)
        pieces = feed_all(parser, content, range(0, len(content), 700))
        assert rows(*pieces) == rows(plain)


def test_all_shapes_are_there() -> None:
    kinds = {
        line.split(b" ")[line.startswith(b"node=")] for content in SECTIONS.values() for line in content.splitlines()
    }
    named = {kind[5:].decode() for kind in kinds if kind.startswith(b"type=")}
    assert named >= set(KINDS.split())


def test_laurel_rows_are_as_reviewed() -> None:
    """With and without enrichment, arrays and strings, numbers and hex, bytes percent-encoded, its own additions."""
    content = (SHAPES / "laurel.jsonl").read_bytes()
    parsed = read(lambda: JsonParser("laurel", HOST, load_mapping("laurel"), knowledge()), content)
    assert parsed.counts.unparsed == 3
    assert b"".join(r["raw"] for r in sorted(records(parsed), key=lambda r: r["position"])) == content
    check("laurel.events.txt", {"laurel.jsonl": lines_of(parsed)})
