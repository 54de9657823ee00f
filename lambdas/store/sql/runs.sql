-- name: runnable
-- The spec of a version that the account may run; `spec` is null when the pipeline has no such version.
SELECT p.id AS pipeline_id, coalesce(%(version)s, p.latest_version) AS version, v.spec
  FROM pipelines p
  LEFT JOIN versions v ON v.pipeline_id = p.id AND v.number = coalesce(%(version)s, p.latest_version)
 WHERE p.id = %(pipeline_id)s AND {visible}

-- name: create
-- A run with all its tasks; those that are ready stand in the backlog and their account in line.
WITH run AS (
    INSERT INTO runs (id, account_id, pipeline_id, version, inputs, input_keys, seed)
    VALUES (coalesce(%(id)s, uuidv7()), %(account_id)s, %(pipeline_id)s, %(version)s, %(inputs)s, %(input_keys)s, %(seed)s)
    RETURNING id
), counted AS (
    UPDATE pipelines SET run_count = run_count + 1 WHERE id = %(pipeline_id)s
), made AS (
    INSERT INTO tasks (run_id, account_id, guest, ordinal, step, kind, model, revision, queue, needs, params, resolved,
                       state, ready_at, token)
    SELECT run.id, %(account_id)s, %(guest)s, t.ordinal, t.step, t.kind, t.model, t.revision, t.queue, t.needs,
           t.params, t.resolved, t.state, CASE WHEN t.state = 'queued' THEN now() END, t.token
      FROM run, jsonb_to_recordset(%(tasks)s) AS t (
               ordinal smallint, step text, kind text, model text, revision text, queue text, needs text[],
               params jsonb, resolved jsonb, state text, token text)
    RETURNING queue, state
), lined AS (
    INSERT INTO turns (queue, account_id, guest, waiting)
    SELECT DISTINCT queue, %(account_id)s::uuid, %(guest)s::boolean, true FROM made WHERE state = 'queued'
     ORDER BY queue
        ON CONFLICT (queue, account_id) DO UPDATE SET waiting = true, guest = excluded.guest
)
SELECT id FROM run

-- name: settle
-- What the states of their tasks make of these runs, which the caller holds: a run starts with its first task,
-- fails with its first failed one, succeeds with its last; final ones stay. `state` is null where nothing changed.
WITH sums AS (
    SELECT run_id, count(*) AS steps,
           bool_or(state IN ('running', 'succeeded')) AS begun,
           bool_and(state = 'succeeded') AS done,
           bool_or(state = 'waiting') AS waits,
           (array_agg(error_code ORDER BY finished_at, ordinal) FILTER (WHERE state = 'failed'))[1] AS code,
           (array_agg(error_detail ORDER BY finished_at, ordinal) FILTER (WHERE state = 'failed'))[1] AS detail
      FROM tasks WHERE run_id = ANY(%(ids)s) GROUP BY run_id
), moved AS (
    UPDATE runs r
       SET state = CASE WHEN s.code IS NOT NULL THEN 'failed' WHEN s.done THEN 'succeeded' ELSE 'running' END,
           error_code = s.code, error_detail = s.detail,
           finished_at = CASE WHEN s.code IS NOT NULL OR s.done THEN now() END
      FROM sums s
     WHERE r.id = s.run_id AND r.state IN ('queued', 'running')
       AND (s.code IS NOT NULL OR s.done OR (s.begun AND r.state = 'queued'))
    RETURNING r.id, r.state
)
SELECT s.run_id AS id, m.state, s.steps, s.waits FROM sums s LEFT JOIN moved m ON m.id = s.run_id

-- name: lock_own
-- The state of the account's run, held until the transaction ends.
SELECT state FROM runs WHERE id = %(id)s AND account_id = %(account_id)s FOR NO KEY UPDATE

-- name: is_published
-- Whether a run, which the caller holds, has a result; a statement of its own sees one that came while it waited.
SELECT EXISTS (SELECT FROM results WHERE run_id = %(id)s)

-- name: cancel
-- Close a run that is not final.
UPDATE runs SET state = 'cancelled', finished_at = now() WHERE id = %(id)s AND state IN ('queued', 'running')

-- name: reopen
-- Let a failed or cancelled run go on: what is done stays done, the rest begins anew under tokens of its own.
WITH run AS (
    UPDATE runs SET state = 'queued', error_code = NULL, error_detail = NULL, finished_at = NULL
     WHERE id = %(id)s AND state IN ('failed', 'cancelled')
    RETURNING id
)
UPDATE tasks t
   SET state = 'waiting', attempt = 1, lost_starts = 0, token = c.token, ready_at = NULL, sent_at = NULL, lease_until = NULL,
       received_at = NULL, started_at = NULL, finished_at = NULL, delivery = NULL, worker = NULL, progress = 0, progress_seq = 0,
       resolved = NULL, error_code = NULL, error_detail = NULL
  FROM run, jsonb_to_recordset(%(tokens)s) AS c (id uuid, token text)
 WHERE t.run_id = run.id AND t.id = c.id AND t.state IN ('failed', 'cancelled')

-- name: has_lost_values
-- Whether a step that is not done needs what one that is has not kept: runs kept nothing before a cancelled one could be resumed.
SELECT EXISTS (SELECT FROM tasks t JOIN tasks n ON n.run_id = t.run_id AND n.step = ANY(t.needs)
                WHERE t.run_id = %(id)s AND t.state <> 'succeeded' AND n.state = 'succeeded' AND n.carry IS NULL)

-- name: unfinished_steps
-- The tasks of a run that have not succeeded.
SELECT id FROM tasks WHERE run_id = %(id)s AND state <> 'succeeded' ORDER BY ordinal

-- name: discard_media
-- Note the media of these runs for deletion: at once, or after the grace time where a worker may still write.
INSERT INTO doomed_media (prefix, due_at)
SELECT DISTINCT substring(a.key FROM '^.*/'), now()
  FROM assets a JOIN tasks t ON t.id = a.task_id WHERE t.run_id = ANY(%(runs)s)
 UNION ALL
SELECT 'media/' || d.id || '/', now() + %(grace)s
  FROM deliveries d JOIN tasks t ON t.id = d.task_id WHERE t.run_id = ANY(%(runs)s)
    ON CONFLICT (prefix) DO NOTHING

-- name: delete
-- These runs with everything that hangs on them.
DELETE FROM runs WHERE id = ANY(%(runs)s)

-- part: columns
-- What is shown of a run `r` with its tasks `t`.
r.id, r.state, r.pipeline_id, r.version, r.inputs, r.seed, r.error_code, r.error_detail, r.created_at,
       r.finished_at, (SELECT id FROM results WHERE run_id = r.id) AS result, t.tasks

-- name: read
-- An account's run with its tasks in spec order, as the API shows it.
SELECT {columns}, t.queued
  FROM runs r
 CROSS JOIN LATERAL (
       SELECT coalesce(json_agg({task_json} ORDER BY t.ordinal), '[]') AS tasks,
              (array_agg(t.id ORDER BY t.ordinal) FILTER (WHERE t.state = 'queued'))[1] AS queued
         FROM tasks t
        WHERE t.run_id = r.id) t
 WHERE r.id = %(id)s AND r.account_id = %(account_id)s

-- name: page
-- An account's runs, newest first, below the run `before`.
SELECT {columns}, NULL::uuid AS queued
  FROM runs r
 CROSS JOIN LATERAL (
       SELECT coalesce(json_agg({task_json} ORDER BY t.ordinal), '[]') AS tasks
         FROM tasks t
        WHERE t.run_id = r.id) t
 WHERE r.account_id = %(account_id)s AND (%(before)s::uuid IS NULL OR r.id < %(before)s)
 ORDER BY r.id DESC
 LIMIT %(limit)s
