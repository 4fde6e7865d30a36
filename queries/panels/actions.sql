-- title: Actions
-- question: What did operators do, the newest first?
-- parameters: $subject text = null only on this alert, dataset or key
select action_id, epoch(ts) as ts, operator, uid, verb, subject, reason, detail, outcome
from actions
where $subject is null or subject = $subject
order by action_id desc
