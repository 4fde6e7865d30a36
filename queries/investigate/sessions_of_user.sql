-- title: Sessions of a person
-- question: When and from where did a login user log in, and what happened in each session?
-- parameters: $actor text login name
--   $since timestamp = -30d start of the window
--   $until timestamp = now end of the window
with s as (
  select source, session_id, opened, src_ip, tty,
    lead(opened) over (partition by source, session_id order by opened) as reused
  from sessions
  where user_name = $actor and opened >= $since and opened < $until
)
select s.opened, s.session_id, s.src_ip, s.tty, count(e.event_id) as events, count(distinct e.path) as files,
  string_agg(distinct e.dataset, ' ') as datasets, max(e.ts) as last
from s left join (
  select * from events where ts >= $since and ts < $until and user_name = $actor
) e on e.source = s.source and e.session_id = s.session_id and e.ts >= s.opened and (s.reused is null or e.ts < s.reused)
group by s.opened, s.session_id, s.src_ip, s.tty
order by s.opened
