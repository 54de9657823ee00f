-- name: totals
-- How much there is; of outputs and runs how many were made, those that are gone included.
SELECT (SELECT coalesce(sum(number), 0)::bigint FROM tallies WHERE noun = 'outputs' AND label = 'image')
       + (SELECT count(*) FROM assets WHERE type = 'image' AND id >= first_id(counted_to)) AS images,
       (SELECT coalesce(sum(number), 0)::bigint FROM tallies WHERE noun = 'outputs' AND label = 'text')
       + (SELECT count(*) FROM assets WHERE type = 'text' AND id >= first_id(counted_to)) AS texts,
       (SELECT coalesce(sum(number), 0)::bigint FROM tallies WHERE noun = 'runs')
       + (SELECT count(*) FROM runs WHERE id >= first_id(counted_to)) AS runs,
       (SELECT count(*) FROM results) AS results,
       (SELECT count(*) FROM accounts WHERE deleted_at IS NULL AND NOT guest) AS accounts
  FROM tally_clock

-- name: task_counts
-- How many tasks each model has done, those of deleted runs included.
SELECT model, sum(number)::bigint
  FROM (SELECT label AS model, number FROM tallies WHERE noun = 'tasks'
         UNION ALL
        SELECT t.model, count(*) FROM tasks t, tally_clock c
         WHERE t.state = 'succeeded' AND t.finished_at >= c.counted_to GROUP BY t.model) counted
 GROUP BY model ORDER BY model

-- name: tally
-- Count what was made since the last time, but for the latest minutes: transactions that began then may still commit.
WITH span AS (SELECT counted_to AS since, greatest(now() - %(settled)s, counted_to) AS until FROM tally_clock FOR UPDATE),
made AS (
    SELECT 'outputs' AS noun, a.type AS label, count(*) AS number FROM assets a, span
     WHERE a.id >= first_id(since) AND a.id < first_id(until) GROUP BY a.type
     UNION ALL
    SELECT 'runs', '', count(*) FROM runs r, span WHERE r.id >= first_id(since) AND r.id < first_id(until)
     UNION ALL
    SELECT 'tasks', t.model, count(*) FROM tasks t, span
     WHERE t.state = 'succeeded' AND t.finished_at >= since AND t.finished_at < until GROUP BY t.model
), added AS (
    INSERT INTO tallies AS tally (noun, label, number) SELECT noun, label, number FROM made
        ON CONFLICT (noun, label) DO UPDATE SET number = tally.number + excluded.number
)
UPDATE tally_clock SET counted_to = span.until FROM span

-- name: speeds
-- How long computing took of the latest 200 tasks of each model, as far as their workers said so.
SELECT m.id AS model, avg(t.seconds) AS mean, percentile_cont(0.95) WITHIN GROUP (ORDER BY t.seconds) AS p95
  FROM unnest(%(models)s::text[]) AS m (id)
 CROSS JOIN LATERAL (
       SELECT computed_seconds AS seconds FROM tasks
        WHERE model = m.id AND state = 'succeeded' ORDER BY finished_at DESC LIMIT 200) t
 GROUP BY m.id
HAVING count(t.seconds) > 0

-- name: live_workers
-- The workers of each queue that sent a heartbeat within the last minute.
SELECT queue, count(*) AS alive, sum(busy)::int AS busy, sum(ram_bytes)::bigint AS ram_bytes
  FROM workers
 WHERE seen_at > now() - interval '60 seconds'
 GROUP BY queue
 ORDER BY queue

-- name: live_models
-- The models that such a worker can run.
SELECT DISTINCT unnest(models) FROM workers WHERE seen_at > now() - interval '60 seconds'
