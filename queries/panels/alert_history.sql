-- title: History of an alert
-- question: Who changed it, when, from what to what, and why?
-- parameters: $alert_id integer number of the alert
select epoch(ts) as ts, operator, verb, detail, reason, outcome
from actions
where subject = $alert_id::varchar
  and verb in ('acknowledge', 'contain', 'close', 'reopen', 'assign', 'note', 'new', 'acknowledged', 'contained', 'closed')
order by action_id
