-- title: Programs on a dataset
-- question: With which programs and command lines was a dataset touched in a window?
-- parameters: $dataset text dataset id
--   $since timestamp = -7d start of the window
--   $until timestamp = now end of the window
select exe, command_line, count(*) as times, count(distinct path) as files, string_agg(distinct user_name, ' ') as actors,
  min(ts) as first, max(ts) as last
from events
where ts >= $since and ts < $until and dataset = $dataset
group by exe, command_line
order by times desc, exe, command_line
