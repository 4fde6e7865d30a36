from __future__ import annotations

import os

import pytest

from seqwatch_tui.integrity.manifest import Manifest, find_manifests, judge_manifest, read_manifest
from seqwatch_tui.integrity.names import to_bytes, to_text

MD5, SHA1, SHA256, SHA512 = "a" * 32, "b" * 40, "c" * 64, "d" * 128


def written(tmp_path, data: bytes, name: str = "SUMS") -> Manifest:
    (tmp_path / name).write_bytes(data)
    return read_manifest(tmp_path, name)


def only(manifest: Manifest):
    assert manifest.problems == ()
    (entry,) = manifest.entries.values()
    return entry.name, entry.algorithm, entry.digest


@pytest.mark.parametrize(
    ("line", "name", "algorithm"),
    [
        (f"{MD5}  a.bam", b"a.bam", "md5"),
        (f"{SHA1} *a.bam", b"a.bam", "sha1"),
        (f"{SHA256.upper()}  ./d//a b.bam ", b"d/a b.bam ", "sha256"),
        (f"{SHA512}   a", b" a", "sha512"),
        (f"{SHA256}  *a", b"*a", "sha256"),
        (f"{SHA256} a", b"a", "sha256"),
        (f"SHA256 (a (1).bam) = {SHA256}", b"a (1).bam", "sha256"),
        (f"SHA2-256 (a) = {SHA256}", None, ""),
        (f"MD5(a)= {MD5}", b"a", "md5"),
        (f"BLAKE2b (a) = {SHA512}", b"a", "blake2b"),
        (f"BLAKE2b-256 (a) = {SHA256}", b"a", "blake2b-256"),
        (f"\\{SHA256}  a\\nb\\\\c", b"a\nb\\c", "sha256"),
        (f"\\SHA256 (a\\nb) = {SHA256}", b"a\nb", "sha256"),
        (f"{SHA256}  a\\nb", b"a\\nb", "sha256"),
        (f"{SHA256}  -rf", b"-rf", "sha256"),
    ],
)
def test_a_line_is_read_as_its_tool_wrote_it(tmp_path, line, name, algorithm):
    manifest = written(tmp_path, line.encode() + b"\n")
    if name is None:
        assert not manifest.entries
        assert manifest.problems
    else:
        digest = {"md5": MD5, "sha1": SHA1, "sha256": SHA256, "sha512": SHA512}.get(algorithm)
        found = only(manifest)
        assert found[:2] == (name, algorithm)
        assert found[2] == (digest or found[2])


def test_names_that_are_not_utf8_stay_bytes(tmp_path):
    assert only(written(tmp_path, SHA256.encode() + b"  a\xff\xfe.bam\n"))[0] == b"a\xff\xfe.bam"


def test_windows_line_ends_bom_comments_and_blank_lines_do_not_matter(tmp_path):
    manifest = written(tmp_path, b"\xef\xbb\xbf" + f"{MD5}  a\r\n\r\n# by lab\r\n{MD5}  b\r\n".encode())
    assert list(manifest.entries) == [b"a", b"b"]
    assert manifest.problems == ()


def test_a_carriage_return_in_a_name_survives_in_a_unix_manifest(tmp_path):
    manifest = written(tmp_path, f"{MD5}  a\n{MD5}  b\r\n".encode())
    assert list(manifest.entries) == [b"a", b"b\r"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"{SHA256}  ../secret", "leaves the folder"),
        (f"{SHA256}  a/../../secret", "leaves the folder"),
        (f"{SHA256}  /etc/shadow", "absolute path"),
        ("hello world", "not a checksum line"),
        (f"{SHA256[:-1]}  a", "63 hexadecimal digits"),
        (f"SHA512 (a) = {SHA256}", "the sha512 digest has 64"),
        (f"\\{SHA256}  a\\tb", "escape"),
        (f"{SHA256}  a\0b", "NUL"),
        (f"{SHA256}  ./", "names no file"),
        (f"{SHA256}  " + "a" * 20000, "longer than"),
    ],
)
def test_a_bad_line_is_named_and_the_others_count(tmp_path, line, says):
    manifest = written(tmp_path, f"{SHA256}  good\n{line}\n".encode())
    assert list(manifest.entries) == [b"good"]
    (problem,) = manifest.problems
    assert problem.startswith("SUMS:2: ")
    assert says in problem


def test_hostile_names_are_visible_in_problems(tmp_path):
    (problem,) = written(tmp_path, f"{SHA256}  ok\n{SHA256}  /\x1b[2J\u202e[red]\n".encode()).problems
    assert "\x1b" not in problem
    assert "\\x1b" in problem
    assert "\\u202e" in problem


def test_two_digests_of_one_name_are_a_problem_and_the_first_counts(tmp_path):
    manifest = written(tmp_path, f"{SHA256}  a\n{SHA256}  a\n{'e' * 64}  a\n".encode())
    assert only_digest(manifest) == SHA256
    assert "another digest than line 1" in manifest.problems[0]


def only_digest(manifest: Manifest) -> str:
    (entry,) = manifest.entries.values()
    return entry.digest


def test_the_stronger_of_two_algorithms_counts(tmp_path):
    assert only(written(tmp_path, f"{MD5}  a\n{SHA256}  a\n{SHA1}  a\n".encode()))[1] == "sha256"


def test_problems_are_bounded(tmp_path):
    manifest = written(tmp_path, b"x\n" * 1000)
    assert len(manifest.problems) < 250
    assert "800 more" in manifest.problems[-1]


def test_what_is_inside_an_overlong_line_does_not_count(tmp_path):
    long = b"x" * 16387 + f"{SHA256}  hidden".encode() + b"y" * 40000 + f"{SHA256}  hidden2".encode()
    manifest = written(tmp_path, long + b"\n" + f"{SHA256}  good".encode())
    assert list(manifest.entries) == [b"good"]
    assert [p.partition(" ")[0] for p in manifest.problems] == ["SUMS:1:"]


def test_a_manifest_has_limits(tmp_path, monkeypatch):
    monkeypatch.setattr("seqwatch_tui.integrity.manifest.MAX_LINES", 2)
    manifest = written(tmp_path, f"{MD5}  a\n{MD5}  b\n{MD5}  c\n".encode())
    assert list(manifest.entries) == [b"a", b"b"]
    assert "SUMS:3: more than 2 lines" in manifest.problems[0]
    os.truncate(tmp_path / "SUMS", 1 << 40)
    assert "larger than" in read_manifest(tmp_path, "SUMS").problems[0]


def test_an_empty_manifest_promises_nothing(tmp_path):
    manifest = written(tmp_path, b"")
    assert "lists no file" in manifest.problems[0]
    assert judge_manifest("d", manifest, 1.0)[0].state == "unknown"


def test_b2sum_files_are_blake2b(tmp_path):
    assert only(written(tmp_path, f"{SHA512}  a\n".encode(), "B2SUMS"))[1] == "blake2b"
    assert only(written(tmp_path, f"{SHA256}  a\n".encode(), "B2SUMS"))[1] == "blake2b-256"


def test_a_sidecar_may_hold_the_digest_alone(tmp_path):
    assert only(written(tmp_path, f"{MD5}\n".encode(), "x.bam.md5")) == (b"x.bam", "md5", MD5)


def test_names_are_relative_to_the_folder_of_the_manifest(tmp_path):
    (tmp_path / "sub").mkdir()
    manifest = written(tmp_path, f"{SHA256}  a\n".encode(), "sub/SUMS")
    assert list(manifest.entries) == [b"sub/a"]


def test_a_bag_is_read_with_its_tag_manifest(tmp_path):
    (tmp_path / "tagmanifest-sha256.txt").write_text(f"{SHA256} bagit.txt\n")
    manifest = written(tmp_path, f"{SHA256}   data/a%0Ab%25.bam\n".encode(), "manifest-sha256.txt")
    assert set(manifest.entries) == {b"data/a\nb%.bam", b"bagit.txt"}
    assert b"bag-info.txt" in manifest.own


def test_common_names_are_found_and_joined(tmp_path):
    (tmp_path / "MD5SUMS").write_text(f"{MD5}  a\n{MD5}  b\n")
    (tmp_path / "SHA256SUMS").write_text(f"{SHA256}  a\n")
    (tmp_path / "c.bam.md5").write_text(f"{MD5}  c.bam\n")
    (tmp_path / "a").write_text("md5 inside")
    (tmp_path / "link.md5").symlink_to("MD5SUMS")
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        assert find_manifests(fd) == [b"MD5SUMS", b"SHA256SUMS", b"c.bam.md5"]
    finally:
        os.close(fd)
    manifest = read_manifest(tmp_path)
    assert {n: e.algorithm for n, e in manifest.entries.items()} == {b"a": "sha256", b"b": "md5", b"c.bam": "md5"}
    assert {b"MD5SUMS", b"SHA256SUMS.asc", b"c.bam.md5"} <= manifest.own


def test_a_missing_manifest_is_said_and_a_linked_one_refused(tmp_path):
    missing = read_manifest(tmp_path, "SUMS")
    assert isinstance(missing.unread, FileNotFoundError)
    assert "SUMS: the manifest cannot be read" in missing.problems[0]
    (tmp_path / "real").write_text(f"{MD5}  a\n")
    (tmp_path / "SUMS").symlink_to("real")
    assert not read_manifest(tmp_path, "SUMS").found
    os.mkfifo(tmp_path / "PIPE")
    assert not read_manifest(tmp_path, "PIPE").found
    assert not read_manifest(tmp_path, "../x").found


def test_no_manifest_at_all_is_not_a_pass(tmp_path):
    manifest = read_manifest(tmp_path)
    assert not manifest.found
    assert judge_manifest("d", manifest, 1.0)[0].state == "unknown"


def test_a_short_digest_is_neither_sound_nor_the_stronger_one(tmp_path):
    short = f"BLAKE2b-8 (a) = {'ab'}\n"
    (finding, _) = judge_manifest("d", written(tmp_path, short.encode()), 5.0)
    assert (finding.state, "blake2b-8" in finding.detail) == ("warn", True)
    for text in (f"{short}SHA256 (a) = {SHA256}\n", f"SHA256 (a) = {SHA256}\n{short}"):
        assert written(tmp_path, text.encode()).entries[b"a"].algorithm == "sha256"
    long = f"BLAKE2b-256 (a) = {'ab' * 32}\n"
    assert judge_manifest("d", written(tmp_path, long.encode()), 5.0)[0].state == "pass"


def test_md5_alone_is_a_warning(tmp_path):
    weak = judge_manifest("d", written(tmp_path, f"{MD5}  a\n".encode()), 5.0)
    strong = judge_manifest("d", written(tmp_path, f"{SHA256}  a\nbad\n".encode()), 5.0)
    assert [(f.kind, f.state) for f in weak] == [("INT-03", "warn"), ("INT-05", "pass")]
    assert [(f.kind, f.state) for f in strong] == [("INT-03", "pass"), ("INT-05", "warn")]


@pytest.mark.parametrize(
    "name", [b"a", b"a\xffb", b"\\xff", b"\\", b"\\\\x41", b"\xc2\x85", b"\x85", "ü\u202e\n".encode()]
)
def test_a_name_and_its_text_stand_for_each_other(name):
    assert to_bytes(to_text(name)) == name
    to_text(name).encode("utf-8")
