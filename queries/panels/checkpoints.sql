-- title: Ledger segments
-- question: Which segments are sealed, the newest first?
select segment, events, records, first_event_id, last_event_id, sha256, chain, epoch(sealed) as sealed
from checkpoints
order by segment desc
