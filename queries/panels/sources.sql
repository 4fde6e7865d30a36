-- title: Sources
-- question: Where do events come from, and how far has each source been read?
select name, type, path, state, reason, records, events, unparsed, duplicates, bytes, resume_offset as "offset", size,
  epoch(last_ts) as last_ts
from sources
order by list_position(['failed', 'waiting', 'live', 'done'], state), name
