-- name: oldest
-- The run that was started first.
SELECT id FROM runs ORDER BY id LIMIT 1

-- name: over
-- Among the first `stretch` runs from `start` on, those that ended before `before` and that nobody has published; held
-- until the transaction ends, and those that somebody else holds left out.
SELECT r.id
  FROM (SELECT id FROM runs WHERE id >= %(start)s ORDER BY id LIMIT %(stretch)s) looked
  JOIN runs r ON r.id = looked.id
 WHERE r.finished_at < %(before)s AND NOT EXISTS (SELECT FROM results WHERE run_id = r.id)
 ORDER BY r.id
 LIMIT %(limit)s
   FOR UPDATE OF r SKIP LOCKED
