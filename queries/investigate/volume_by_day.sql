-- title: Volume by day
-- question: How many events, files and bytes did each login user move per dataset and day?
-- parameters: $since timestamp = -30d start of the window
--   $until timestamp = now end of the window
--   $actor text = null only this login user
--   $dataset text = null only this dataset
select ts::date as day, coalesce(user_name, 'unattributed') as actor, dataset, count(*) as times, count(distinct path) as files,
  sum(bytes)::bigint as bytes
from events
where ts >= $since and ts < $until and dataset is not null and ($actor is null or user_name = $actor)
  and ($dataset is null or dataset = $dataset)
group by all
order by day, times desc, actor, dataset
