-- name: record
-- Record receipts of messages; gives back those that were not there before.
INSERT INTO deliveries (id, task_id, attempt, worker)
SELECT DISTINCT ON (h.id) h.id, h.task_id, h.attempt, h.worker
  FROM jsonb_to_recordset(%(named)s) AS h (id text, task_id uuid, attempt smallint, worker text)
 ORDER BY h.id
    ON CONFLICT (id) DO NOTHING
RETURNING id

-- name: lost
-- Receipts first named before `before` of tasks that were final by then and that they did not win; the oldest `limit`.
SELECT d.id
  FROM deliveries d JOIN tasks t ON t.id = d.task_id
 WHERE d.heard_at < %(before)s
   AND t.finished_at < %(before)s
   AND (t.state <> 'succeeded' OR t.delivery <> d.id)
 ORDER BY d.heard_at
 LIMIT %(limit)s

-- name: forget
-- Drop receipts whose media is gone.
DELETE FROM deliveries WHERE id = ANY(%(ids)s)

-- name: forget_winners
-- Drop receipts that won and were named once more afterwards.
DELETE FROM deliveries d USING tasks t
 WHERE t.id = d.task_id AND t.state = 'succeeded' AND t.delivery = d.id AND d.heard_at < %(before)s

-- name: discard
-- Note the media of deliveries for deletion, once nobody can be writing to it any more.
INSERT INTO doomed_media (prefix, due_at)
SELECT p.prefix, now() + %(grace)s FROM unnest(%(prefixes)s::text[]) AS p (prefix)
    ON CONFLICT (prefix) DO NOTHING

-- name: discarded
-- Prefixes of the bucket whose time has come, the oldest `limit`.
SELECT prefix FROM doomed_media WHERE due_at <= now() ORDER BY due_at LIMIT %(limit)s

-- name: forget_discarded
-- Forget prefixes whose objects are deleted.
DELETE FROM doomed_media WHERE prefix = ANY(%(prefixes)s)
