-- title: Alerts
-- question: What did the rules raise, the most urgent first?
-- parameters: $state text = open `open` (neither closed nor suppressed), `all`, or one state
--   $incident integer = null only those of this incident
select alert_id, level, state, epoch(last_ts) as last_ts, epoch(first_ts) as first_ts, rule_title, actor, dataset, src_ip,
  count, measure, summary, risk, incident_id, owner, verdict, suppressed_by, rule_id
from alerts
where case $state when 'all' then true when 'open' then state not in ('closed', 'suppressed') else state = $state end
  and ($incident is null or incident_id = $incident)
order by list_position(['critical', 'high', 'medium', 'low', 'informational'], level), alerts.last_ts desc, alert_id desc
