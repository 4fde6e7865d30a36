"""The cache of compiled rules gives what reading gives, and nothing that somebody else could have put there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from seqwatch_tui.detect import RuleSet, load_rules, shipped_rules
from seqwatch_tui.detect.cache import RuleCache

GOOD = "title: T\nlogsource: {product: seqwatch, category: dataset_access}\ndetection:\n  s: {path: [/a, 'b*']}\n  condition: not s\n"
BAD = GOOD.replace("path:", "nosuch:")


def _load(folders: list[Path], cache: Path) -> RuleSet:
    kept = RuleCache.read(cache)
    found = load_rules(folders, cache=kept)
    kept.write()
    return found


def test_shipped_rules_are_the_same_from_the_cache(tmp_path: Path) -> None:
    cache = tmp_path / "deep" / "rules.json"
    _load([shipped_rules()], cache)
    assert _load([shipped_rules()], cache) == load_rules([shipped_rules()])
    assert cache.stat().st_mode & 0o777 == 0o600


def test_a_known_rule_needs_no_pysigma(tmp_path: Path) -> None:
    cache = tmp_path / "rules.json"
    _load([shipped_rules()], cache)
    code = (
        "import sys; from pathlib import Path; from seqwatch_tui.detect import load_rules, shipped_rules;"
        "from seqwatch_tui.detect.cache import RuleCache;"
        "rules = load_rules([shipped_rules()], cache=RuleCache.read(Path(sys.argv[1])));"
        "assert len(rules.rules) > 9, rules; assert 'sigma' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(cache)], check=True)


def test_failures_and_changes(tmp_path: Path) -> None:
    rules, cache = tmp_path / "rules", tmp_path / "rules.json"
    rules.mkdir()
    (rules / "good.yml").write_text(GOOD)
    (rules / "bad.yml").write_text(BAD)
    first, second = _load([rules], cache), _load([rules], cache)
    assert first == second
    assert [failure.line for failure in second.failures] == [4]
    (rules / "bad.yml").write_text(GOOD)
    (rules / "good.yml").unlink()
    assert [rule.rule_id for rule in _load([rules], cache).rules] == ["bad"]
    assert len(json.loads(cache.read_text())["files"]) == 1


@pytest.mark.parametrize("kind", ["mode", "link", "torn", "kind", "type", "depth", "code"])
def test_what_cannot_be_trusted_is_read_anew(tmp_path: Path, kind: str) -> None:
    rules, cache = tmp_path / "rules", tmp_path / "rules.json"
    rules.mkdir()
    (rules / "good.yml").write_text(GOOD)
    wanted = _load([rules], cache)
    text = cache.read_text()
    forged = text.replace('"/a"', '"/forged"')
    assert forged != text
    deep = '["not",' * 3000 + '["test","path","null",null,false]' + "]" * 3000
    changed = {
        "mode": forged, "link": forged, "torn": forged[:-9], "code": forged.replace('"code":"', '"code":"0'),
        "kind": forged.replace('"eq"', '"drop"'), "type": forged.replace('"/forged"', "[1]"),
        "depth": text.replace('"body":["not",', '"body":["not",["not",' + deep + '],'),
    }[kind]  # fmt: skip
    cache.write_text(changed)
    if kind == "mode":
        cache.chmod(0o666)
    if kind == "link":
        cache.rename(tmp_path / "elsewhere.json")
        cache.symlink_to(tmp_path / "elsewhere.json")
    assert load_rules([rules], cache=RuleCache.read(cache)) == wanted
