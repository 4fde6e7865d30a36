-- title: Alerts of an incident
-- question: What was raised in the course of it, oldest first?
-- parameters: $incident integer number of the incident
select alert_id, level, risk, state, epoch(first_ts) as first_ts, epoch(last_ts) as last_ts, rule_id, rule_title, count, summary
from alerts
where incident_id = $incident
order by alerts.first_ts, alert_id
