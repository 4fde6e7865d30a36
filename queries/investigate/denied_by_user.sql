-- title: Refused and not allowed
-- question: Who was refused by the system, or did what policy does not allow, in a window?
-- parameters: $since timestamp = -7d start of the window
--   $until timestamp = now end of the window
select coalesce(user_name, 'unattributed') as actor, dataset, action, count(*) filter (outcome = 'failure') as refused,
  count(*) filter (allowed = false and outcome = 'success') as done_without_grant, count(distinct path) as files,
  any_value(reason) as reason, min(ts) as first, max(ts) as last
from events
where ts >= $since and ts < $until and (outcome = 'failure' or allowed = false)
group by coalesce(user_name, 'unattributed'), dataset, action
order by done_without_grant desc, refused desc, actor, dataset
