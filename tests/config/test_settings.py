"""Loading a configuration: ready values, every kind of mistake, the search order."""

from __future__ import annotations

import os
from datetime import date, time
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from seqwatch_tui.config.settings import ConfigError, find, load, loads, notices

SITE = Path(__file__).parent / "site.yaml"
MINIMAL = "site: a\nstate_dir: /var/lib/seqwatch\n"


def test_datasets_within_a_dataset() -> None:
    text = MINIMAL + "datasets: [{id: a, path: /d/a}, {id: b, path: /d/a/x/b}, {id: c, path: /d/ab}]"
    settings = loads(text, "x")
    assert [settings.inside(dataset) for dataset in settings.datasets] == [(Path("x/b"),), (), ()]


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loads(text, "/etc/x.yaml")
    return str(caught.value).splitlines()


def test_the_example_of_the_design_is_read_into_ready_values() -> None:
    settings = load(SITE)
    dataset = settings.datasets[0]
    assert settings.timezone == ZoneInfo("Europe/Berlin")
    assert dataset.path == Path("/data/seq/wgs-cohort-a")
    assert dataset.grants == {"bioinformatician": frozenset({"read"}), "pipeline": frozenset({"read", "write"})}
    assert dataset.irb is not None
    assert dataset.irb.expires == date(2027, 3, 1)
    assert settings.networks is not None
    assert settings.networks.allowed == (ip_network("10.20.0.0/16"), ip_network("127.0.0.0/8"))
    hours = settings.business_hours
    assert hours is not None
    assert (hours.days, hours.start, hours.end) == (frozenset(range(5)), time(7), time(19))
    assert hours.holidays == {date(2026, 12, 25)}
    assert settings.keys.register == SITE.parent / "keys.yaml"
    assert settings.operators.responder.users == {"oncall"}
    assert [s.name for s in settings.sources] == ["audit", "laurel", "falco", "kernel"]


def test_only_site_and_state_dir_are_required() -> None:
    settings = loads(MINIMAL, "x.yaml")
    assert settings.datasets == ()
    assert settings.business_hours is None
    assert settings.keys.max_age_days == 365
    assert settings.retention.days == 2557


def test_a_misspelt_key_names_file_line_key_nearest_and_what_to_write() -> None:
    assert problems(MINIMAL + "retension: {days: 3}\n") == [
        "/etc/x.yaml:3: key 'retension' is not known in the top level; did you mean 'retention'? "
        "write e.g. retention: {days: 2557}"
    ]


@pytest.mark.parametrize(
    ("addition", "line", "words"),
    [
        ("zzz: 1", 3, ["'zzz'", "known are: accounts"]),
        ("timezone: Mars/Base", 3, ["timezone 'Mars/Base'", "time zone", "timezone: Europe/Berlin"]),
        ("timezone: ../etc/passwd", 3, ["time zone"]),
        ("retention: {store_days: 399}", 3, ["retention.store_days '399'", "from 400", "store_days: 400"]),
        ("retention: {days: 0}", 3, ["retention.days '0'", "from 1", "days: 2557"]),
        ("retention: {days: 1:30}", 3, ["retention.days '1:30'", "whole number"]),
        ("retention: {days: true}", 3, ["whole number"]),
        ("networks: {allowed: [10.0.0.1/8]}", 3, ["networks.allowed[0]", "host bits", "10.0.0.0/8"]),
        ("networks: {allowed: [lab]}", 3, ["CIDR"]),
        ("networks: {}", 3, ["networks needs key 'allowed'"]),
        ('business_hours: {start: "7", end: "19:00"}', 3, ["business_hours.start '7'", "HH:MM"]),
        ('business_hours: {start: "07:00", end: "24:00"}', 3, ["HH:MM"]),
        ('business_hours: {start: "07:00", end: "07:00"}', 3, ["equals start"]),
        ('business_hours: {days: mo-fr, start: "07:00", end: "09:00"}', 3, ["mon, tue"]),
        ('business_hours: {start: "07:00", end: "09:00", holidays: [2026-02-30]}', 3, ["holidays[0] '2026-02-30'"]),
        ("keys: {max_age_days: old}", 3, ["keys.max_age_days 'old'"]),
        ("tls: [{endpoint: lims}]", 3, ["tls[0].endpoint 'lims'", "host:port"]),
        ('tls: [{endpoint: "a:1", pins: [sha256/AAAA]}]', 3, ["tls[0].pins[0]", "44 characters"]),
        ("notify: [{url: oncall}]", 3, ["notify[0].url", "scheme"]),
        ("notify: [{url: 'https://x', min_severity: hihg}]", 3, ["did you mean 'high'?"]),
        ("operators: {admin: {users: [x]}}", 3, ["'admin'", "operators"]),
        ("operators: {viewer: [x]}", 3, ["operators.viewer is not a mapping"]),
        ("roles: {'a b': {}}", 3, ["roles.a b", "not a name"]),
        ("roles: {a: {users: x}}", 3, ["roles.a.users is not a list"]),
        ("roles: {a: {users: [1001]}}", 3, ["roles.a.users[0] '1001'", "put it in quotes"]),
        ("sources: [{name: a, type: auditd}]", 3, ["needs key 'path'"]),
        ("sources: [{name: a, type: jsonl, path: /x}]", 3, ["needs key 'mapping'"]),
        ("sources: [{name: a, type: auditd, path: /x, mapping: y}]", 3, ["for type jsonl only"]),
        ("sources: [{name: a, type: audit, path: /x}]", 3, ["did you mean 'auditd'?"]),
        ("sources: [{name: a, type: fanotify, path: run/x.sock}]", 3, ["absolute path"]),
        ("sources: [{name: a, type: auditd, path: x.log}]", 3, ["absolute path"]),
        (
            "sources:\n- {name: a, type: auditd, path: /x}\n- {name: a, type: laurel, path: /y}",
            5,
            ["same as in sources[0]"],
        ),
        ("sources:\n- {name: a, type: auditd, path: /x}\n- {name: b, type: laurel, path: /x}", 5, ["sources[1].path"]),
        ("datasets: [{id: a}]", 3, ["datasets[0] needs key 'path'", "path: /data"]),
        ("datasets: [{id: a, path: /a/../b}]", 3, ["'..'"]),
        ("datasets: [{id: a, path: /}]", 3, ["root of the file system"]),
        ("datasets: [{id: a, path: /var}]", 3, ["holds state_dir"]),
        ("datasets: [{id: a, path: /var/lib/seqwatch/}]", 3, ["holds state_dir"]),
        ("datasets: [{id: a, path: /var/lib/seqwatch/d}]", 3, ["inside state_dir"]),
        ("datasets: [{id: a, path: /a, manifest: /x}]", 3, ["below the dataset"]),
        ("datasets: [{id: a, path: /a, grants: }]", 3, ["datasets[0].grants has no value"]),
        ("datasets: [{id: a, path: /a, grants: {boss: [read]}}]", 3, ["role 'boss'", "not in roles"]),
        ("datasets: [{id: a, path: /a, grants: {boss: [raed]}}]", 3, ["did you mean 'read'?"]),
        ("datasets: [{id: a, path: /a, consent: {duo: [gru]}}]", 3, ["duo[0] 'gru'", "data use code"]),
        ("datasets: [{id: a, path: /a, irb: {id: x, expires: soon}}]", 3, ["irb.expires 'soon'", "YYYY-MM-DD"]),
        ("datasets:\n- {id: a, path: /a}\n- {id: a, path: /a/}", 5, ["datasets[1].id 'a' is the same"]),
    ],
)
def test_each_mistake_is_one_sentence_at_its_line(addition: str, line: int, words: list[str]) -> None:
    found = problems(MINIMAL + addition + "\n")
    assert found[0].startswith(f"/etc/x.yaml:{line}: ")
    for word in words:
        assert word in found[0]


def test_several_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    found = problems("site: a\nstate_dir: x\ntimezone: Mars\nretention: {days: no}\nfoo: 1\n")
    assert [text.split(":")[1] for text in found] == ["2", "3", "4", "5"]


def test_missing_required_keys_are_named() -> None:
    assert [p.split(" needs ")[1] for p in problems("timezone: UTC\n")] == [
        "key 'site'; write e.g. site: seq-core-1",
        "key 'state_dir'; write e.g. state_dir: /var/lib/seqwatch",
    ]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "[1, 2]", "word"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    assert len(problems(text)) == 1


def test_control_characters_in_a_key_are_made_visible() -> None:
    assert "\\x1b" in problems(MINIMAL + '"\\e[31mx": 1\n')[0]


def test_nested_datasets_are_allowed() -> None:
    assert len(loads(MINIMAL + "datasets: [{id: a, path: /a}, {id: b, path: /a/b}]", "x").datasets) == 2


def test_what_has_no_effect_is_said() -> None:
    said = notices(load(SITE))
    assert any("placeholder" in text for text in said)
    assert any(text.startswith("tls: the endpoints are not probed") for text in said)
    assert notices(loads(MINIMAL + "retention: {days: 2557}", "x")) == ()
    assert notices(loads(MINIMAL + "retention: {days: 30}", "x")) == (
        "retention.days 30 has no effect in this version: nothing is deleted from the ledger",
    )
    assert notices(loads(MINIMAL + "roles: {r: {}}", "x")) == (
        "role r has neither users nor groups; its grants reach nobody",
    )


def test_the_hash_is_of_the_content_not_of_its_form() -> None:
    one = loads(MINIMAL + "roles: {r: {users: [b, a]}}\n", "/etc/x")
    two = loads("# other\nstate_dir: /var/lib/seqwatch\nroles:\n  r:\n    users: [a, b]\nsite: a\n", "/etc/y")
    assert one.hash == two.hash
    assert one.hash != loads(MINIMAL + "roles: {r: {users: [a]}}\n", "/etc/x").hash


class TestFind:
    def test_the_argument_comes_first_then_the_variable_then_the_places(self, tmp_path: Path) -> None:
        cwd, home = tmp_path / "cwd", tmp_path / "home"
        (home / ".config/seqwatch").mkdir(parents=True)
        cwd.mkdir()
        wanted = home / ".config/seqwatch/seqwatch.yaml"
        wanted.write_text(MINIMAL)
        assert find(None, {}, cwd, home) == wanted
        (cwd / "seqwatch.yaml").write_text(MINIMAL)
        assert find(None, {}, cwd, home) == cwd / "seqwatch.yaml"
        (cwd / "env.yaml").write_text(MINIMAL)
        assert find(None, {"SEQWATCH_CONFIG": "env.yaml"}, cwd, home) == cwd / "env.yaml"
        assert find(wanted, {"SEQWATCH_CONFIG": "env.yaml"}, cwd, home) == wanted

    def test_what_is_named_must_exist(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"nope.yaml: does not exist \(--config\)"):
            find(Path("nope.yaml"), {}, tmp_path, tmp_path)
        with pytest.raises(ConfigError, match="SEQWATCH_CONFIG"):
            find(None, {"SEQWATCH_CONFIG": "/nope"}, tmp_path, tmp_path)

    @pytest.mark.skipif(Path("/etc/seqwatch/seqwatch.yaml").exists(), reason="this host has a configuration")
    def test_what_this_user_may_not_look_into_is_passed_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`sudo -u seqwatch seqwatch events` in /root, whose home is still /root."""
        cwd, home = tmp_path / "shut", tmp_path / "home"
        wanted = home / ".config/seqwatch/seqwatch.yaml"
        wanted.parent.mkdir(parents=True)
        wanted.write_text(MINIMAL)
        stat = Path.stat

        def refused(path: Path, **more: bool) -> os.stat_result:
            if cwd in path.parents:
                raise PermissionError(13, "Permission denied", str(path))
            return stat(path, **more)

        monkeypatch.setattr(Path, "stat", refused)
        assert find(None, {}, cwd, home) == wanted
        with pytest.raises(ConfigError, match="may not enter"):
            find(Path("x.yaml"), {}, cwd, home)

    def test_nothing_found_lists_every_place(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError) as caught:
            find(None, {}, tmp_path / "c", tmp_path / "h")
        for place in ("--config", "SEQWATCH_CONFIG", "c/seqwatch.yaml", "h/.config/seqwatch", "/etc/seqwatch", "init"):
            assert place in str(caught.value)


class TestFiles:
    def test_a_missing_file_a_folder_and_a_fifo(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        for name, word in (("none", "No such file"), (".", "directory"), ("fifo", "not a regular file")):
            with pytest.raises(ConfigError, match=word):
                load(tmp_path / name)

    def test_bytes_that_are_not_utf8_are_named_by_line(self, tmp_path: Path) -> None:
        path = tmp_path / "x.yaml"
        path.write_bytes(b"site: a\nstate_dir: /\xff\n")
        with pytest.raises(ConfigError, match=r"x.yaml:2: .*UTF-8"):
            load(path)

    def test_a_byte_order_mark_is_no_part_of_the_first_key(self, tmp_path: Path) -> None:
        path = tmp_path / "x.yaml"
        path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.encode())
        assert load(path).site == "a"


def test_objects_are_addresses_and_belong_to_one_dataset() -> None:
    text = 'site: s\nstate_dir: /v\ndatasets:\n  - {id: a, path: /a, objects: ["s3://x/"]}\n  - {id: b, path: /b, objects: [/x, "s3://x"]}\n'
    with pytest.raises(ConfigError) as caught:
        loads(text, "c.yaml")
    assert str(caught.value).startswith(
        "c.yaml:5: datasets[1].objects[0] '/x' is not the address of a bucket or of a prefix in it"
    )
    with pytest.raises(ConfigError) as caught:
        loads(text.replace("/x, ", ""), "c.yaml")
    assert (
        str(caught.value)
        == "c.yaml:5: datasets[1].objects[0] 's3://x' is the same as in datasets[0].objects; write it once"
    )
