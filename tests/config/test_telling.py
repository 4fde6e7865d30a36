"""What is wrong with `notify`, `canaries` and `drill` is said with its line and what to write."""

from __future__ import annotations

import pytest

from seqwatch_tui.config.settings import ConfigError, loads, notices

MINIMAL = "site: lab\nstate_dir: /var/lib/seqwatch\ndatasets: [{id: a, path: /data/a}]\n"


@pytest.mark.parametrize(
    ("addition", "words"),
    [
        ('notify: [{url: "mail://x@y.example"}]', ["begins with 'mail:'", "did you mean 'mailto'?"]),
        ('notify: [{url: "mailto://oncall"}]', ["notify[0].url", "not one address"]),
        ('notify: [{url: "mailto:a@b.example,c@d.example"}]', ["not one address"]),
        ('notify: [{url: "https://user:pw@hooks.example/x"}]', ["holds a password", "secret_file"]),
        ('notify: [{url: "https:///x"}]', ["names no host"]),
        ('notify: [{url: "https://h.example:99999/x"}]', ["is not an address"]),
        ('notify: [{url: "exec:page"}]', ["not an absolute path"]),
        ('notify: [{url: "file:/data/a/pages"}]', ["inside dataset 'a'", "never written to"]),
        ('notify: [{url: "syslog:kern"}]', ["names no facility", "authpriv"]),
        ('notify: [{url: "file:/x", arguments: [a]}]', ["notify[0].arguments is for exec only"]),
        ('notify: [{url: "https://h.example/", smtp: "m:25"}]', ["notify[0].smtp is for mailto only"]),
        ('notify: [{url: "mailto:a@b.example", user: u}]', ["needs key 'secret_file' too"]),
        ('notify: [{url: "mailto:a@b.example", securty: tls}]', ["did you mean 'security'?"]),
        ("canaries: [/srv/x]", ["canaries[0] '/srv/x' is in no dataset"]),
        ("canaries: [/data/a]", ["is in no dataset"]),
        ("drill: {canary: /srv/x}", ["drill.canary '/srv/x' is in no dataset"]),
        ("drill: {every: 1d}", ["drill needs key 'canary'"]),
        ("drill: {canary: /data/a/x, every: soon}", ["drill.every 'soon'", "1d"]),
        ("drill: {canary: /data/a/x, every: 50s}", ["less than a minute"]),
        ("drill: {canary: /data/a/x, every: 2m, within: 90s}", ["twice drill.within"]),
    ],
)
def test_each_mistake_is_one_sentence_at_its_line(addition: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        loads(MINIMAL + addition + "\n", "/etc/x.yaml")
    (found,) = [str(problem) for problem in caught.value.problems]
    assert found.startswith("/etc/x.yaml:4: ")
    assert [word for word in words if word not in found] == []


def test_the_canary_of_the_drill_is_one_of_the_canaries_once() -> None:
    text = "canaries: [/data/a/x, /data/a/y]\ndrill: {canary: /data/a/x, every: 12h}\n"
    settings = loads(MINIMAL + text, "x")
    assert [str(path) for path in settings.all_canaries] == ["/data/a/x", "/data/a/y"]
    assert settings.drill is not None
    assert (settings.drill.every, settings.drill.within) == (43_200, 30)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ('{url: "http://hooks.example.org/x"}', "without encryption; write https://"),
        ('{url: "mailto:a@b.example", smtp: "mail.example.org:25"}', "without encryption; write security: starttls"),
        ('{url: "mailto://..."}', "nobody is told"),
        ('{url: "http://127.0.0.1:8080/x"}', None),
        ('{url: "mailto:a@b.example", smtp: "mail.example.org:587", security: starttls}', None),
        ('{url: "mailto:a@b.example"}', None),
    ],
)
def test_what_is_not_wise_is_said(address: str, said: str | None) -> None:
    found = notices(loads(f"{MINIMAL}notify: [{address}]\n", "x"))
    assert [said in text for text in found] == ([True] if said else [])
