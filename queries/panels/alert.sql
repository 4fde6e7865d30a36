-- title: One alert
-- question: What is known of an alert?
-- parameters: $alert_id integer number of the alert
select * replace (epoch(first_ts) as first_ts, epoch(last_ts) as last_ts)
from alerts
where alert_id = $alert_id
