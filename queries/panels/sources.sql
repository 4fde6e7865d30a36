-- title: Sources
-- question: Where do events come from, how far has each source been read, and what became of every line?
select name, type, path, state, reason, read, records - duplicates - unparsed as stored, duplicates, declared,
  unparsed - parts as unparsed, held, read - (records - parts) - declared - held as balance, records, events, bytes,
  resume_offset as "offset", size, epoch(last_ts) as last_ts
from sources
order by list_position(['failed', 'waiting', 'live', 'done'], state), name
