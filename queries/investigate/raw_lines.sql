-- title: Raw lines of an event
-- question: What did the source say, word for word?
-- parameters: $event_id integer number of the event
select seq, type, raw, position
from records
where event_id = $event_id
order by seq
