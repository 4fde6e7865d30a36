-- title: Earlier events
-- question: What happened just before an event?
-- parameters: $before integer event number to look back from
--   $limit integer = 200 how many events
with s as (
  select v.event_id,
    arg_max(a.level, list_position(['informational', 'low', 'medium', 'high', 'critical'], a.level)) as severity
  from alert_evidence v join alerts a using (alert_id)
  where a.state <> 'suppressed' and v.event_id >= $before - $limit and v.event_id < $before
  group by v.event_id
)
select e.event_id, epoch(e.ts) as ts, e.action, e.outcome, coalesce(e.user_name, 'auid ' || e.auid) as user_name, e.src_ip, e.process, e.path, e.dataset, e.role,
  e.allowed, e.reason, s.severity
from events e left join s using (event_id)
where e.event_id >= $before - $limit and e.event_id < $before
order by e.event_id
