-- title: Keys
-- question: Which keys are there, how old are they, and is that allowed?
select key_id, kind, owner, datasets, epoch(created) as created, epoch(rotated) as rotated, age_days, age_is_at_least,
  max_age_days, state, detail
from keys
order by list_position(['fail', 'unknown', 'warn', 'pass', 'n/a'], state), age_days desc nulls first, key_id
