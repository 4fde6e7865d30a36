-- title: Datasets
-- question: What is guarded, and how does each dataset stand?
with enc as (
  select dataset, arg_min(state, list_position(['fail', 'unknown', 'warn', 'pass', 'n/a'], state)) as encryption
  from findings
  where kind like 'ENC%'
  group by dataset
), f as (
  select dataset, count(*) filter (verdict in ('changed', 'missing')) as bad,
    count(*) filter (verdict in ('unreadable', 'not checked', 'changed during read')) as unknown,
    count(*) filter (verdict = 'extra') as extra
  from files
  where current is not false
  group by dataset
), a as (
  select dataset, count(*) as open_alerts from alerts where state not in ('closed', 'suppressed') group by dataset
), g as (
  select dataset, count(*) as roles from grants group by dataset
)
select d.dataset, d.kind, d.path, d.owner, coalesce(enc.encryption, 'unknown') as encryption,
  case when f.bad > 0 then 'fail' when f.dataset is null or f.unknown > 0 then 'unknown' when f.extra > 0 then 'warn' else 'pass'
  end as integrity,
  coalesce(a.open_alerts, 0) as open_alerts, d.quarantined, coalesce(g.roles, 0) as roles, d.frameworks, d.purpose, d.irb_id,
  d.irb_expires::varchar as irb_expires, d.duo, d.consent_expires::varchar as consent_expires
from datasets d left join enc using (dataset) left join f using (dataset) left join a using (dataset) left join g using (dataset)
order by d.dataset
