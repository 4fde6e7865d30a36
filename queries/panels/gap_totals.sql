-- title: Gaps by source
-- question: How much is each source known to have missed?
select source, count(*) filter (count is null or count > 0) as gaps,
  coalesce(sum(count) filter (kind in ('kernel_lost', 'serial', 'overflow')), 0)::bigint as lost
from gaps
group by source
order by source
