-- title: Outside business hours
-- question: Who touched which dataset outside business hours in a window?
-- parameters: $since timestamp = -7d start of the window
--   $until timestamp = now end of the window
select coalesce(user_name, 'unattributed') as actor, dataset, role, count(*) as times, count(distinct path) as files,
  min(ts) as first, max(ts) as last, string_agg(distinct src_ip, ' ') as addresses
from events
where ts >= $since and ts < $until and business_hours = false and dataset is not null
group by all
order by times desc, actor, dataset
