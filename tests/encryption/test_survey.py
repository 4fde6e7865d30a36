from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest

from seqwatch_tui.encryption import census
from seqwatch_tui.encryption.crypt4gh import encrypt, public_key
from seqwatch_tui.encryption.survey import survey, survey_host
from tests.encryption.host import Host

LUKS = "CRYPT-LUKS2-0123-crypt"
BGZF = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


@pytest.fixture
def host(tmp_path) -> Host:
    made = Host(tmp_path / "host")
    made.device("sda")
    made.mount("/", "sda")
    return made


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data set"
    folder.mkdir()
    return folder


def sealed() -> bytes:
    out = io.BytesIO()
    encrypt(io.BytesIO(b"ACGT" * 100), out, [public_key(bytes(32))])
    return out.getvalue()


def look(host, data, wanted="any", limit=1000) -> dict[str, tuple[str, str]]:
    findings = survey("d", data, wanted, 7.0, root=host.root, limit=limit)
    assert all((f.subject, f.dataset, f.checked) == ("d", "d", 7.0) for f in findings)
    return {f.kind: (f.state, f.detail) for f in findings}


def overall(host, data, wanted="any", limit=1000) -> str:
    return look(host, data, wanted, limit)["ENC-01"][0]


def test_nothing_seen_fails_in_these_words(host, data):
    (data / "a.bam").write_bytes(BGZF)
    state, text = look(host, data)["ENC-01"]
    assert state == "fail"
    assert text.startswith("not encrypted as far as this host can see")
    assert "sda: no dm-crypt" in text
    assert "1 in clear (a.bam)" in text


def test_nothing_wanted_is_not_applicable_and_says_what_was_seen(host, data):
    (data / "a.bam").write_bytes(BGZF)
    state, text = look(host, data, "none")["ENC-01"]
    assert (state, "sda: no dm-crypt" in text) == ("n/a", True)


def test_all_files_encrypted_pass(host, data):
    (data / "a.bam.c4gh").write_bytes(sealed())
    (data / "SHA256SUMS").write_text("x")
    (data / "empty").write_bytes(b"")
    found = look(host, data, "crypt4gh")
    assert found["ENC-01"][0] == "pass"
    assert found["C4-01"] == ("pass", "1 headers of version 1 that parse.")
    assert {k: found[k][0] for k in ("C4-02", "C4-06")} == {"C4-02": "pass", "C4-06": "pass"}
    assert overall(host, data, "any") == "pass"
    assert overall(host, data, "luks") == "fail"
    assert overall(host, data, "fscrypt") in ("fail", "unknown")


def test_other_files_in_clear_are_a_warning_and_sequence_data_a_failure(host, data):
    (data / "a.c4gh").write_bytes(sealed())
    (data / "README").write_text("about")
    state, text = look(host, data)["ENC-01"]
    assert (state, "README" in text) == ("warn", True)
    (data / "b.vcf").write_text("##fileformat=VCFv4.2\n")
    state, text = look(host, data)["ENC-01"]
    assert (state, "encrypted only in part" in text) == ("fail", True)


def test_another_format_than_the_wanted_one_is_a_warning(host, data):
    (data / "a.age").write_bytes(b"age-encryption.org/v1\n-> X25519 a\n")
    assert overall(host, data, "any") == "pass"
    state, text = look(host, data, "crypt4gh")["ENC-01"]
    assert (state, "age was found" in text) == ("warn", True)


def test_a_sample_is_not_a_pass(host, data):
    for i in range(10):
        (data / f"{i}.c4gh").write_bytes(sealed())
    assert overall(host, data, "crypt4gh", limit=10) == "pass"
    state, text = look(host, data, "crypt4gh", limit=4)["ENC-01"]
    assert (state, "looked at 4 of 10 files" in text) == ("unknown", True)


def test_an_empty_folder_is_unknown_for_files(host, data):
    assert overall(host, data, "crypt4gh") == "unknown"


def test_a_folder_that_is_not_there_is_unknown_everywhere(host, data, tmp_path):
    (tmp_path / "link").symlink_to(data)
    for path in (data / "nowhere", tmp_path / "link"):
        found = look(host, path)
        assert {state for state, _ in found.values()} == {"unknown"}
        assert len(found) == 6


def test_a_forged_or_cut_crypt4gh_file_is_not_encryption(host, data):
    (data / "a.c4gh").write_bytes(b"crypt4gh\x01\0\0\0\x01\0\0\0" + b"plain text that only pretends" * 9)
    (data / "b.c4gh").write_bytes(b"plain")
    found = look(host, data, "crypt4gh")
    assert found["ENC-01"][0] == "fail"
    assert found["C4-01"][0] == "fail"
    assert "a.c4gh" in found["C4-01"][1]
    (data / "a.c4gh").unlink()
    assert "called .c4gh and are not: b.c4gh" in look(host, data)["C4-01"][1]


@pytest.mark.parametrize(("extra", "state"), [(5, "fail"), (28, "warn"), (40, "pass")])
def test_the_end_of_a_body(host, data, extra, state):
    (data / "a.c4gh").write_bytes(sealed()[:124] + bytes(extra))
    assert look(host, data)["C4-02"][0] == state


@pytest.mark.parametrize(
    ("name", "state"),
    [("x.bam.bai", "fail"), ("x.bai", "fail"), ("x.bam", "fail"), ("x.bam.md5", "warn"), ("y.bam.bai", "pass")],
)
def test_what_lies_in_clear_beside_an_encrypted_file(host, data, name, state):
    (data / "x.bam.c4gh").write_bytes(sealed())
    (data / name).write_bytes(b"BAI\x01")
    assert look(host, data)["C4-06"][0] == state


def test_an_encrypted_index_beside_it_is_right(host, data):
    (data / "x.bam.c4gh").write_bytes(sealed())
    (data / "x.bam.bai.c4gh").write_bytes(sealed())
    assert look(host, data)["C4-06"][0] == "pass"


def test_hostile_names_are_visible(host, data):
    (data / "\x1b[2J\u202e.vcf").write_text("##fileformat=VCFv4.2\n")
    text = look(host, data)["ENC-01"][1]
    assert "\x1b" not in text
    assert "\\x1b[2J\\u202e.vcf" in text


def test_dm_crypt_below_lvm_below_a_partition(host, data):
    host.device("nvme0n1")
    host.device("nvme0n1p1", of="nvme0n1")
    host.device("dm-0", LUKS, on=("nvme0n1p1",))
    host.device("dm-1", "LVM-abc", on=("dm-0",))
    host.mount(data, "dm-1")
    found = look(host, data, "luks")
    assert found["ENC-01"][0] == "pass"
    assert "map-dm-0: dm-crypt LUKS2" in found["ENC-01"][1]
    assert found["ENC-02"][0] == "pass"


def test_one_plain_disk_in_an_encrypted_array_fails(host, data):
    host.device("sdb")
    host.device("dm-0", LUKS, on=("sdb",))
    host.device("sdc")
    host.device("md0", on=("dm-0", "sdc"))
    host.mount(data, "md0")
    found = look(host, data, "luks")
    assert (found["ENC-01"][0], found["ENC-02"][0]) == ("fail", "fail")
    assert "sdc: no dm-crypt" in found["ENC-02"][1]


def test_a_partition_of_an_array_stands_on_the_array(host, data):
    host.device("sdb")
    host.device("dm-0", LUKS, on=("sdb",))
    host.device("md0", on=("dm-0",))
    host.device("md0p1", of="md0")
    host.mount(data, "md0p1")
    assert overall(host, data, "luks") == "pass"


@pytest.mark.parametrize(
    ("uuid", "wanted", "state"),
    [
        ("CRYPT-VERITY-abc-x", "luks", "fail"),
        ("CRYPT-INTEGRITY-abc-x", "any", "fail"),
        ("CRYPT-LUKS1-abc-x", "luks", "pass"),
        ("CRYPT-PLAIN-x", "any", "pass"),
        ("CRYPT-PLAIN-x", "luks", "warn"),
    ],
)
def test_device_mapper_targets(host, data, uuid, wanted, state):
    host.device("sdb")
    host.device("dm-0", uuid, on=("sdb",))
    host.mount(data, "dm-0")
    (data / "a").write_text("x")
    assert overall(host, data, wanted) == state


def test_a_plain_mount_inside_an_encrypted_dataset_fails(host, data):
    host.device("sdb")
    host.device("dm-0", LUKS, on=("sdb",))
    host.mount(data, "dm-0")
    assert overall(host, data, "luks") == "pass"
    host.mount(data / "scratch", "sdb")
    assert overall(host, data, "luks") == "fail"


def test_the_mount_on_top_counts(host, data):
    host.device("sdb")
    host.device("dm-0", LUKS, on=("sdb",))
    host.mount(data, "dm-0")
    host.mount(data, "sdb")
    assert overall(host, data, "luks") == "fail"


def test_a_loop_device_stands_on_the_mount_of_its_file(host, data):
    host.device("sdb")
    host.device("dm-0", LUKS, on=("sdb",))
    host.mount("/vault", "dm-0")
    host.device("loop0", backing="/vault/disk.img")
    host.mount(data, "loop0")
    found = look(host, data, "luks")
    assert found["ENC-01"][0] == "pass"
    assert "loop0: loop over /vault/disk.img" in found["ENC-01"][1]


@pytest.mark.parametrize(
    ("kind", "source", "state"),
    [
        ("btrfs", "/dev/mapper/map-dm-0", "pass"),
        ("btrfs", "/dev/dm-0", "pass"),
        ("btrfs", "/dev/sdb", "fail"),
        ("btrfs", "/dev/nowhere", "unknown"),
        ("nfs4", "server:/export", "unknown"),
        ("tmpfs", "tmpfs", "unknown"),
        ("overlay", "overlay", "unknown"),
        ("zfs", "pool/data", "unknown"),
    ],
)
def test_file_systems_without_a_device_of_their_own(host, data, kind, source, state):
    host.device("sdb")
    host.device("dm-0", LUKS, on=("sdb",))
    host.btrfs(source.rpartition("/")[2].removeprefix("map-"))
    host.mount(data, "0:42", kind, source)
    assert overall(host, data, "luks") == state


@pytest.mark.parametrize("source", ["/dev/dm-0", "/dev/sdb"])
def test_every_device_of_a_btrfs_counts_whichever_the_mount_names(host, data, source):
    host.device("sdb")
    host.device("sdc")
    host.device("dm-0", LUKS, on=("sdc",))
    host.mount(data, "0:42", "btrfs", source)
    assert overall(host, data, "luks") == "unknown"
    host.btrfs("dm-0", "sdb")
    assert {kind: look(host, data, "luks")[kind][0] for kind in ("ENC-01", "ENC-02")} == {
        "ENC-01": "fail",
        "ENC-02": "fail",
    }


def test_a_mount_that_only_calls_itself_encrypted_is_unknown(host, data):
    """FUSE: whoever mounts it chooses its source and its type, odd bytes and all."""
    host.device("dm-0", LUKS, on=("sda",))
    host.mount(data, "0:42", "fuse.x", "/dev/mapper/map-dm-0")
    assert overall(host, data, "luks") == "unknown"
    mounts = host.root / "proc/self/mountinfo"
    mounts.write_bytes(mounts.read_bytes().replace(b"fuse.x", b"fuse.\xff"))
    assert overall(host, data, "luks") == "unknown"


def test_a_mount_with_an_odd_name_is_seen(host, data):
    host.device("dm-0", LUKS, on=("sda",))
    host.mount(data, "dm-0")
    assert overall(host, data, "luks") == "pass"
    host.mount(f"{data}/a\rb", "sda")
    assert overall(host, data, "luks") == "fail"


def test_what_is_true_of_a_sample_is_no_pass(host, data):
    for name in ("a", "b", "c"):
        (data / f"{name}.bam.c4gh").write_bytes(sealed())
    kinds = ("C4-01", "C4-02", "C4-06")
    assert {look(host, data)[kind][0] for kind in kinds} == {"pass"}
    found = look(host, data, limit=2)
    assert {found[kind][0] for kind in kinds} == {"unknown"}
    assert "looked at 2 of 3 files" in found["C4-01"][1]
    (data / "a.bam.c4gh").write_bytes(sealed()[:20])
    assert look(host, data, limit=2)["C4-01"][0] == "fail"


def test_another_dataset_within_is_judged_by_itself(host, data):
    (data / "a.c4gh").write_bytes(sealed())
    (data / "open/deep").mkdir(parents=True)
    (data / "open/deep/b.bam").write_bytes(BGZF)
    assert overall(host, data, "crypt4gh") == "fail"
    found = survey("d", data, "crypt4gh", 7.0, root=host.root, apart=[Path("open")])
    assert {f.kind: f.state for f in found}["ENC-01"] == "pass"


def test_a_file_that_goes_while_it_is_looked_at_is_no_doubt(host, data, monkeypatch):
    for name in ("a", "b"):
        (data / f"{name}.c4gh").write_bytes(sealed())
    open_at = census.safe_open_at

    def removed_first(root, name, **more):
        (data / "b.c4gh").unlink(missing_ok=True)
        return open_at(root, name, **more)

    monkeypatch.setattr(census, "safe_open_at", removed_first)
    monkeypatch.setattr(census, "_list", lambda *_: ([b"a.c4gh", b"b.c4gh"], []))
    found = look(host, data, "crypt4gh")
    assert (found["ENC-01"][0], found["C4-01"][0]) == ("pass", "pass")


def test_sequence_data_that_is_called_a_list_of_checksums_counts(host, data):
    (data / "a.bam.c4gh").write_bytes(sealed())
    (data / "SHA256SUMS").write_text("0" * 64 + "  a.bam.c4gh\n")
    (data / "SHA256SUMS.sig").write_bytes(b"\x88\x75\x04\x00\xff\xfe")
    assert overall(host, data, "crypt4gh") == "pass"
    (data / "b.md5").write_text("@r1\nACGT\n+\nIIII\n")
    assert overall(host, data, "crypt4gh") == "fail"


def test_ecryptfs_is_seen_in_the_mounts(host, data):
    host.mount(data, "0:42", "ecryptfs", "/home/.ecryptfs")
    assert overall(host, data, "fscrypt") == "warn"
    assert overall(host, data, "any") == "pass"


def test_a_chain_without_end_is_unknown(host, data):
    host.device("sdb")
    host.device("dm-5", "LVM-x")
    (host.root / "sys/devices/dm-5/slaves/dm-5").symlink_to(host.root / "sys/class/block/dm-5")
    host.mount(data, "dm-5")
    assert overall(host, data, "luks") == "unknown"


def test_a_device_that_sys_does_not_know_is_unknown(host, data):
    host.mount(data, "250:1")
    assert overall(host, data, "luks") == "unknown"


def test_no_mountinfo_is_unknown(host, data):
    (host.root / "proc/self/mountinfo").unlink()
    assert overall(host, data) == "unknown"


def swap(host):
    (finding,) = survey_host(7.0, root=host.root)
    assert (finding.kind, finding.subject) == ("ENC-04", "swap")
    return finding.state


def test_swap_must_be_encrypted(host):
    assert swap(host) == "pass"
    host.swaps("/dev/zram0")
    assert swap(host) == "pass"
    host.swaps("/dev/sda")
    assert swap(host) == "fail"
    host.device("dm-0", LUKS, on=("sda",))
    host.swaps("/dev/dm-0")
    assert swap(host) == "pass"
    host.swaps("/swapfile", "/dev/dm-0")
    assert swap(host) == "fail"
    (host.root / "proc/swaps").unlink()
    assert swap(host) == "unknown"


@pytest.mark.parametrize("shut", ["b.c4gh", "sub"])
def test_what_may_not_be_read_is_not_a_pass(host, data, shut, monkeypatch):
    (data / "a.c4gh").write_bytes(sealed())
    (data / "b.c4gh").write_bytes(sealed())
    (data / "sub").mkdir()
    real = census.safe_open_at

    def refuse(fd, name, **more):
        if name == shut.encode():
            raise PermissionError(errno.EACCES, "Permission denied", name)
        return real(fd, name, **more)

    monkeypatch.setattr(census, "safe_open_at", refuse)
    state, text = look(host, data, "crypt4gh")["ENC-01"]
    assert (state, f"1 unreadable ({shut}: Permission denied)" in text) == ("unknown", True)
