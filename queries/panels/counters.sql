-- title: Counters
-- question: How much was read, how much is missing, how much is open?
select s.records, s.events, s.unparsed, s.duplicates, g.gaps, g.lost, a.alerts_open, a.alerts, n.sessions, c.segments
from (
  select coalesce(sum(records), 0)::bigint as records, coalesce(sum(events), 0)::bigint as events,
    coalesce(sum(unparsed), 0)::bigint as unparsed, coalesce(sum(duplicates), 0)::bigint as duplicates
  from sources
) s, (
  select count(*) filter (count is null or count > 0) as gaps,
    coalesce(sum(count) filter (kind in ('kernel_lost', 'serial', 'overflow')), 0)::bigint as lost
  from gaps
) g, (
  select count(*) filter (state not in ('closed', 'suppressed')) as alerts_open, count(*) as alerts from alerts
) a, (
  select count(*) as sessions from sessions
) n, (
  select count(*) as segments from checkpoints
) c
