-- title: Grants on a dataset
-- question: Which role may do what to it, and who holds the role?
-- parameters: $dataset text dataset id
select role, operations, users, groups
from grants
where dataset = $dataset
order by role
