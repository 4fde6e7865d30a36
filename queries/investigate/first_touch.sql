-- title: First touch
-- question: Who touched a dataset in a window for the first time in the time before it?
-- parameters: $since timestamp = -24h start of the window
--   $until timestamp = now end of the window
--   $before timestamp = -90d how far back counts as before
--   $dataset text = null only this dataset
select user_name as actor, dataset, min(ts) as first, count(*) as times, count(distinct path) as files,
  arg_min(src_ip, ts) as address, arg_min(process, ts) as program, bool_and(allowed) as all_allowed
from events
where ts >= $before and ts < $until and dataset is not null and user_name is not null
  and ($dataset is null or dataset = $dataset)
group by user_name, dataset
having min(ts) >= $since
order by first, actor, dataset
