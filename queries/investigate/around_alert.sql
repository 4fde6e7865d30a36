-- title: Around an alert
-- question: What else did the actor of an alert do shortly before, during and after it?
-- parameters: $alert_id integer number of the alert
--   $minutes integer = 10 minutes before and after
with a as (
  select actor, first_ts - to_minutes($minutes) as since, last_ts + to_minutes($minutes) as until
  from alerts
  where alert_id = $alert_id
)
select e.event_id, e.ts, e.action, e.outcome, e.user_name, e.src_ip, e.process, e.path, e.dataset, e.allowed, e.reason,
  v.event_id is not null as evidence
from events e join a on coalesce(e.user_name, 'unattributed') = a.actor and e.ts between a.since and a.until
  left join (select distinct event_id from alert_evidence where alert_id = $alert_id) v using (event_id)
order by e.event_id
