-- title: Who touched this dataset?
-- question: Which login users touched a dataset in a window, in what role, how many files, and was it allowed?
-- parameters: $dataset text dataset id
--   $since timestamp = -30d start of the window
--   $until timestamp = now end of the window
select coalesce(user_name, 'unattributed') as actor, role, action, outcome, allowed, count(*) as times,
  count(distinct path) as files, sum(bytes)::bigint as bytes, min(ts) as first, max(ts) as last,
  string_agg(distinct src_ip, ' ') as addresses
from events
where ts >= $since and ts < $until and dataset = $dataset
group by all
order by allowed nulls last, times desc, actor, action
