-- title: A version of a rule
-- question: What did the rule say when it fired?
-- parameters: $hash text SHA-256 of the rule's file
--   $rule_id text id of the rule
select hash, rule_id, title, file, text, epoch(first_used) as first_used
from rule_versions
where hash = $hash and rule_id = $rule_id
