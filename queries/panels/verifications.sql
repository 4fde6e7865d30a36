-- title: Verifications
-- question: Which integrity checks ran, the newest first?
-- parameters: $dataset text = null only this dataset
select verification_id, dataset, kind, state, epoch(started) as started, epoch(finished) as finished, ok, changed, missing, extra,
  unreadable, changed_during_read, not_checked, bytes, manifest, operator, detail
from verifications
where $dataset is null or dataset = $dataset
order by verifications.started desc, verification_id
