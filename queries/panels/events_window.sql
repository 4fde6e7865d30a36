-- title: Access events
-- question: Who did what to which file, in a window of event numbers?
-- parameters: $first integer lowest event number
--   $last integer highest event number
--   $limit integer = 200 the newest so many rows of it
with e as (
  select * from events
  where event_id between $first and $last /* filter */
  order by event_id desc
  limit $limit
), s as (
  select v.event_id,
    arg_max(a.level, list_position(['informational', 'low', 'medium', 'high', 'critical'], a.level)) as severity
  from alert_evidence v join alerts a using (alert_id)
  where a.state <> 'suppressed' and v.event_id between $first and $last
  group by v.event_id
)
select e.event_id, epoch(e.ts) as ts, e.action, e.outcome, coalesce(e.user_name, 'auid ' || e.auid) as user_name, e.src_ip, e.process, e.path, e.dataset, e.role,
  e.allowed, e.reason, s.severity
from e left join s using (event_id)
order by e.event_id
