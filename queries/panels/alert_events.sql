-- title: Events of an alert
-- question: Which events show it, oldest first?
-- parameters: $alert_id integer number of the alert
--   $limit integer = 500 the newest so many
with v as (
  select event_id from alert_evidence where alert_id = $alert_id order by event_id desc limit $limit
)
select e.event_id, epoch(e.ts) as ts, e.action, e.outcome, coalesce(e.user_name, 'auid ' || e.auid) as user_name, e.src_ip, e.process, e.path, e.dataset, e.role,
  e.allowed, e.reason, a.level as severity
from events e join v using (event_id), alerts a
where a.alert_id = $alert_id
order by e.event_id
