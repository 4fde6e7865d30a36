-- title: Sessions
-- question: Who logged in, from where, the newest first?
-- parameters: $since timestamp = null only logins after this time
--   $user text = null only this user
select source, session_id, auid, user_name, src_ip, tty, epoch(opened) as opened
from sessions
where ($since is null or sessions.opened >= $since) and ($user is null or user_name = $user)
order by sessions.opened desc, session_id desc
