-- title: Sessions
-- question: Who logged in, from where, until when, and what happened in each session, the newest first?
-- parameters: $since timestamp = -7d start of the window
--   $until timestamp = now end of the window
--   $user text = null only this user; unattributed = what no login stands behind
--   $open boolean = false only sessions that no record has ended
with e as (
  select event_id, source, session_id, ts, action, outcome, dataset, allowed, host, tty, src_ip, auid, user_name
  from events where ts >= $since and ts < $until
), placed as (
  select e.*, s.opened from e asof left join sessions s
    on e.source = s.source and e.session_id = s.session_id and e.ts >= s.opened
), judged as (
  select event_id, count(distinct alert_id) as alerts, list(distinct alert_id) as ids from alert_evidence
  where event_id in (select event_id from e) group by event_id
), counted as (
  select source, session_id, opened, if(session_id is null, auid, null) as loose_auid, min(ts) as first_ts, max(ts) as last_ts, count(*) as events,
    count(*) filter (dataset is not null and action = 'read' and outcome = 'success') as reads,
    count(*) filter (dataset is not null and outcome = 'success'
      and action in ('write', 'create', 'delete', 'rename', 'truncate', 'link', 'chmod', 'chown', 'setattr')) as writes,
    list_sort(list(distinct dataset) filter (dataset is not null)) as datasets,
    count(*) filter (dataset is not null and outcome = 'success' and allowed is false) as forbidden,
    count(*) filter (dataset is not null and outcome = 'failure') as denied,
    len(list_distinct(flatten(coalesce(list(j.ids) filter (j.ids is not null), [])))) as alerts,
    any_value(host) as host, any_value(tty) as tty, if(session_id is null, null, any_value(src_ip)) as src_ip,
    any_value(auid) as auid, any_value(user_name) as user_name
  from placed left join judged j using (event_id) group by source, session_id, opened, loose_auid
), became as (
  select w.source, w.session_id, s.opened, if(w.session_id is null, w.auid, null) as loose_auid, list({
      'ts': epoch(w.ts), 'program': w.program, 'from_user': w.from_user, 'to_user': w.to_user, 'command': w.command, 'outcome': w.outcome
    } order by w.ts) as switches
  from switches w asof left join sessions s on w.source = s.source and w.session_id = s.session_id and w.ts >= s.opened
  where w.ts >= $since and w.ts < $until group by w.source, w.session_id, s.opened, loose_auid
), known as (
  select s.source, s.session_id, s.opened, coalesce(s.host, c.host) as host, s.auid, s.user_name, s.src_ip, coalesce(s.tty, c.tty) as tty,
    s.program, s.key_fingerprint, s.ended, s.end_reason, c.first_ts, c.last_ts, c.events, c.reads, c.writes, c.datasets, c.forbidden,
    c.denied, c.alerts
  from sessions s left join counted c on c.source = s.source and c.session_id = s.session_id and c.opened = s.opened
  where s.opened < $until and (c.events is not null or s.opened >= $since or ($open and s.ended is null))
  union all
  select source, session_id, null, host, auid, user_name, src_ip, tty, null, null, null, null, first_ts, last_ts, events, reads, writes, datasets,
    forbidden, denied, alerts
  from counted where opened is null and (session_id is not null or len(coalesce(datasets, [])) > 0)
)
select k.source, k.host, k.session_id, coalesce(k.user_name, case when k.auid is null then 'unattributed' else 'auid ' || k.auid end) as user_name,
  k.auid, a.kind as account, k.src_ip, k.tty, k.program, epoch(k.opened) as opened, epoch(k.ended) as ended,
  case when k.session_id is null then 'no session' when k.opened is null then 'no login record' when k.ended is null then 'open'
    else k.end_reason end as state,
  k.key_fingerprint, coalesce(b.switches, []) as switches, coalesce(k.datasets, []) as datasets, coalesce(k.events, 0) as events, coalesce(k.reads, 0) as reads, coalesce(k.writes, 0) as writes,
  coalesce(k.forbidden, 0) as forbidden, coalesce(k.denied, 0) as denied, coalesce(k.alerts, 0) as alerts, epoch(k.first_ts) as first_ts, epoch(k.last_ts) as last_ts
from known k left join accounts a on a.user_name = k.user_name
  left join became b on b.source = k.source and b.session_id is not distinct from k.session_id and b.opened is not distinct from k.opened
    and (k.session_id is not null or b.loose_auid is not distinct from k.auid)
where ($user is null or $user = k.user_name or ($user = 'unattributed' and k.auid is null))
  and (not $open or (k.ended is null and k.session_id is not null))
order by coalesce(k.opened, k.first_ts) desc, k.session_id desc
