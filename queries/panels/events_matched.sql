-- title: Matching events
-- question: How many events of a window of event numbers match the filter?
-- parameters: $first integer lowest event number
--   $last integer highest event number
select count(*) as matched
from events
where event_id between $first and $last /* filter */
