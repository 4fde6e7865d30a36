-- title: Counters
-- question: How much was read, how much is missing, how much is open?
select
  (select coalesce(sum(records), 0)::bigint from sources) as records,
  (select coalesce(sum(events), 0)::bigint from sources) as events,
  (select coalesce(sum(unparsed), 0)::bigint from sources) as unparsed,
  (select coalesce(sum(duplicates), 0)::bigint from sources) as duplicates,
  (select count(*) from gaps) as gaps,
  (select coalesce(sum(count), 0)::bigint from gaps where kind in ('kernel_lost', 'serial', 'overflow')) as lost,
  (select count(*) from alerts where state <> 'closed') as alerts_open,
  (select count(*) from alerts) as alerts,
  (select count(*) from sessions) as sessions,
  (select count(*) from checkpoints) as segments
