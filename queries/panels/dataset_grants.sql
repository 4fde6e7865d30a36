-- title: Grants on a dataset
-- question: Which role may do what to it, and who holds the role, until when?
-- parameters: $dataset text dataset id
select role, operations, users, groups, until
from grants
where dataset = $dataset
order by role
