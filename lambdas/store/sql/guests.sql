-- name: take_guest
-- Count one more guest of a network today, unless the limit is reached.
INSERT INTO guest_networks AS n (network, day, guests)
SELECT %(network)s, current_date, 1 WHERE %(limit)s >= 1
ON CONFLICT (network, day) DO UPDATE SET guests = n.guests + 1 WHERE n.guests < %(limit)s
RETURNING guests

-- name: take_tasks
-- Count this many more tasks of a network's guests today, unless that goes over the limit.
INSERT INTO guest_networks AS n (network, day, tasks)
SELECT %(network)s, current_date, %(count)s WHERE %(limit)s >= %(count)s
ON CONFLICT (network, day) DO UPDATE SET tasks = n.tasks + %(count)s WHERE n.tasks + %(count)s <= %(limit)s
RETURNING tasks

-- name: tasks_today
-- How many tasks the guests of a network have had today.
SELECT tasks FROM guest_networks WHERE network = %(network)s AND day = current_date

-- name: seconds_to_midnight
-- Until the counts start anew, at midnight UTC.
SELECT ceil(extract(epoch FROM date_trunc('day', now(), 'UTC') + interval '1 day' - now()))::int

-- name: forget
-- Drop the counts of days past.
DELETE FROM guest_networks WHERE day < current_date
