"""`seqwatch rules`: a site's own rules checked, tried, imported, switched; with an engine and without."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from tests.engine.running import engine, seqwatch, until, write_site

SHELL = """title: Shell from a web server
name: web-shell
id: 3f2a2a2e-0d21-4c39-9d56-2d2f0a2b0001
logsource: {product: linux, category: process_creation}
detection:
  s: {ParentImage|endswith: /nginx, Image|endswith: [/sh, /bash], CommandLine|contains: "'"}
  condition: s
custom:
  positive:
    - {ParentImage: /usr/sbin/nginx, Image: /bin/sh, CommandLine: "sh -c 'x'"}
  negative:
    - {ParentImage: /usr/sbin/sshd, Image: /bin/sh, CommandLine: "sh -c 'x'"}
---
title: Three of them
name: web-shells
id: 3f2a2a2e-0d21-4c39-9d56-2d2f0a2b0002
correlation: {type: event_count, rules: [web-shell], group-by: [Image], timespan: 1m, condition: {gte: 3}}
custom:
  positive:
    - [{repeat: 3, ParentImage: /usr/sbin/nginx, Image: /bin/sh, CommandLine: "sh -c 'x'"}]
  negative:
    - [{repeat: 3, every: 60, ParentImage: /usr/sbin/nginx, Image: /bin/sh, CommandLine: "sh -c 'x'"}]
"""
RECORD = """title: A file of names
name: a-record
id: 3f2a2a2e-0d21-4c39-9d56-2d2f0a2b0003
logsource: {product: linux, service: auditd}
detection:
  s: {type: PATH, name: /etc/passwd, EUID: root, euid: 0}
  condition: s
custom:
  positive: [{type: PATH, name: /etc/passwd, EUID: root, euid: '0'}]
  negative: [{type: EXECVE, name: /etc/passwd, EUID: root, euid: '0'}, {type: PATH, name: /etc/passwd, EUID: x, euid: '0'}]
"""
BROKEN = SHELL.replace("Image|endswith: [", "Nothing|endswith: [")


def test_check_names_the_place(tmp_path: Path) -> None:
    config, mine = write_site(tmp_path, ["site: t"]), tmp_path / "mine"
    mine.mkdir()
    (mine / "bad.yml").write_text(BROKEN)
    done = seqwatch(config, "rules", "check", str(mine / "bad.yml"))
    assert done.returncode == 1
    first = done.stdout.splitlines()[0]
    assert first.startswith(f"{mine}/bad.yml:6:37: error: field 'Nothing'")
    rows = json.loads(seqwatch(config, "rules", "check", str(mine), "--format", "json").stdout)
    assert [row["severity"] for row in rows] == ["error", "error"]
    (mine / "bad.yml").write_text(SHELL)
    assert seqwatch(config, "rules", "check", str(mine)).returncode == 0


def test_samples_run_through_both_executions(tmp_path: Path) -> None:
    config, own = write_site(tmp_path, ["site: t"]), tmp_path / "own.yml"
    own.write_text(SHELL + "---\n" + RECORD)
    done = seqwatch(config, "rules", "test", str(own), "--format", "json")
    rows = json.loads(done.stdout)
    assert (done.returncode, {row["result"] for row in rows}, len(rows)) == (0, {"pass"}, 7)
    own.write_text(SHELL.replace("/usr/sbin/sshd", "/usr/sbin/nginx"))
    done = seqwatch(config, "rules", "test", str(own), "--format", "json")
    assert [row["result"] for row in json.loads(done.stdout)] == ["pass", "fail", "pass", "pass"]
    assert done.returncode == 1
    done = seqwatch(config, "rules", "test", "--format", "json")
    assert done.returncode == 0, "the samples of every shipped rule"
    assert len(json.loads(done.stdout)) > 30


def test_import_list_disable_enable(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "own.yml").write_text(SHELL)
    (folder / "bad.yml").write_text(BROKEN.replace("web-shell", "other").replace("0a2b", "0a2c"))
    (folder / "taken.yml").write_text(
        SHELL.split("---", maxsplit=1)[0].replace("web-shell", "bulk-read").replace("0001", "0009")
    )
    config = write_site(tmp_path, ["site: t"])
    with engine(config, "--no-sources") as running:
        done = running.cli("rules", "import", str(folder))
        answer = json.loads(done.stdout)
        assert (done.returncode, answer["loaded"]) == (1, 2)
        whys = {failure["file"]: failure["why"] for failure in answer["failed"]}
        assert "'Nothing'" in next(f["why"] for f in answer["failed"] if f["file"] == "bad.yml" and f["line"] == 6)
        assert "taken by" in whys["taken.yml"]
        kept = tmp_path / "state" / "rules" / "deep" / "own.yml"
        assert kept.read_text() == SHELL
        assert kept.stat().st_mode & 0o777 == 0o600
        assert not (tmp_path / "state" / "rules" / "bad.yml").exists()
        rows = {row["id"]: row for row in json.loads(running.cli("rules", "--format", "json").stdout)}
        assert (rows["web-shells"]["state"], rows["web-shell"]["state"]) == ("enabled", "feeds others")
        assert rows["web-shells"]["source"] == "delivered"
        assert running.cli("rules", "disable", "web-shells").returncode == 2, "a reason is needed"
        assert running.cli("rules", "disable", "nothing", "--reason", "x").returncode != 0
        assert running.cli("rules", "disable", "web-shells", "--reason", "noise").returncode == 0
    rows = {row["id"]: row for row in json.loads(seqwatch(config, "rules", "--format", "json").stdout)}
    assert rows["web-shells"]["state"] == "disabled", "also after a restart, and without an engine"
    assert seqwatch(config, "rules", "enable", "web-shells", "--reason", "tuned").returncode == 0
    query = "select verb, subject, reason from actions where verb like '%rule%' order by ts"
    said = json.loads(seqwatch(config, "sql", query, "--format", "json").stdout)
    assert [(row["verb"], row["subject"], row["reason"]) for row in said][1:] == [
        ("disable rule", "web-shells", "noise"), ("enable rule", "web-shells", "tuned"),
    ]  # fmt: skip


def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    with engine(write_site(tmp_path, ["site: t"]), "--no-sources") as running:
        for name in ("../x.yml", "/etc/x.yml", "a/../../x.yml", ".hidden.yml", "x.sh", "a\nb.yml", "a.yml/b.yml"):
            answer = running.api.post("/v1/rules/import", {"files": [{"name": name, "text": SHELL}]}).value
            assert (answer["loaded"], len(answer["failed"])) == (0, 1), name
        assert not list((tmp_path / "state" / "rules").rglob("*")) if (tmp_path / "state" / "rules").exists() else True


def test_operators_who_switch_rules_at_once_lose_nothing(tmp_path: Path) -> None:
    with engine(write_site(tmp_path, ["site: t"]), "--no-sources") as running:
        rules = [row["id"] for row in running.api.get("/v1/rules").rows if row["state"] == "enabled"][:4]
        answers = []

        def disable(rule: str) -> None:
            answers.append(running.api.post(f"/v1/rules/{rule}", {"enabled": False, "reason": "noise"}).status)

        threads = [threading.Thread(target=disable, args=(rule,)) for rule in rules]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        states = {row["id"]: row["state"] for row in running.api.get("/v1/rules").rows}
    assert answers == [200] * 4
    assert {states[rule] for rule in rules} == {"disabled"}


def test_a_switch_or_an_import_that_cannot_take_effect_says_so(tmp_path: Path) -> None:
    config = write_site(tmp_path, ["site: t"])
    with engine(config, "--no-sources") as running:
        good = config.read_text()
        config.write_text(good + "nonsense: 1\n")
        answer = running.api.post("/v1/rules/bulk-read", {"enabled": False, "reason": "noise"})
        assert (answer.status, "nonsense" in answer.value["error"]) == (409, True)
        assert not (tmp_path / "state" / "disabled-rules.json").read_text().count("bulk-read")
        taken = running.api.post("/v1/rules/import", {"files": [{"name": "own.yml", "text": SHELL}]}).value
        assert taken["loaded"] == 0
        assert "takes effect once" in taken["failed"][-1]["why"]
        config.write_text(good)
        assert running.api.post("/v1/reload", {}).status == 200
        assert "web-shells" in {row["id"] for row in running.api.get("/v1/rules").rows}
        said = running.api.sql("select verb, outcome from actions where verb like '%rule%'")
    assert said == [{"verb": "import rules", "outcome": "refused"}]


def test_a_damaged_list_of_disabled_rules_is_named_and_ends_no_watch(tmp_path: Path) -> None:
    config = write_site(tmp_path, ["site: t"])
    listed = tmp_path / "state" / "disabled-rules.json"
    with engine(config, "--no-sources") as running:
        listed.write_text('{"a": ')
        config.write_text(config.read_text() + "# edited\n")
        until(lambda: any("disabled-rules.json" in text for text in running.api.status()["errors"]), "it is told")
        listed.unlink()
        config.write_text(config.read_text() + "# edited again\n")
        until(lambda: not running.api.status()["errors"], "the next edit is taken over")
        listed.write_text('{"a": ')
    done = seqwatch(config, "engine", "--no-sources")
    assert done.returncode == 3
    assert "remove it, which enables every rule" in done.stderr
    assert "Traceback" not in done.stderr
