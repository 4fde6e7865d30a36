-- title: Integrity
-- question: Is every dataset what its manifest says, and when was that last looked at? After a week, ok is not checked.
-- parameters: $now timestamp = now what ages count from
with f as (
  select dataset,
    count(*) filter (verdict = 'ok' and checked >= $now - interval 7 day) as ok,
    count(*) filter (verdict = 'ok' and checked < $now - interval 7 day) as aged,
    count(*) filter (verdict = 'changed') as changed,
    count(*) filter (verdict = 'missing') as missing,
    count(*) filter (verdict = 'extra') as extra,
    count(*) filter (verdict = 'unreadable') as unreadable,
    count(*) filter (verdict in ('not checked', 'changed during read')) as not_checked,
    max(checked) as checked
  from files
  where current is not false
  group by dataset
), v as (
  select dataset, max(finished) filter (state = 'done') as finished,
    arg_max(detail, finished) filter (state = 'done') as problems,
    arg_max(verification_id, started) filter (state in ('running', 'paused')) as job
  from verifications
  group by dataset
)
select d.dataset,
  case
    when f.changed + f.missing > 0 then 'fail'
    when f.dataset is null or f.unreadable + f.not_checked > 0 or v.problems <> '' then 'unknown'
    when f.extra + f.aged > 0 then 'warn'
    else 'pass'
  end as state,
  coalesce(f.ok, 0) as ok, coalesce(f.changed, 0) as changed, coalesce(f.missing, 0) as missing,
  coalesce(f.extra, 0) as extra, coalesce(f.unreadable, 0) as unreadable, coalesce(f.not_checked + f.aged, 0) as not_checked,
  epoch(coalesce(v.finished, f.checked)) as checked, v.job
from datasets d left join f using (dataset) left join v using (dataset)
order by list_position(['fail', 'unknown', 'warn', 'pass'], state), d.dataset
