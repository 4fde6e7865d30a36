-- title: What was not seen
-- question: How complete is the evidence of a window: which gaps touch it, and what did each source store?
-- parameters: $since timestamp = -24h start of the window
--   $until timestamp = now end of the window
select source, kind, greatest(first_ts, $since) as first, least(last_ts, $until) as last, count, certainty, detail
from gaps
where last_ts >= $since and first_ts < $until
union all
select source, 'seen', min(ts), max(ts), count(*), 'exact', count(*) filter (not complete) || ' of them incomplete'
from events
where ts >= $since and ts < $until
group by source
order by first, source, kind
