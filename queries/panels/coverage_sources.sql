-- title: Reach of the sources
-- question: From when to when has each source recorded anything at all?
-- parameters: none
select s.name as source, s.type, s.state, s.reason, epoch(e.first) as first, epoch(e.last) as last
from sources s left join (select source, min(ts) as first, max(ts) as last from events group by source) e on e.source = s.name
order by s.name
