-- title: What was kept quiet
-- question: Which windows, jobs and snoozes suppressed how many alerts, the latest first?
select suppressed_by, count(*) as alerts, count(*) filter (state = 'suppressed') as still, sum(count)::bigint as events,
  epoch(max(alerts.last_ts)) as last_ts
from alerts
where suppressed_by is not null
group by suppressed_by
order by last_ts desc
