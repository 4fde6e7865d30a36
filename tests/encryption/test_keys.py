from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seqwatch_tui.config.errors import ConfigError
from seqwatch_tui.encryption.custody import check_key_files
from seqwatch_tui.encryption.keyfiles import examine
from seqwatch_tui.encryption.keys import KeyEntry, judge_keys, parse_register, read_register
from seqwatch_tui.encryption.rows import finding_rows, key_rows
from seqwatch_tui.store.site_tables import FINDINGS, KEYS
from tests.encryption.pem import private_pem, public_pem

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp()
GOLDEN = Path(__file__).parent.parent / "golden" / "crypt4gh"


def key(**more: object) -> KeyEntry:
    fields = "".join(f", {name}: {value}" for name, value in more.items())
    (entry,) = parse_register(f"- {{id: k, kind: crypt4gh, owner: core{fields}}}", "/etc/keys.yaml")
    return entry


def judged(**more: object):
    (record,) = judge_keys([key(**more)], NOW, 100)
    return record.state, record.age_days, record.detail


@pytest.mark.parametrize(
    ("dates", "state", "age"),
    [
        ({"created": "2026-07-01"}, "pass", 0),
        ({"created": "2026-04-03"}, "pass", 89),
        ({"created": "2026-04-02"}, "warn", 90),
        ({"created": "2026-03-23"}, "warn", 100),
        ({"created": "2026-03-22"}, "fail", 101),
        ({"created": "2020-01-01", "rotated": "2026-06-01"}, "pass", 30),
        ({"created": "2026-06-01", "rotated": "2020-01-01"}, "pass", 30),
        ({"created": "2020-01-01", "max_age_days": 5000}, "pass", 2373),
        ({}, "unknown", None),
        ({"first_seen": "2026-06-01"}, "unknown", 30),
        ({"first_seen": "2026-04-02"}, "warn", 90),
        ({"first_seen": "2026-01-01"}, "fail", 181),
        ({"created": "2026-07-02"}, "pass", 0),
        ({"created": "2026-07-03"}, "warn", None),
        ({"created": "2020-01-01", "rotated": "2027-01-01"}, "fail", 2373),
        ({"created": "2026-06-01", "rotated": "2027-01-01"}, "warn", 30),
        ({"first_seen": "2027-01-01"}, "warn", None),
    ],
)
def test_age_against_policy(dates, state, age):
    assert judged(**dates)[:2] == (state, age)


def test_the_words_say_what_to_do():
    assert judged(created="2026-03-01")[2] == "122 days old, 22 more than allowed; rotate it."
    assert judged(first_seen="2026-01-01")[2].startswith("at least 181 days old")
    assert "future" in judged(created="2027-01-01")[2]


def test_a_register_is_read_whole(tmp_path):
    (tmp_path / "keys.yaml").write_text(
        "# lab keys\n"
        "- id: c4gh-1\n  kind: crypt4gh\n  owner: genomics-core\n  datasets: [a, b]\n  created: 2026-03-01\n"
        "  path: private/lab.sec\n  note: held by the steward\n"
        "- {id: kms-1, kind: kms, owner: it, public_key: arn}\n"
    )
    first, second = read_register(tmp_path / "keys.yaml")
    assert (first.datasets, first.path, second.kind) == (("a", "b"), tmp_path / "private/lab.sec", "kms")
    assert parse_register("", "k") == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- {id: a, kind: crypt4g, owner: o}", "k.yaml:1: [0].kind 'crypt4g' is not known; did you mean 'crypt4gh'?"),
        ("- {id: a, kind: gpg}", "k.yaml:1: [0] needs key 'owner'"),
        ("- {id: a, kind: gpg, owner: o}\n- {id: a, kind: gpg, owner: o}", "k.yaml:2: id 'a' is there twice"),
        ("- id: a\n  kind: gpg\n  owner: o\n  create: 2026-01-01", "k.yaml:4: key 'create' is not known"),
        ("- id: a\n  kind: gpg\n  owner: o\n  created: yesterday", "k.yaml:4: [0].created 'yesterday' is not a date"),
        ("id: a", "k.yaml:1: is not a list of keys"),
        ("- a", "k.yaml:1: [0] is not a mapping"),
        ("- &x {id: a}\n- *x", "k.yaml:1: anchors"),
        ("- {id: a, id: b}", "a second time"),
        ("- {id: [", "is not YAML"),
        ("#" * 300_000, "larger than"),
    ],
)
def test_mistakes_are_named_by_file_and_line(text, says):
    with pytest.raises(ConfigError) as error:
        parse_register(text, "k.yaml")
    assert says in str(error.value)


def test_a_register_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_register(tmp_path / "keys.yaml")
    (tmp_path / "bad").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_register(tmp_path / "bad")


def check(path: Path, datasets: dict[str, Path] | None = None):
    (finding,) = check_key_files([key(path=str(path), datasets="[a]")], datasets or {}, NOW)
    assert (finding.kind, finding.subject, finding.dataset, finding.checked) == ("KEY-01", "k", "a", NOW)
    return finding.state, finding.detail


def written(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


def test_a_locked_key_of_its_owner_alone_passes(tmp_path):
    locked = (GOLDEN / "locked.sec").read_bytes()
    assert check(written(tmp_path / "k", locked))[0] == "pass"
    assert check(written(tmp_path / "k4", locked, 0o400))[0] == "pass"
    state, detail = check(written(tmp_path / "open", locked, 0o640))
    assert (state, "mode is 0640" in detail) == ("fail", True)


def test_a_secret_in_clear_fails_and_a_public_key_does_not(tmp_path):
    state, detail = check(written(tmp_path / "k", private_pem(bytes(32))))
    assert (state, "in clear" in detail) == ("fail", True)
    assert check(written(tmp_path / "p", public_pem(bytes(32)), 0o644))[0] == "pass"
    assert check(written(tmp_path / "u", b"?"))[0] == "unknown"


def test_of_several_keys_in_a_file_the_least_protected_counts(tmp_path):
    def pem(label: str) -> bytes:
        return f"-----BEGIN {label}-----\nMIIBAAAA\n-----END {label}-----\n".encode()

    public, own = pem("CERTIFICATE"), pem("PRIVATE KEY")
    for content, locked in (
        (public, "public"), (public + own, "no"), (own + public, "no"), (pem("EC PARAMETERS") + pem("EC PRIVATE KEY"), "no"),
        (public + pem("ENCRYPTED PRIVATE KEY"), "yes"), (pem("ENCRYPTED PRIVATE KEY") + own, "no"),
        (b"ssh-ed25519 AAAAC3Nz lab@host\n", "public"), (b"ssh-ed25519 AAAAC3Nz\n" + own, "no"), (b"ssh-x", "unknown"),
    ):  # fmt: skip
        assert examine(content).locked == locked, content


def test_that_a_long_file_holds_no_secret_cannot_be_told(tmp_path):
    path = tmp_path / "chain.pem"
    path.write_bytes(b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" + b"#" * (64 << 10))
    path.chmod(0o600)
    entry = parse_register(f"- {{id: k, kind: tls, owner: o, path: {path}}}", "r.yaml")
    assert check_key_files(entry, {}, 0.0)[0].state == "unknown"


def test_a_key_on_the_file_system_of_its_data_is_a_warning(tmp_path):
    locked = written(tmp_path / "k", (GOLDEN / "locked.sec").read_bytes())
    state, detail = check(locked, {"a": tmp_path, "gone": tmp_path / "nowhere"})
    assert state == "warn"
    assert "file system of a;" in detail


def test_a_key_file_that_cannot_be_looked_at_is_unknown(tmp_path):
    assert check(tmp_path / "nowhere")[0] == "unknown"
    written(tmp_path / "k", (GOLDEN / "locked.sec").read_bytes())
    (tmp_path / "link").symlink_to("k")
    assert check(tmp_path / "link")[0] == "unknown"
    os.mkfifo(tmp_path / "fifo")
    assert check(tmp_path / "fifo")[0] == "unknown"


def test_rows_have_the_columns_of_their_tables(tmp_path):
    (row,) = key_rows(judge_keys([key(datasets="[a, b]", created="2026-03-01")], NOW, 365))
    assert tuple(row) == tuple(field.name for field in KEYS.fields)
    assert row["datasets"] == ["a", "b"]
    (row,) = finding_rows(check_key_files([key(path=str(tmp_path / "x"))], {}, NOW))
    assert tuple(row) == tuple(field.name for field in FINDINGS.fields)
    assert row["dataset"] is None
