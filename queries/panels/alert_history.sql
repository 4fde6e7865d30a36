-- title: History of an alert
-- question: Who changed its state, when and why?
-- parameters: $alert_id integer number of the alert
select epoch(ts) as ts, operator, verb, reason, outcome
from actions
where subject = $alert_id::varchar and verb in ('new', 'acknowledged', 'acknowledge', 'contained', 'contain', 'closed', 'close')
order by action_id
