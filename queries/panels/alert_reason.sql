-- title: Why an alert fired
-- question: Which version of the rule, which measure against which threshold, which facts, and what was not seen?
-- parameters: $alert_id integer number of the alert
select
    rule_hash, measure, threshold, window_seconds, counted, facts, risk_parts,
    replace(sql, '{alert_id}', $alert_id::varchar) as sql, not_seen
from alert_reasons
where alert_id = $alert_id
