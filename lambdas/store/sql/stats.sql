-- name: totals
-- How much there is.
SELECT (SELECT count(*) FROM assets WHERE type = 'image') AS images,
       (SELECT count(*) FROM assets WHERE type = 'text') AS texts,
       (SELECT count(*) FROM runs) AS runs,
       (SELECT count(*) FROM results) AS results,
       (SELECT count(*) FROM accounts WHERE deleted_at IS NULL AND NOT guest) AS accounts

-- name: task_counts
-- How many tasks each model has done.
SELECT model, count(*) FROM tasks WHERE state = 'succeeded' GROUP BY model ORDER BY model

-- name: speeds
-- How long the latest 200 tasks of each model took, from receipt to the last upload.
SELECT m.id AS model, avg(t.seconds) AS mean, percentile_cont(0.95) WITHIN GROUP (ORDER BY t.seconds) AS p95
  FROM unnest(%(models)s::text[]) AS m (id)
 CROSS JOIN LATERAL (
       SELECT seconds FROM tasks WHERE model = m.id AND state = 'succeeded' ORDER BY finished_at DESC LIMIT 200) t
 GROUP BY m.id

-- name: live_workers
-- The workers of each queue that were heard of within the last minute.
SELECT queue, count(*) AS alive, sum(busy)::int AS busy, sum(ram_bytes)::bigint AS ram_bytes
  FROM workers
 WHERE seen_at > now() - interval '60 seconds'
 GROUP BY queue
 ORDER BY queue

-- name: live_models
-- The models that such a worker can run.
SELECT DISTINCT unnest(models) FROM workers WHERE seen_at > now() - interval '60 seconds'
