-- title: Open alerts
-- question: What needs attention now, the most urgent first?
select alert_id, level, state, epoch(last_ts) as last_ts, epoch(first_ts) as first_ts, rule_title, actor, dataset, src_ip,
  count, measure, summary, risk, incident_id, owner, verdict, suppressed_by, rule_id
from alerts
where state not in ('closed', 'suppressed')
order by list_position(['critical', 'high', 'medium', 'low', 'informational'], level), alerts.last_ts desc, alert_id desc
