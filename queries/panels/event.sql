-- title: One event
-- question: Everything that is known of an event, except its raw lines.
-- parameters: $event_id integer number of the event
select * replace (epoch(ts) as ts)
from events
where event_id = $event_id
