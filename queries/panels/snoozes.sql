-- title: Snoozes
-- question: What do operators keep quiet, until when, and how much was it so far?
-- parameters: $now timestamp = -0s the moment that counts as now
--   $state text = live `live` or `all`
select s.snooze_id, s.ends > $now and s.begins <= $now as live, s.rule_id, s.actor, s.dataset, epoch(s.begins) as begins,
  epoch(s.ends) as ends, s.operator, s.reason, s.cancelled_by, count(a.alert_id) as alerts,
  coalesce(sum(a.count), 0)::bigint as events
from snoozes s left join alerts a on a.suppressed_by = 'snooze ' || s.snooze_id
where $state = 'all' or s.ends > $now
group by all
order by 2 desc, 7, 1
