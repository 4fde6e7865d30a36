-- title: Seen of a dataset
-- question: What did each source record in a window, and what of it about one dataset?
-- parameters: $dataset text dataset id
--   $since timestamp = -24h start of the window
--   $until timestamp = now end of the window
select source, count(*) as events, epoch(min(ts)) as first, epoch(max(ts)) as last,
  count(*) filter (dataset = $dataset) as on_dataset,
  epoch(min(ts) filter (dataset = $dataset)) as first_on_dataset, epoch(max(ts) filter (dataset = $dataset)) as last_on_dataset,
  count(*) filter (dataset = $dataset and action = 'read' and outcome = 'success') as reads,
  count(*) filter (dataset = $dataset and auid is null and user_name is null
    and not starts_with(coalesce(reason, ''), '[seqwatch]')) as unattributed,
  count(*) filter (dataset is null and outcome = 'success' and not starts_with(coalesce(reason, ''), '[seqwatch]')
    and regexp_matches(coalesce(warnings, ''), '(^|;)(dirfd|nocwd|unnamed)(;|$)')) as unresolved,
  count(*) filter (starts_with(syscall, 'io_uring:')) as io_uring
from events
where ts >= $since and ts < $until
group by source
order by source
