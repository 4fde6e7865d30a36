"""An engine for tests: answers docs/api.md on a Unix socket with scripted data, some of it hostile.

`python -m tests.console.fake_engine SOCKET [RATE]` serves until it is stopped, as if RATE events a second arrived.
"""

# ruff: noqa: E501
from __future__ import annotations

import fnmatch
import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from urllib.parse import parse_qs, unquote, urlsplit

START = 1_795_345_000.0  # 2026-11-22 10:56:40 UTC
HOSTILE = (
    "/data/seq/wgs-cohort-a/\x1b]0;pwn\x07esc.bam",
    "/data/seq/wgs-cohort-a/\x1b]52;c;cHdu\x1b\\clip.bam",
    "/data/seq/wgs-cohort-a/\x1b[2Jclear.bam",
    "/data/seq/wgs-cohort-a/\x9b2J\x9d0;c1\x9c.bam",
    "/data/seq/wgs-cohort-a/\u202egnp.mab\u2067bidi",
    "/data/seq/wgs-cohort-a/[red]mm[/] [/x] a[/]b [@click=app.quit]c[/]",
    "/data/seq/wgs-cohort-a/new\nline\rand\ttab\x00nul\x7fdel\x85nel\u2028ls",
    "/data/seq/wgs-cohort-a/surrogate\udcff\udc9b.bam",
    "/data/seq/wgs-cohort-a/" + "long" * 1024 + ".bam",
    "/data/seq/wgs-cohort-a/漢字-\U0001f468\u200d\U0001f469-e\u0301\u0301\u0301.bam",
)
USERS = ("bioinf1", "svc_lims", "svc_qc", "auditor1", "jlee")
DATASETS = ("wgs-cohort-a", "wes-panel-b", "run-240117")
EVENT_COLUMNS = [
    "event_id", "ts", "action", "outcome", "user_name", "src_ip", "process", "path", "dataset", "role", "allowed", "reason",
    "severity",
]  # fmt: skip
ALERT_COLUMNS = [
    "alert_id", "level", "state", "last_ts", "first_ts", "rule_title", "actor", "dataset", "src_ip", "count", "measure",
    "summary", "risk", "incident_id", "owner", "verdict", "suppressed_by", "rule_id",
]  # fmt: skip
RULES = ("bulk-read", "access-without-grant", "outside-business-hours", "permission-change")
SHORT = {"user": "user_name", "ip": "src_ip"}


class Bad(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, error: str, hint: str = "") -> None:
        super().__init__(error)
        self.status, self.body = status, {"error": error, "hint": hint}


class Site:
    """The scripted site: `rate` events a second since `began`, `count` before that."""

    def __init__(self, rate: float = 0.0, count: int = 400, *, hostile: bool = False, role: str = "approver") -> None:
        self.rate, self.count, self.hostile, self.role = rate, count, hostile, role
        self.began = time.monotonic()
        self.alert_states: dict[int, str] = {}
        self.owners: dict[int, str | None] = {}
        self.snoozes: list[dict] = []
        self.quarantined: list[str] = []
        self.jobs: dict[str, dict] = {}
        self.requests: list[tuple[str, str]] = []
        self.posts: list[tuple[str, dict]] = []
        self.changed = 1
        """Files of wes-panel-b that the last verification found changed."""
        self.missing: set[str] = set()
        """First parts of paths that are answered with 503."""
        self.read_only = False
        self.delay = 0.0
        self.held = threading.Event()
        """Nothing is answered while this is not set."""
        self.held.set()
        self.scripted: dict | None = None
        """What every query is answered, instead of events."""
        self.lost = 0
        self.off = 0
        """Lines of every source that are accounted for nowhere."""

    def total(self) -> int:
        return self.count + int(self.rate * (time.monotonic() - self.began))

    def now(self) -> float:
        return START + (time.monotonic() - self.began)

    def time_of(self, number: int) -> float:
        if number <= self.count:
            return START - (self.count - number) * 0.25
        return START + (number - self.count) / max(self.rate, 0.001)

    def event(self, number: int) -> list:
        user = USERS[number * 7 % len(USERS)] if number % 11 else "jlee"
        dataset = DATASETS[number // 40 % 3]
        sample = number * 37 % 9999
        path = f"/data/seq/{dataset}/S{sample:04}/S{sample:04}.{('cram', 'vcf.gz', 'fastq.gz')[number % 3]}"
        if self.hostile and number % 2:
            path = HOSTILE[number // 2 % len(HOSTILE)]
        allowed = None if number % 23 == 5 else user != "jlee"
        outcome = "failure" if number % 17 == 3 else "success"
        severity = {0: "critical", 1: "medium"}.get(number % 29) if allowed is False else None
        reason = "role bioinformatician may read" if allowed else "no role of jlee grants read on " + dataset
        if allowed is None:
            reason = "no policy covers this path"
        return [
            number, self.time_of(number), ("read", "open", "write", "rename")[number % 7 % 4], outcome,
            None if number % 31 == 7 else user, f"10.20.0.{number % 9 + 4}" if user != "jlee" else "10.9.4.77",
            ("samtools", "bcftools", "rsync", "md5sum")[number % 4], path, dataset,
            "bioinformatician" if allowed else None, allowed, reason, severity,
        ]  # fmt: skip

    def alerts(self) -> list[list]:
        rows = [
            ["critical", "Bulk read by a role without bulk use", "jlee", "wgs-cohort-a", "10.9.4.77", 612, 131,
             "jlee read 131 distinct files of wgs-cohort-a in 60 s; the threshold is 40 and no role of jlee has bulk"],
            ["high", "Access without a grant", "jlee", "wes-panel-b", "10.9.4.77", 48, None,
             "jlee read wes-panel-b; no role of jlee grants read"],
            ["medium", "Access outside business hours", "bioinf1", "run-240117", "10.20.0.7", 9, None,
             "bioinf1 wrote run-240117 at 03:04, outside mon-fri 07:00-19:00"],
            ["low", "Permission or ownership change", "svc_lims", "wgs-cohort-a", None, 2, None,
             "svc_lims changed the mode of 2 files of wgs-cohort-a"],
        ]  # fmt: skip
        if self.hostile:
            rows[1][1], rows[2][7] = "title \x1b]0;pwn\x07[/x]", HOSTILE[0] + HOSTILE[4]
        return [
            [
                i + 1,
                row[0],
                self.alert_states.get(i + 1, "new"),
                START - 60 * i,
                START - 60 * i - 240,
                *row[1:],
                (100, 75, 40, 25)[i],
                (1, 2, 3, 4)[i],
                self.owners.get(i + 1),
                None,
                None,
                RULES[i],
            ]
            for i, row in enumerate(rows)
        ]

    def panels(self) -> dict:
        alerts = sorted(self.alerts(), key=lambda row: row[2] != "new")
        day = 86400
        encryption = [
            ["key", "kek-2025a", "fail", "412 days old, the policy allows 365; rotate it", 412, 365, START - 60],
            ["dataset", "wes-panel-b", "warn", "22 of 1312 files are plaintext beside a Crypt4GH twin", None, None, START],
            ["dataset", "wgs-cohort-a", "pass", "1290 files Crypt4GH, headers read", None, None, START - 60],
            ["dataset", "run-240117", "unknown", "not encrypted as far as this host can see", None, None, START - 60],
            ["key", "kek-2026a", "pass", "12 days old", 12, 365, START - 60],
            ["key", "lims-tls", "unknown", "age not known: the register has no date", None, 365, None],
        ]  # fmt: skip
        integrity = [
            ["wes-panel-b", "fail", 411, self.changed, 0, 0, 0, 3, START - 3600, None],
            ["run-240117", "unknown", 0, 0, 0, 0, 0, 96, None, None],
            ["wgs-cohort-a", "pass", 1312, 0, 0, 0, 0, 0, START - day, None],
        ]
        return {
            "alerts": panel(ALERT_COLUMNS, alerts),
            "encryption": panel(["kind", "id", "state", "detail", "age_days", "max_age_days", "checked"], encryption),
            "integrity": panel(
                [
                    "dataset",
                    "state",
                    "ok",
                    "changed",
                    "missing",
                    "extra",
                    "unreadable",
                    "not_checked",
                    "checked",
                    "job",
                ],
                integrity,
            ),
        }

    def status(self) -> dict:
        total, new = self.total(), sum(row[2] == "new" for row in self.alerts())
        source = {
            "name": "audit", "type": "auditd", "path": "/var/log/audit/audit.log", "state": "live", "reason": "",
            "records": total * 4, "events": total, "unparsed": 0, "duplicates": 0, "gaps": 0, "lost": self.lost,
            "read": total * 4, "stored": total * 4, "declared": 0, "held": 0, "parts": 0, "balance": self.off,
            "offset": total * 700, "size": total * 700, "lag": 0.02, "last_ts": self.now(),
        }  # fmt: skip
        falco = {**source, "name": "falco", "type": "jsonl", "path": "/var/log/falco.jsonl", "state": "failed",
                 "reason": "/var/log/falco.jsonl: permission denied; add the user seqwatch to the group adm"}  # fmt: skip
        verdicts = [
            ("evidence", "warn" if self.lost else "pass", f"{self.lost} lost"),
            ("alerts", "fail" if new else "pass", f"{new} alerts"), ("encryption", "warn", "1 of 3"),
            ("keys", "fail", "2/3"), ("integrity", "unknown", "not checked"),
        ]  # fmt: skip
        return {
            "now": self.now(), "site": "seq-core-1", "host": "seq01", "timezone": "Europe/Berlin", "started": START - 9000,
            "rate": self.rate, "lag": 0.02, "events": total, "newest": total, "lost": self.lost, "unparsed": 0, "gaps": 0,
            "verdicts": [{"name": name, "state": state, "text": text} for name, state, text in verdicts],
            "sources": [source, falco], "jobs": list(self.jobs.values()), "quarantined": self.quarantined, "errors": [],
            "snoozes": len(self.snoozes), "suppressed": 3 * len(self.snoozes),
        }  # fmt: skip

    def events(self, query: dict[str, str], limit: int) -> dict:
        total = self.total()
        after = int(query.get("after") or 0)
        before = int(query.get("before") or total + 1)
        keep = sieve(query.get("filter", ""))
        if not query.get("filter"):
            first = max(after + 1, before - limit, 1)
            rows = [self.event(number) for number in range(first, before)]
            matched = max(before - 1 - after, 0)
        else:
            looked = [self.event(number) for number in range(max(after + 1, before - 2000, 1), before)]
            found = [row for row in looked if keep(dict(zip(EVENT_COLUMNS, row, strict=True)))]
            rows, matched = found[-limit:] if limit else [], len(found)
        answer = panel(EVENT_COLUMNS, rows, matched)
        return {**answer, "newest": total, "matched": matched, "looked_at": min(max(before - 1 - after, 0), 2000)}

    def plan(self, body: dict) -> dict:
        verb, dataset = body["verb"], body["dataset"]
        if verb == "release" and dataset not in self.quarantined:
            raise Bad(409, f"{dataset} is not in quarantine", "quarantine it first")
        return {
            "plan_id": f"{verb}-{dataset}", "verb": verb, "dataset": dataset, "path": f"/data/seq/{dataset}",
            "reason": body["reason"], "operator": "oncall (uid 1000)", "created": self.now(),
            "steps": [
                {"number": 1, "text": f"take read, write and search from everybody on /data/seq/{dataset}",
                 "undo": "put back mode 0750, owner root:bioinf", "path": f"/data/seq/{dataset}", "state": "planned",
                 "detail": ""},
                {"number": 2, "text": "stop processes of jlee that hold files open (pid 4711 rsync)",
                 "undo": "let them go on (SIGCONT)", "path": f"/data/seq/{dataset}", "state": "planned", "detail": ""},
            ],
            "blast_radius": ["rsync (pid 4711) of jlee has 3 files open", "the nightly QC of svc_qc reads this dataset at 02:00"],
            "warnings": ["descriptors that are already open keep reading until their process stops"],
            "command": f"seqwatch {verb} {dataset} --reason '{body['reason']}'",
        }  # fmt: skip

    def carry_out(self, plan_id: str, body: dict) -> dict:
        verb, _, dataset = plan_id.partition("-")
        if body["typed"] != dataset:
            raise Bad(409, "the name typed is not the dataset's", "type it in full")
        (self.quarantined.append if verb == "quarantine" else self.quarantined.remove)(dataset)
        steps = [
            {**step, "state": "done"}
            for step in self.plan({**body, "verb": "quarantine", "dataset": dataset, "reason": "r"})["steps"]
        ]
        return {
            "plan_id": plan_id, "verb": verb, "dataset": dataset, "state": "done", "steps": steps,
            "probe": "open as jlee: EACCES", "proved": "yes", "started": self.now(), "finished": self.now() + 0.4,
        }  # fmt: skip

    def one_event(self, number: int) -> dict:
        if not 1 <= number <= self.total():
            raise Bad(404, f"there is no event {number}")
        event = dict(zip(EVENT_COLUMNS, self.event(number), strict=True))
        raw = f'type=SYSCALL msg=audit({event["ts"]:.3f}:{number}): arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c items=1 ppid=1 pid=4711 auid=1004 uid=1004 comm="{event["process"]}" exe="/usr/bin/{event["process"]}" key="seqwatch"\n'
        path = f"type=PATH msg=audit({event['ts']:.3f}:{number}): item=0 name={event['path']} nametype=NORMAL\n"
        records = [
            {"seq": i, "type": kind, "raw": text, "position": number * 700 + i * 300}
            for i, (kind, text) in enumerate((("SYSCALL", raw), ("PATH", path)))
        ]
        more = {"exe": f"/usr/bin/{event['process']}", "command_line": HOSTILE[0] if self.hostile else "rsync -a x y", "pid": 4711, "errno": None, "complete": True, "warnings": None}  # fmt: skip
        return {"event": {**event, **more}, "records": records, "alerts": [1] if event["severity"] else [], "gaps": []}

    def one_alert(self, number: int) -> dict:
        found = [dict(zip(ALERT_COLUMNS, row, strict=True)) for row in self.alerts() if row[0] == number]
        if not found:
            raise Bad(404, f"there is no alert {number}")
        rows = [self.event(n) for n in range(11, min(self.total(), 900), 11)][:60]
        why = {
            "rule_hash": "3b7c9f", "measure": 40, "threshold": 40, "window_seconds": 60, "counted": "path",
            "facts": {"role": None, "allowed": False, "business_hours": False, "exe": "/usr/bin/rsync",
                      "grants_in_force": {"bioinformatician": ["read"]}, "hours_in_force": "07:00-19:00 Europe/Berlin"},
            "risk_parts": {"level": 75, "dataset": 10, "outside hours": 5, "not allowed": 5},
            "sql": "SELECT event_id, ts FROM events", "not_seen": [],
        }  # fmt: skip
        return {
            "alert": found[0],
            "why": why,
            "incident": [dict(zip(ALERT_COLUMNS, row, strict=True)) for row in self.alerts()[:2]] if number == 1 else [],
            "rule": {"id": "seqwatch-bulk-read", "title": found[0]["rule_title"], "level": found[0]["level"],
                     "description": "Many distinct files of one dataset in a short time,\nby a role that is not granted bulk use.",
                     "tags": ["attack.collection", "attack.t1005"], "false_positives": ["a new pipeline"],
                     "hash": "3b7c9f", "text": "title: Bulk read\ndetection:\n  condition: sel", "sql": "SELECT 1"},
            "events": panel(EVENT_COLUMNS, rows),
            "gaps": [{"source": "audit", "kind": "serial", "start": START - 100, "end": START - 99, "count": 2,
                      "certainty": "exact", "detail": "serials 88-89 are missing"}],
            "history": [],
        }  # fmt: skip

    def sql(self, body: dict) -> dict:
        if self.scripted is not None:
            return self.scripted
        query = body.get("query") or "SELECT * FROM " + body["name"]
        if "slow" in query:
            time.sleep(3)
        if query.startswith("SELEKT *"):
            raise Bad(400, 'Parser Error: syntax error at or near "SELEKT"', f"LINE 1: {query}\n        ^")
        if "FROM" not in query.upper():
            raise Bad(
                400,
                'Parser Error: syntax error at or near "' + query[:20] + '"',
                "the tables are listed by: SHOW TABLES",
            )
        rows = [row[:8] for row in self.events({}, 120)["rows"]]
        return {
            "columns": EVENT_COLUMNS[:8],
            "types": ["BIGINT", "TIMESTAMP", *["VARCHAR"] * 6],
            "rows": rows,
            "cut": True,
            "seconds": 0.0312,
            "gaps": [],
        }

    def verify(self, body: dict) -> dict:
        job = {"id": "v1", "kind": "verify", "dataset": body["dataset"], "state": "running", "done_bytes": 400_000,
               "total_bytes": 1_000_000, "done_files": 4, "total_files": 10, "rate": 1e6, "eta": 12.0, "detail": ""}  # fmt: skip
        self.jobs["v1"] = job
        return {"job": "v1"}

    def job(self, job: str, body: dict) -> dict:
        states = {"pause": "paused", "resume": "running", "cancel": "cancelled"}
        self.jobs[job] = {**self.jobs[job], "state": states[body["do"]]}
        return self.jobs[job]

    def answer(self, verb: str, path: str, query: dict[str, str], body: dict) -> object:
        if self.delay:
            time.sleep(self.delay)
        self.held.wait(30)
        parts = [unquote(part) for part in path.strip("/").split("/")[1:]]
        if parts[0] in self.missing:
            raise Bad(503, f"{parts[0]} cannot be had now.", "Wait a little.")
        if verb == "POST":
            return self.post(parts, body)
        match parts:
            case ["hello"]:
                return {"version": "0.1.0", "site": "seq-core-1", "host": "seq01", "pid": 4242, "uid": 0, "role": self.role,
                        "user": "oncall", "timezone": "Europe/Berlin", "demo": False, "read_only": self.read_only}  # fmt: skip
            case ["status"]:
                return self.status()
            case ["snapshot"]:
                return {
                    "status": self.status(),
                    "panels": {"events": self.events(query, int(query.get("events") or 50)), **self.panels()},
                }
            case ["events"]:
                return self.events(query, int(query.get("limit") or 100))
            case ["events", number]:
                return self.one_event(int(number))
            case ["alerts"]:
                wanted = int(query["incident"])
                found = [row for row in self.alerts() if row[ALERT_COLUMNS.index("incident_id")] == wanted]
                return panel(ALERT_COLUMNS, found)
            case ["alerts", number]:
                return self.one_alert(int(number))
            case ["incidents"]:
                names = [
                    "incident_id",
                    "level",
                    "risk",
                    "state",
                    "actor",
                    "dataset",
                    "alerts",
                    "last_ts",
                    "events",
                    "rules",
                ]
                return panel(names, [[row[0], row[1], 100 - row[0], row[2], row[6], row[7], 1, row[3], row[9], [row[17]]]
                                     for row in self.alerts()])  # fmt: skip
            case ["snoozes"]:
                names = ["snooze_id", "live", "rule_id", "actor", "dataset", "seconds", "reason"]
                return panel(names, [[each.get(name) for name in names] for each in self.snoozes])
            case ["quiet"]:
                return panel(["suppressed_by", "alerts", "events"], [["snooze 1", 3, 120]] if self.snoozes else [])
            case ["rules"]:
                return panel(["id", "title", "level", "raises"], [[name, name.title(), "high", True] for name in RULES])
            case ["datasets", name]:
                return {"dataset": name, "path": f"/data/seq/{name}", "quarantined": name in self.quarantined,
                        "grants": [{"role": "bioinformatician", "operations": ["read"]}], "state": "warn"}  # fmt: skip
            case ["datasets", name, "coverage"]:
                return self.coverage(name)
            case ["sessions"]:
                return self.sessions()
            case ["unusual"]:
                names = [
                    "hour",
                    "user_name",
                    "dataset",
                    "measure",
                    "value",
                    "median",
                    "mad",
                    "weeks",
                    "score",
                    "verdict",
                    "slot",
                    "text",
                ]
                busy = [
                    START,
                    "jlee",
                    "wgs-cohort-a",
                    "bytes",
                    42 * 10**9,
                    3e8,
                    1e8,
                    9,
                    281.4,
                    "unusual",
                    3,
                    "far more than usual",
                ]
                new = [
                    START,
                    "bioinf1",
                    None,
                    "datasets",
                    3,
                    None,
                    None,
                    1,
                    None,
                    "unknown: 1 of 4 weeks",
                    3,
                    "not known yet",
                ]
                return panel(names, [busy, new])
            case ["integrity", name, "files"]:
                rows = [
                    [f"S{n:04}/S{n:04}.cram", "changed" if n <= self.changed else "ok", 1000 * n, None]
                    for n in range(1, 80)
                ]
                if self.hostile:
                    rows[1][0] = HOSTILE[0] + HOSTILE[5]
                return panel(["path", "verdict", "size", "checked"], rows)
            case ["gaps"]:
                return panel(["source", "kind", "start", "end", "count", "certainty", "detail"],
                             [["audit", "serial", START - 100, START - 99, 2, "exact", "serials 88-89 are missing"]])  # fmt: skip
            case ["actions"]:
                return panel(["at", "operator", "verb", "subject", "reason"], [[START, "oncall", "acknowledge", "alert 3", "drill"]])  # fmt: skip
            case ["saved"]:
                return [{"name": name, "title": name, "question": f"What did {name} tell?", "sql": f"SELECT *\nFROM {name}", "parameters": [{"name": "actor", "type": "text", "meaning": "login name", "required": True, "default": None}]} for name in ("reads_by_user", "out_of_hours", "first_touch")]  # fmt: skip
        raise Bad(404, f"there is no {path}")

    def sessions(self) -> dict:
        def switch(program: str, to: str, command: str | None = None, outcome: str = "success") -> dict:
            return {
                "ts": START - 900,
                "program": program,
                "from_user": "mreyes",
                "to_user": to,
                "command": command,
                "outcome": outcome,
            }

        columns = ["source", "host", "session_id", "user_name", "auid", "account", "src_ip", "tty", "program", "opened", "ended", "state",
                   "key_fingerprint", "switches", "datasets", "events", "reads", "writes", "forbidden", "denied", "alerts", "first_ts", "last_ts"]  # fmt: skip
        who = HOSTILE[0] if self.hostile else "mreyes"
        became = [switch("su", "root", outcome="failure"), switch("sudo", "root", "cp /data/seq/x /tmp")]
        return panel(columns, [
            ["audit", "seq01", 4711, who, 1003, None, "10.20.4.17", "pts2", "sshd", START - 1800, None, "open", "SHA256:Q9x", became,
             ["wgs-cohort-a"], 412, 301, 2, 11, 3, 2, START - 1800, START - 60],
            ["audit", "seq01", 4698, "seqoperator", 1007, "shared", "10.20.4.3", None, "sshd", START - 9000, START - 8000, "closed", None,
             [], ["run-240117"], 31, 12, 0, 0, 0, 0, START - 9000, START - 8000],
            ["audit", "seq01", None, "unattributed", None, None, None, None, None, None, None, "no session", None, [switch("sudo", "bob")],
             ["wgs-cohort-a"], 9, 1, 0, 1, 0, 0, START - 7000, START - 60],
        ])  # fmt: skip

    def coverage(self, name: str) -> dict:
        source = {"name": "audit", "type": "auditd", "watched": [[START - 86400, START - 3600]], "on_dataset": 12, "reads": 7,
                  "unattributed": 1, "cannot_see": [HOSTILE[0] if self.hostile else "mapped files", "NFS clients"]}  # fmt: skip
        return {
            "dataset": name, "complete": False, "unseen": [[START - 3600, START]], "sources": [source],
            "verdict": "1 h of 1 d unseen; 412 records known lost; 'nobody else read it' cannot be said",
        }  # fmt: skip

    def say(self, number: int, body: dict) -> dict:
        states = {"acknowledge": "acknowledged", "contain": "contained", "close": "closed", "reopen": "new"}
        if body["do"] in states:
            self.alert_states[number] = states[body["do"]]
        if body["do"] == "assign":
            self.owners[number] = body["owner"]
        return self.one_alert(number)["alert"]

    def backtest(self, body: dict) -> dict:
        if body["rule"] == "nosuch":
            raise Bad(404, "there is no rule 'nosuch'", "`seqwatch rules` lists them")
        judged = {"true": 2, "false": 1, "expected": 0, "open": 1, "suppressed": 0, "none": 0}
        rows = [{"alerts": 4, "events": 120, **judged}]
        return {
            "rule": body["rule"], "title": "Bulk read", "level": "high", "since": START - 90 * 86400, "until": START, "alerts": 4,
            "events": 120, "judged": judged, "days": [{"day": "2026-11-21", **rows[0]}], "actors": [{"actor": "jlee", **rows[0]}],
            "cut": False, "seconds": 0.4, "gaps": 2,
        }  # fmt: skip

    def post(self, parts: list[str], body: dict) -> object:
        self.posts.append(("/".join(parts), body))
        match parts:
            case ["alerts", number]:
                return self.say(int(number), body)
            case ["snoozes"]:
                made = {
                    "snooze_id": len(self.snoozes) + 1,
                    "live": True,
                    "rule_id": None,
                    "actor": None,
                    "dataset": None,
                    **body,
                }
                self.snoozes.append(made)
                return made
            case ["snoozes", number]:
                return self.snoozes.pop(int(number) - 1)
            case ["rules", "backtest"]:
                return {"results": [self.backtest(body)]}
            case ["plans"]:
                return self.plan(body)
            case ["plans", plan_id]:
                return self.carry_out(plan_id, body)
            case ["verify"]:
                return self.verify(body)
            case ["jobs", job]:
                return self.job(job, body)
            case ["sql"]:
                return self.sql(body)
        raise Bad(404, f"nothing to post to at {'/'.join(parts)}")


def panel(columns: list[str], rows: list, total: int | None = None) -> dict:
    total = len(rows) if total is None else total
    return {"columns": columns, "rows": rows, "total": total, "cut": total > len(rows)}


def sieve(words: str):
    """The filter language of docs/api.md, enough of it for tests."""
    tests = []
    for word in words.split():
        negated, plain = word.startswith("!"), word.lstrip("!")
        parts = re.split("([=~])", plain, maxsplit=1)
        if len(parts) == 3 and (SHORT.get(parts[0], parts[0]) not in EVENT_COLUMNS or not parts[2]):
            raise Bad(
                400, f"filter: {word!r} is not understood: there is no field {parts[0]!r}", "user, ip, dataset, ..."
            )
        tests.append((negated, [SHORT.get(parts[0], parts[0]), *parts[1:]]))

    def keep(row: dict) -> bool:
        return all(_holds(row, parts) != negated for negated, parts in tests)

    return keep


def _holds(row: dict, parts: list[str]) -> bool:
    if len(parts) == 1:
        return any(
            parts[0].lower() in str(row[name] or "").lower() for name in ("path", "user_name", "process", "dataset")
        )
    field, operator, value = parts
    if field == "allowed":
        return row["allowed"] is {"yes": True, "no": False}.get(value)
    return fnmatch.fnmatch(str(row[field]), value if operator == "=" else f"*{value}*")


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    request_queue_size = 32
    site: Site

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _serve(self, verb: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.server.site.requests.append((verb, self.path))
        try:
            status, answer = 200, self.server.site.answer(verb, url.path, query, body)
        except Bad as error:
            status, answer = error.status, error.body
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")


class FakeEngine:
    """Serves a site on a socket in a thread; a context manager."""

    def __init__(self, socket: Path, site: Site) -> None:
        self.socket, self.site = socket, site

    def __enter__(self) -> FakeEngine:
        self.socket.unlink(missing_ok=True)
        self._server = _Server(str(self.socket), _Handler)
        self._server.site = self.site
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.socket.unlink(missing_ok=True)


def main() -> None:
    rate = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    with FakeEngine(Path(sys.argv[1]), Site(rate, hostile="hostile" in sys.argv)):
        threading.Event().wait()


if __name__ == "__main__":
    main()
