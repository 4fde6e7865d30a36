-- title: Files of a dataset
-- question: Which files are as the manifest says, and which are not?
-- parameters: $dataset text dataset id
--   $verdict text = null one verdict, or `not ok` for all but the good
select path, verdict, size, algorithm, expected, actual, epoch(checked) as checked, detail
from files
where dataset = $dataset and current is not false
  and case when $verdict is null then true when $verdict = 'not ok' then verdict <> 'ok' else verdict = $verdict end
order by list_position(['changed', 'missing', 'unreadable', 'changed during read', 'extra', 'not checked', 'ok'], verdict), path
