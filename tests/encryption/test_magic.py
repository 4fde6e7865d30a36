from __future__ import annotations

import gzip
import os
import shutil
import subprocess

import pytest

from seqwatch_tui.encryption.magic import HEAD, classify

BGZF = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


@pytest.mark.parametrize(
    ("head", "name", "kind", "form"),
    [
        (b"crypt4gh\x01\0\0\0", b"a.bam", "encrypted", "crypt4gh"),
        (b"age-encryption.org/v1\n-> X25519 abc", b"a", "encrypted", "age"),
        (b"age-encryption.org/v1\nnot really", b"a", "text", "text"),
        (b"-----BEGIN PGP MESSAGE-----\n\n", b"a.asc", "encrypted", "gpg"),
        (b"-----BEGIN PGP SIGNATURE-----\n\n", b"a.asc", "text", "text"),
        (BGZF, b"a.bam", "sequence", "BGZF (BAM, BCF or VCF)"),
        (BGZF, b"a.vcf.gz.tbi", "index", "compressed index"),
        (b"BAI\x01\0\0", b"x", "index", "BAI"),
        (b"CRAM\x03\x00", b"x", "sequence", "CRAM"),
        (b"##fileformat=VCFv4.2\n", b"x", "sequence", "VCF"),
        (b"@r1\nACGT\n+\nIIII\n", b"x", "sequence", "FASTQ or FASTA"),
        (b">chr1\nACGT\n", b"x", "sequence", "FASTQ or FASTA"),
        (b"@HD\tVN:1.6\n", b"x", "sequence", "SAM"),
        (gzip.compress(b"@r1\nA\n+\nI\n"), b"a.fastq.gz", "sequence", "compressed, by its name"),
        (gzip.compress(b"x"), b"a.gz", "unknown", "compressed"),
        (b"", b"a.bam", "empty", "empty"),
        (b"Read me first.\n", b"README", "text", "text"),
        ("ü".encode() * (HEAD // 2), b"x", "text", "text"),
        (b"a" * (HEAD - 1) + "ü".encode()[:1], b"x", "text", "text"),
        (b"a" * 10 + b"\xff\n", b"x", "unknown", "unknown"),
        (b"\x00\x01\x02", b"a.c4gh", "unknown", "unknown"),
    ],
)
def test_files_by_their_first_bytes(head, name, kind, form):
    found = classify(head, name)
    assert (found.kind, found.format) == (kind, form)


def test_random_bytes_are_hardly_ever_a_message():
    sample = [classify(os.urandom(HEAD), b"x").kind == "encrypted" for _ in range(5000)]
    assert sum(sample) < 25


@pytest.mark.parametrize("armour", [[], ["--armor"]])
@pytest.mark.parametrize("mode", [["--symmetric", "--passphrase", "x", "--pinentry-mode", "loopback"]])
def test_what_gpg_writes_is_encrypted(tmp_path, armour, mode):
    gpg = shutil.which("gpg")
    if gpg is None:
        pytest.skip("gpg is not installed")
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (tmp_path / "plain").write_bytes(b"ACGT" * 4000)
    command = [gpg, "--homedir", str(home), "--batch", "--yes", *mode, *armour, "-o", str(tmp_path / "out")]
    done = subprocess.run([*command, str(tmp_path / "plain")], capture_output=True, check=False)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"gpg does not work here: {done.stderr.decode()}")
    assert classify((tmp_path / "out").read_bytes()[:HEAD], b"out").format == "gpg"


@pytest.mark.parametrize(
    "head",
    [
        bytes.fromhex("85020c03") + bytes(0x20B) + bytes.fromhex("d2"),  # old format: session key v3, then data
        bytes.fromhex("c1c14c03") + bytes(523) + bytes.fromhex("d2"),  # new format, two-octet length
        bytes.fromhex("8c0d04090308") + bytes(9) + bytes.fromhex("d2c0"),  # passphrase session key, then data
    ],
)
def test_openpgp_session_keys(head):
    assert classify(head[:HEAD], b"x").format == "gpg"


def test_encrypted_data_is_all_there_is_in_a_message():
    packet = b"\xd2\x40\x01" + bytes(63)
    assert classify(packet, b"x").kind == "encrypted"
    assert classify(packet + b"\0", b"x").kind == "unknown"


@pytest.mark.parametrize("head", [bytes.fromhex("85010c04") + bytes(300), b"\x84\x01\x03" + bytes(300), b"\xd2" * 20])
def test_what_only_looks_like_openpgp_is_not(head):
    assert classify(head, b"x").kind != "encrypted"
