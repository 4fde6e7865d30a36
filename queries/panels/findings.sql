-- title: Findings
-- question: What did the checks find, the worst first?
-- parameters: $dataset text = null only this dataset
select kind, subject, dataset, state, detail, epoch(checked) as checked
from findings
where $dataset is null or dataset = $dataset
order by list_position(['fail', 'unknown', 'warn', 'pass', 'n/a'], state), kind, subject
