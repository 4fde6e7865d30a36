-- title: Encryption and keys
-- question: Is every dataset encrypted, and is every key young enough?
with worst as (
  select dataset, state, detail, checked,
    row_number() over (
      partition by dataset
      order by list_position(['fail', 'unknown', 'warn', 'pass', 'n/a'], state), kind, subject
    ) as place,
    min(checked) over (partition by dataset) as oldest
  from findings
  where kind like 'ENC%' and dataset is not null
), things as (
  select 'dataset' as kind, d.dataset as id, coalesce(w.state, 'unknown') as state, coalesce(w.detail, 'not checked') as detail,
    null::integer as age_days, null::integer as max_age_days, epoch(w.oldest) as checked
  from datasets d left join worst w on w.dataset = d.dataset and w.place = 1
  union all
  select 'key', key_id, state, detail, age_days, max_age_days, null
  from keys
  union all
  select 'key', subject, state, detail, null, null, epoch(checked)
  from findings
  where kind = 'KEY-00' and state not in ('pass', 'n/a')
)
select kind, id, state, detail, age_days, max_age_days, checked
from things
order by list_position(['fail', 'unknown', 'warn', 'pass', 'n/a'], state), kind, id
