-- title: Files changed since
-- question: Which files of the datasets were written, deleted, renamed or given other rights in a window, and by whom?
-- parameters: $since timestamp = -7d start of the window
--   $until timestamp = now end of the window
--   $dataset text = null only this dataset
select e.dataset, e.path, e.action, coalesce(e.user_name, 'unattributed') as actor, e.process, e.outcome, count(*) as times,
  min(e.ts) as first, max(e.ts) as last, any_value(f.verdict) as integrity, max(f.checked) as checked
from events e
  left join datasets d using (dataset)
  left join files f on f.dataset = e.dataset and d.path || '/' || f.path = e.path
where e.ts >= $since and e.ts < $until and e.dataset is not null and ($dataset is null or e.dataset = $dataset)
  and e.action in ('write', 'create', 'delete', 'rename', 'link', 'chmod', 'chown', 'truncate', 'setattr')
group by all
order by last desc, e.dataset, e.path
