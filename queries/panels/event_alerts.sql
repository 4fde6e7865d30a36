-- title: Alerts of an event
-- question: Which alerts is an event evidence of?
-- parameters: $event_id integer number of the event
select alert_id
from alert_evidence
where event_id = $event_id
order by alert_id
