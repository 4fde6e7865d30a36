"""Every way a page can go, against a real server, program, file or socket; what is refused, and what is tried again."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from email import message_from_string, policy
from pathlib import Path

import pytest

from seqwatch_tui.config.alarm import Notify
from seqwatch_tui.notify import mail
from seqwatch_tui.notify.channels import channel_of, deliver
from seqwatch_tui.notify.command import Command
from seqwatch_tui.notify.interface import Channel, NotSent, Page, Sent
from seqwatch_tui.notify.local import File, Syslog
from seqwatch_tui.notify.mail import Mail
from seqwatch_tui.notify.page import MAX_SHOWN, page_of
from seqwatch_tui.notify.webhook import Webhook
from tests.notify.servers import MailServer, WebServer, alert, serving

NOW = 1_795_000_100.0


def page(content: str = "full", **more: object) -> Page:
    return page_of("lab", [alert(**more)], content, NOW)  # type: ignore[arg-type]


def never(_: float) -> bool:
    return False


def test_a_brief_page_names_no_person_no_file_and_no_address() -> None:
    brief = page("brief")
    text = json.dumps([brief.title, brief.lines, brief.payload])
    assert [word for word in ("lory", "NA12878", "127.0.9.9") if word in text] == []
    assert brief.title == "[seqwatch lab] high: Bulk read, cohort (alert 7)"
    assert brief.payload["alerts"][0]["events"] == 45


def test_nothing_of_a_page_can_steer_a_terminal_or_a_header() -> None:
    full = page(rule_title="Bulk\nBcc: x@evil.example\x1b]0;x\x07")
    assert [c for text in (full.title, *full.lines) for c in text if ord(c) < 32] == []
    assert "\\x0d\\x0aBcc" in full.payload["alerts"][0]["summary"]
    assert "mal\\x1b[31mlory" in full.payload["alerts"][0]["actor"]


def test_many_alerts_are_one_page_that_tells_their_number() -> None:
    many = page_of("lab", [alert(n, level="critical" if n == 3 else "low") for n in range(50)], "brief", NOW)
    assert (many.title, many.level) == ("[seqwatch lab] 50 alerts, the highest critical", "critical")
    assert (many.payload["count"], len(many.payload["alerts"])) == (50, MAX_SHOWN)
    assert many.lines[-1] == f"and {50 - MAX_SHOWN} more: seqwatch alerts"


def test_a_drill_says_so_first() -> None:
    assert page_of("lab", [alert()], "brief", NOW, "drill").title.startswith("[seqwatch lab] DRILL, not an incident: ")


def test_mail_arrives_whole_and_in_one_piece() -> None:
    with serving(MailServer()) as server:
        notify = Notify(url="mailto://oncall@example.org", smtp=f"127.0.0.1:{server.server_address[1]}")
        outcome = channel_of(notify, "seq01").deliver(page(rule_title="Bulk\r\nBcc: x@evil.example"))
        assert isinstance(outcome, Sent), outcome
        mail = message_from_string(server.messages.get(timeout=5), policy=policy.default)
    assert (mail["To"], mail["From"], mail["Bcc"]) == ("oncall@example.org", "seqwatch@seq01", None)
    assert mail["Subject"].strip() == "[seqwatch lab] high: Bulk\\x0d\\x0aBcc: x@evil.example, cohort (alert 7)"
    assert "seqwatch alerts 7" in mail.get_content()


@pytest.mark.parametrize(("answer", "again"), [("450 later", True), ("550 who is that", False)])
def test_a_refused_recipient_is_told_and_only_a_temporary_refusal_is_tried_again(answer: str, again: bool) -> None:
    with serving(MailServer()) as server:
        server.refuse = answer
        notify = Notify(url="mailto:oncall@example.org", smtp=f"127.0.0.1:{server.server_address[1]}")
        outcome = channel_of(notify, "seq01").deliver(page())
    assert isinstance(outcome, NotSent)
    assert (outcome.again, answer[4:] in outcome.why) == (again, True)


def _hook(server: WebServer, tmp_path: Path, mode: int = 0o600) -> Notify:
    secret = tmp_path / "token"
    secret.write_text("s3cret-token\n")
    secret.chmod(mode)
    return Notify(url=f"http://127.0.0.1:{server.server_address[1]}/hook/abc?x=1", secret_file=secret)


def test_a_webhook_gets_the_payload_and_its_token_and_shows_neither_path_nor_token(tmp_path: Path) -> None:
    with serving(WebServer()) as server:
        channel = channel_of(_hook(server, tmp_path), "h")
        assert channel.deliver(page()) == Sent("HTTP 200")
        path, headers, body = server.posts.get(timeout=5)
    assert (path, headers["Authorization"], headers["Idempotency-Key"]) == (
        "/hook/abc?x=1",
        "Bearer s3cret-token",
        "lab-alerts-7",
    )
    assert (body["site"], body["alerts"][0]["alert_id"]) == ("lab", 7)
    assert "hook" not in channel.label
    assert "s3cret" not in repr(channel)


def test_a_token_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    with serving(WebServer()) as server:
        outcome = channel_of(_hook(server, tmp_path, 0o644), "h").deliver(page())
        assert server.posts.empty()
    assert outcome == NotSent(f"the secret in {tmp_path / 'token'} can be read by others; chmod 600 it", again=False)


@pytest.mark.parametrize(
    ("answers", "sent", "attempts"),
    [([503, 429], True, 3), ([500, 500, 500], False, 3), ([404], False, 1), ([302], False, 1), ([], True, 1)],
)
def test_what_may_pass_is_tried_three_times_and_what_may_not_once(
    tmp_path: Path, answers: list[int], sent: bool, attempts: int
) -> None:
    waits: list[float] = []
    with serving(WebServer()) as server:
        server.answers = list(answers)
        done = deliver(channel_of(_hook(server, tmp_path), "h"), page(), lambda s: bool(waits.append(s)))
        assert server.posts.qsize() == attempts == done.attempts
    assert isinstance(done.delivery, Sent) is sent
    assert waits == [1.0, 5.0][: attempts - 1]


def test_trying_again_ends_when_the_engine_stops(tmp_path: Path) -> None:
    with serving(WebServer()) as server:
        server.answers = [503, 503, 503]
        assert deliver(channel_of(_hook(server, tmp_path), "h"), page(), lambda _: True).attempts == 1


def test_nobody_there_is_worth_another_attempt() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        for url, more in ((f"http://127.0.0.1:{port}/", {}), ("mailto:a@b.example", {"smtp": f"127.0.0.1:{port}"})):
            outcome = channel_of(Notify(url=url, **more), "h").deliver(page())
            assert isinstance(outcome, NotSent)
            assert outcome.again
            assert "refused" in outcome.why


def _program(folder: Path, text: str) -> Path:
    path = folder / "hook"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_program_gets_its_arguments_as_they_are_and_the_payload_on_its_input(tmp_path: Path) -> None:
    program = _program(
        tmp_path,
        f'printf "%s|" "$@" > {tmp_path}/arguments; cat > {tmp_path}/input; env > {tmp_path}/env; echo ticket 12',
    )
    notify = Notify(url=f"exec:{program}", arguments=("--to", "$(id) ; x", "two words"))
    assert channel_of(notify, "h").deliver(page()) == Sent("ticket 12")
    assert (tmp_path / "arguments").read_text() == "--to|$(id) ; x|two words|"
    assert json.loads((tmp_path / "input").read_text())["alerts"][0]["alert_id"] == 7
    assert "PYTHONPATH" not in (tmp_path / "env").read_text()


@pytest.mark.parametrize(
    ("text", "again", "why"), [("echo no; exit 75", True, "75: no"), ("exit 3", False, "status 3")]
)
def test_the_exit_status_of_a_program_decides(tmp_path: Path, text: str, again: bool, why: str) -> None:
    outcome = channel_of(Notify(url=f"exec:{_program(tmp_path, text)}"), "h").deliver(page())
    assert isinstance(outcome, NotSent)
    assert (outcome.again, why in outcome.why) == (again, True)


def test_a_program_that_does_not_end_is_killed_with_all_it_started(tmp_path: Path) -> None:
    program = _program(tmp_path, f"sleep 100 & echo $! > {tmp_path}/pid; exec sleep 100")
    began = time.monotonic()
    outcome = Command("exec:x", (str(program),), seconds=0.5).deliver(page())
    assert isinstance(outcome, NotSent)
    assert "did not end within" in outcome.why
    assert time.monotonic() - began < 10
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    outcome = channel_of(Notify(url=f"exec:{tmp_path}/none"), "h").deliver(page())
    assert outcome == NotSent(f"{tmp_path}/none cannot be run: No such file or directory", again=False)


def test_a_file_gets_one_line_a_page_and_is_never_a_link(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    channel = channel_of(Notify(url=f"file:{path}"), "h")
    assert isinstance(channel.deliver(page()), Sent)
    assert isinstance(channel.deliver(page()), Sent)
    assert [json.loads(line)["alerts"][0]["alert_id"] for line in path.read_text().splitlines()] == [7, 7]
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "link").symlink_to(path)
    assert isinstance(channel_of(Notify(url=f"file:{tmp_path}/link"), "h").deliver(page()), NotSent)


def test_syslog_gets_one_line_with_facility_and_severity(tmp_path: Path) -> None:
    address = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(address)
        assert isinstance(Syslog("syslog:authpriv", "authpriv", address).deliver(page()), Sent)
        assert daemon.recv(4096).startswith(b"<83>seqwatch: [seqwatch lab] high: Bulk read")
    Path(address).unlink()
    assert isinstance(Syslog("syslog:authpriv", "authpriv", address).deliver(page()), NotSent)


@pytest.mark.parametrize(
    "channel", [Webhook("w", False, "a..example", 80, "/"), Mail("m", "a@b", "c@d", "a..example", 25)]
)
def test_a_host_that_is_no_name_is_told_and_ends_no_thread(channel: Channel) -> None:
    outcome = channel.deliver(page())
    assert isinstance(outcome, NotSent)
    assert not outcome.again


def test_a_sender_that_is_no_header_is_told_and_ends_no_thread() -> None:
    with serving(MailServer()) as server:
        outcome = Mail("m", "a@b", "c\n@d", "127.0.0.1", server.server_address[1]).deliver(page())
    assert isinstance(outcome, NotSent)
    assert "sender" in outcome.why


def test_a_secret_that_no_header_can_carry_is_not_shown(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_bytes(b"first\rSECOND\n")
    secret.chmod(0o600)
    with serving(WebServer()) as server:
        hook = Webhook("w", False, "127.0.0.1", server.server_address[1], "/", secret)
        outcome = hook.deliver(page())
    assert isinstance(outcome, NotSent)
    assert "secret_file" in outcome.why
    assert "SECOND" not in outcome.why


def test_a_mail_server_that_only_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "_WHOLE_SECONDS", 0.3)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            client, _ = server.accept()
            with client, contextlib.suppress(OSError):
                while not ended.wait(0.05):
                    client.send(b"220-wait\r\n")

        threading.Thread(target=drip, daemon=True).start()
        outcome = Mail("m", "a@b", "c@d", "127.0.0.1", server.getsockname()[1]).deliver(page())
        ended.set()
    assert isinstance(outcome, NotSent)
    assert outcome.again


def test_a_file_is_not_reached_through_a_linked_folder_and_is_a_regular_one(tmp_path: Path) -> None:
    """Whoever owns a folder on the way must not choose what root appends to."""
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    for place in (tmp_path / "linked" / "pages", tmp_path / "fifo"):
        outcome = File("f", place).deliver(page())
        assert isinstance(outcome, NotSent), place
        assert str(place) in outcome.why
    os.close(reader)
    assert not list((tmp_path / "real").iterdir())


@pytest.mark.filterwarnings("ignore:subprocess:ResourceWarning")  # it is left to itself, as it must be
def test_a_program_that_has_become_somebody_else_holds_up_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """sudo and its like: it cannot be killed, and is not waited for."""

    def refused(group: int, _: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    real = os.killpg
    groups: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda group, number: (groups.append(group), refused(group, number)))
    began = time.monotonic()
    outcome = Command("exec:sleep", ("/bin/sleep", "20"), 0.2).deliver(page())
    real(groups[0], 9)
    assert time.monotonic() - began < 15
    assert isinstance(outcome, NotSent)
    assert "did not end" in outcome.why
