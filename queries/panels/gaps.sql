-- title: Gaps
-- question: What was not seen, the newest first?
-- parameters: $since timestamp = null only gaps that reach past this time
--   $until timestamp = null only gaps that begin before this time
--   $source text = null only this source
select gap_id, source, kind, epoch(first_ts) as first_ts, epoch(last_ts) as last_ts, count, certainty, detail
from gaps
where ($since is null or gaps.last_ts >= $since) and ($until is null or gaps.first_ts <= $until)
  and ($source is null or source = $source)
order by gaps.last_ts desc, gap_id desc
