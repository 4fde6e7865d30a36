-- title: Incidents
-- question: Which alerts belong together, the most urgent first?
-- parameters: $state text = open `open` (one alert is not closed), `all`, or one state
select incident_id, level, risk, state, actor, dataset, epoch(first_ts) as first_ts, epoch(last_ts) as last_ts, alerts, open,
  events, owner, rules
from incidents
where case $state when 'all' then true when 'open' then state <> 'closed' else state = $state end
order by incidents.state = 'closed', incidents.risk desc, incidents.last_ts desc
