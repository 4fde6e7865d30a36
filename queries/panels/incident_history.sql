-- title: History of an incident
-- question: Who said what on its alerts, oldest first?
-- parameters: $incident integer number of the incident
select epoch(ts) as ts, operator, uid, verb, subject, detail, reason
from actions
where subject in (select alert_id::varchar from alerts where incident_id = $incident)
  and verb in ('acknowledge', 'contain', 'close', 'reopen', 'assign', 'note', 'acknowledged', 'contained', 'closed')
order by action_id
