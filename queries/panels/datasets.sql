-- title: Datasets
-- question: What is guarded, and how does each dataset stand? Integrity is judged as in the query integrity.
-- parameters: $now timestamp = now what ages count from
with enc as (
  select dataset, arg_min(state, list_position(['fail', 'unknown', 'warn', 'pass', 'n/a'], state)) as encryption
  from findings
  where kind like 'ENC%'
  group by dataset
), f as (
  select dataset, count(*) filter (verdict in ('changed', 'missing')) as bad,
    count(*) filter (verdict in ('unreadable', 'not checked', 'changed during read')) as unknown,
    count(*) filter (verdict = 'extra' or (verdict = 'ok' and checked < $now - interval 7 day)) as old_or_extra
  from files
  where current is not false
  group by dataset
), v as (
  select dataset, arg_max(detail, finished) filter (state = 'done') as problems from verifications group by dataset
), a as (
  select dataset, count(*) as open_alerts from alerts where state not in ('closed', 'suppressed') group by dataset
), g as (
  select dataset, count(*) as roles from grants group by dataset
)
select d.dataset, d.kind, d.path, d.owner, coalesce(enc.encryption, 'unknown') as encryption,
  case when f.bad > 0 then 'fail' when f.dataset is null or f.unknown > 0 or v.problems <> '' then 'unknown'
    when f.old_or_extra > 0 then 'warn' else 'pass' end as integrity,
  coalesce(a.open_alerts, 0) as open_alerts, d.quarantined, coalesce(g.roles, 0) as roles, d.frameworks, d.purpose, d.irb_id,
  d.irb_expires::varchar as irb_expires, d.duo, d.consent_expires::varchar as consent_expires
from datasets d left join enc using (dataset) left join f using (dataset) left join v using (dataset) left join a using (dataset) left join g using (dataset)
order by d.dataset
