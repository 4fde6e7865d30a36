-- title: What did this person touch?
-- question: Which datasets and files did a login user read or write in a window, how often, from where and with what?
-- parameters: $actor text login name
--   $since timestamp = -24h start of the window
--   $until timestamp = now end of the window
select dataset, path, action, count(*) as times, count(*) filter (outcome = 'failure') as refused, min(ts) as first, max(ts) as last,
  string_agg(distinct src_ip, ' ') as addresses, string_agg(distinct process, ' ') as programs, bool_and(allowed) as all_allowed
from events
where ts >= $since and ts < $until and user_name = $actor and path is not null
group by dataset, path, action
order by dataset nulls last, first, path
