"""The tables of alerts: what the rules raised, why, from which text, and what operators keep quiet."""

from __future__ import annotations

from seqwatch_tui.store.definition import TEXTS, TIME, ViewDef, table

ALERTS = table(
    "alerts", "What the rules raised; one open alert per rule, actor, dataset and window, folded.", "alert_id",
    ("alert_id", "BIGINT", "Number of the alert in this store."),
    ("rule_id", "VARCHAR", "Id of the rule that raised it."),
    ("rule_title", "VARCHAR", "Title of the rule."),
    ("rule_hash", "VARCHAR", "Hash of the rule's text when it fired."),
    ("level", "VARCHAR", "informational, low, medium, high or critical."),
    ("actor", "VARCHAR", "Login identity, or `unattributed`."),
    ("dataset", "VARCHAR", "Dataset it is about, else null."),
    ("src_ip", "VARCHAR", "Address the actor came from; null = not known."),
    ("first_ts", TIME, "Time of the first event that took part, UTC."),
    ("last_ts", TIME, "Time of the last event so far, UTC."),
    ("count", "BIGINT", "Events that took part so far."),
    ("measure", "BIGINT", "What a correlation compared with its threshold; null for a plain rule."),
    ("summary", "VARCHAR", "One sentence: who did what to which dataset, how much, against what."),
    ("tags", TEXTS, "Tags of the rule, such as attack.t1005."),
    ("state", "VARCHAR", "new, acknowledged, contained, closed or suppressed; who changed it is in actions."),
    ("verdict", "VARCHAR", "Of a closed alert: true, false or expected; else null."),
    ("owner", "VARCHAR", "Operator it is assigned to; null = nobody."),
    ("incident_id", "BIGINT", "Incident it is folded into: the number of its first alert; null = suppressed."),
    ("risk", "INTEGER", "0 to 100; the formula is in docs/alerts.md."),
    ("suppressed_by", "VARCHAR", "Window, job or snooze that keeps it quiet; else null."),
)  # fmt: skip

EVIDENCE = table(
    "alert_evidence", "Which events took part in which alert.", "",
    ("alert_id", "BIGINT", "The alert."),
    ("event_id", "BIGINT", "The event."),
)  # fmt: skip

REASONS = table(
    "alert_reasons", "Why each alert fired, as of that moment.", "alert_id",
    ("alert_id", "BIGINT", "The alert."),
    ("rule_hash", "VARCHAR", "Version of the rule; joins with rule_versions.hash."),
    ("measure", "BIGINT", "What was compared with the threshold; null for a plain rule."),
    ("threshold", "BIGINT", "From which value on the rule fires; null for a plain rule."),
    ("window_seconds", "BIGINT", "Within how many seconds; null for a plain rule."),
    ("counted", "VARCHAR", "What was counted: `events`, or the column of distinct values; null for a plain rule."),
    ("facts", "VARCHAR", "JSON: the newest event that took part, with role, grants, hours and networks in force."),
    ("risk_parts", "VARCHAR", "JSON: what the risk score was made of."),
    ("sql", "VARCHAR", "The statement that shows the alert again in `seqwatch sql`, once {alert_id} is replaced by its number."),
    ("not_seen", "VARCHAR", "JSON: the gaps in the evidence that were known over its window."),
)  # fmt: skip

RULE_VERSIONS = table(
    "rule_versions", "The text of every rule that ever raised an alert, one row per version.", "hash rule_id",
    ("hash", "VARCHAR", "SHA-256 of the rule's file."),
    ("rule_id", "VARCHAR", "Id of the rule."),
    ("title", "VARCHAR", "Its title."),
    ("file", "VARCHAR", "Where it was read from."),
    ("text", "VARCHAR", "The file as read."),
    ("first_used", TIME, "When it first raised an alert, UTC."),
)  # fmt: skip

SNOOZES = table(
    "snoozes", "Alerts an operator asked to keep quiet for a while; each ends by itself.", "snooze_id",
    ("snooze_id", "BIGINT", "Number of the snooze."),
    ("rule_id", "VARCHAR", "Only this rule; null = any."),
    ("actor", "VARCHAR", "Only this actor; null = any."),
    ("dataset", "VARCHAR", "Only this dataset; null = any, empty = events outside every dataset."),
    ("begins", TIME, "Events from then on are kept quiet, UTC."),
    ("ends", TIME, "Events up to then; earlier than asked when it was cancelled, UTC."),
    ("operator", "VARCHAR", "Who asked for it."),
    ("uid", "BIGINT", "Uid of the peer that asked."),
    ("reason", "VARCHAR", "Reason given."),
    ("cancelled_by", "VARCHAR", "Who ended it early; null = nobody."),
)  # fmt: skip

_INCIDENT_SELECT = """
select incident_id, arg_min(actor, alert_id) as actor, arg_min(dataset, alert_id) as dataset, min(first_ts) as first_ts,
  max(last_ts) as last_ts, count(*) as alerts, count(*) filter (state <> 'closed') as open, sum(count)::bigint as events,
  arg_max(level, list_position(['informational', 'low', 'medium', 'high', 'critical'], level)) as level,
  least(100, max(risk) + 2 * (count(distinct rule_id) - 1))::integer as risk,
  case when count(*) filter (state = 'new') > 0 then 'new' when count(*) filter (state = 'acknowledged') > 0
    then 'acknowledged' when count(*) filter (state = 'contained') > 0 then 'contained' else 'closed' end as state,
  arg_max(owner, alert_id) as owner, list_sort(list(distinct rule_id)) as rules
from alerts where incident_id is not null group by incident_id
"""
INCIDENTS = ViewDef(table(
    "incidents", "Alerts of one actor on one dataset that lie close together, while one of them is open.", "",
    ("incident_id", "BIGINT", "Number of its first alert."),
    ("actor", "VARCHAR", "Login identity, or `unattributed`."),
    ("dataset", "VARCHAR", "Dataset it is about, else null."),
    ("first_ts", TIME, "Time of its first event, UTC."),
    ("last_ts", TIME, "Time of its last event so far, UTC."),
    ("alerts", "BIGINT", "Alerts in it."),
    ("open", "BIGINT", "Those that are not closed."),
    ("events", "BIGINT", "Events that took part; one that took part in two alerts counts twice."),
    ("level", "VARCHAR", "Highest level of its alerts."),
    ("risk", "INTEGER", "Highest risk of its alerts, and 2 for each further rule; at most 100."),
    ("state", "VARCHAR", "The least settled state of its alerts: new, acknowledged, contained or closed."),
    ("owner", "VARCHAR", "Owner of its newest alert that has one."),
    ("rules", TEXTS, "Rules that raised its alerts."),
), _INCIDENT_SELECT)  # fmt: skip
