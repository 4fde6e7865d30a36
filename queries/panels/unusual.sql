-- title: Usual and unusual hours
-- question: Which hours of a person on a dataset stand out from the same hours of the weeks before, and from what?
--   Compared with the busiest hour of the same two-hour band of the site's week in each of the 13 weeks before;
--   unknown while fewer than four weeks are known. score: distance from the median in robust deviations.
-- parameters: $since timestamp = -7d start of the window
--   $until timestamp = now end of the window
--   $user text = null only this person
--   $dataset text = null only this dataset
with firsts as (
  select user_name, dataset, min(hour) as first from activity group by all
), candidates as (
  select row_number() over () as id, a.*, f.first, least(13, floor(date_diff('hour', f.first, a.hour) / 168)) as weeks
  from activity a join firsts f on f.user_name = a.user_name and f.dataset is not distinct from a.dataset
  where a.hour >= $since and a.hour < $until and ($user is null or a.user_name = $user)
    and ($dataset is null or a.dataset = $dataset) and (a.files >= 20 or a.bytes >= 1000000000 or a.datasets >= 3 or a.exes >= 5)
), weekly as (
  select c.id, w.week, coalesce(max(p.files), 0) as files, coalesce(max(p.bytes), 0) as bytes,
    coalesce(max(p.datasets), 0) as datasets, coalesce(max(p.exes), 0) as exes
  from candidates c cross join (select unnest(range(1, 14)) as week) w
  left join activity p on p.user_name = c.user_name and p.dataset is not distinct from c.dataset and p.slot = c.slot
    and abs(date_diff('hour', p.hour, c.hour) - 168 * w.week) <= 3
  where w.week <= c.weeks
  group by all
), observed as (
  unpivot weekly on files, bytes, datasets, exes into name measure value seen
), centres as (
  select id, measure, median(seen) as median, quantile_cont(seen, 0.9) as high from observed group by all
), spreads as (
  select o.id, o.measure, median(abs(o.seen - c.median)) as mad
  from observed o join centres c using (id, measure) group by all
), measured as (
  unpivot (select id, user_name, dataset, hour, slot, weeks, files, bytes, datasets, exes from candidates)
  on files, bytes, datasets, exes into name measure value value
), scored as (
  select m.*, median, high, mad,
    (value - median) / greatest(1.4826 * mad, 0.25 * median, if(measure = 'bytes', 100000000, 1)) as score
  from measured m left join centres using (id, measure) left join spreads using (id, measure)
  where value >= case measure when 'files' then 20 when 'bytes' then 1000000000 when 'datasets' then 3 else 5 end
    and (measure <> 'datasets' or dataset is null)
)
select hour, user_name, dataset, measure, value, median, mad, cast(weeks as bigint) as weeks, round(score, 1) as score,
  case when weeks < 4 then 'unknown: ' || cast(weeks as bigint) || ' of 4 weeks'
       when score >= 6 and value > high then 'unusual' else 'usual' end as verdict, slot
from scored
order by verdict <> 'unusual', hour desc, user_name, dataset, measure
