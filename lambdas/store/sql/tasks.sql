-- part: columns
-- What the rules know of a task `t`.
now() AS now, t.queue, t.ready_at, t.id, t.run_id, t.kind, t.token, t.state, t.attempt, t.lost_starts,
       t.sent_at, t.lease_until, t.received_at, t.started_at, t.finished_at, t.delivery, t.progress, t.progress_seq, t.preview,
       t.seconds, t.computed_seconds, t.batch, t.hardware, t.worker, t.carry, t.error_code, t.error_detail

-- name: lock
-- The tasks with these ids and the states of their runs, held until the transaction ends.
-- Every change of a task but its sending holds the lock of its run, taken in the order of run ids.
SELECT {columns}
  FROM runs r JOIN tasks t ON t.run_id = r.id
 WHERE t.id = ANY(%(ids)s)
 ORDER BY r.id, t.ordinal
   FOR NO KEY UPDATE OF r, t

-- name: lock_expired
-- Tasks that are out and whose lease ran out before `clock`, oldest first; those that somebody else holds wait.
SELECT {columns}
  FROM tasks t JOIN runs r ON r.id = t.run_id
 WHERE t.lease_until < %(clock)s AND t.state IN ('queued', 'running') AND t.sent_at IS NOT NULL
 ORDER BY t.lease_until
 LIMIT %(limit)s
   FOR NO KEY UPDATE OF r, t SKIP LOCKED

-- name: save
-- Write tasks as the rules left them; only open ones change, so a repeat is harmless.
-- A value is kept only while a later step waits for it.
UPDATE tasks t
   SET state = c.state, attempt = c.attempt, lost_starts = c.lost_starts, sent_at = c.sent_at, lease_until = c.lease_until,
       received_at = c.received_at, started_at = c.started_at, finished_at = c.finished_at, delivery = c.delivery,
       progress = c.progress, progress_seq = c.progress_seq, preview = c.preview, seconds = c.seconds,
       computed_seconds = c.computed_seconds, batch = c.batch, hardware = c.hardware, worker = c.worker,
       carry = CASE WHEN c.carry IS NOT NULL AND EXISTS (
                   SELECT FROM tasks n WHERE n.run_id = t.run_id AND n.state = 'waiting' AND t.step = ANY(n.needs))
               THEN c.carry END,
       error_code = c.error_code, error_detail = c.error_detail
  FROM jsonb_to_recordset(%(changes)s) AS c (
           id uuid, state text, attempt smallint, lost_starts smallint, sent_at timestamptz, lease_until timestamptz,
           received_at timestamptz, started_at timestamptz, finished_at timestamptz, delivery text, progress real,
           progress_seq integer, preview text, seconds real, computed_seconds real, batch smallint, hardware text, worker text, carry text, error_code text,
           error_detail text)
 WHERE t.id = c.id AND t.state IN ('queued', 'running')

-- name: rejoin
-- Put the accounts of these tasks back in line: their tasks are in the backlog again.
INSERT INTO turns AS turn (queue, account_id, guest, waiting)
SELECT DISTINCT queue, account_id, guest, true FROM tasks WHERE id = ANY(%(ids)s)
 ORDER BY queue, account_id
    ON CONFLICT (queue, account_id) DO UPDATE SET waiting = true
 WHERE NOT turn.waiting

-- name: ripe
-- Waiting tasks of these runs all of whose earlier steps have succeeded, with what there is to fill in.
SELECT t.id, t.run_id, t.kind, t.params, r.inputs, r.input_keys,
       (SELECT coalesce(jsonb_object_agg(n.step, n.carry), '{}')
          FROM tasks n WHERE n.run_id = t.run_id AND n.step = ANY(t.needs)) AS made
  FROM tasks t JOIN runs r ON r.id = t.run_id
 WHERE t.run_id = ANY(%(runs)s) AND t.state = 'waiting'
   AND NOT EXISTS (SELECT FROM tasks n
                    WHERE n.run_id = t.run_id AND n.step = ANY(t.needs) AND n.state <> 'succeeded')
 ORDER BY t.run_id, t.ordinal

-- name: unlock
-- Put waiting tasks into the backlog with their templates filled in, and their accounts in line.
WITH unlocked AS (
    UPDATE tasks t SET state = 'queued', ready_at = now(), resolved = c.resolved
      FROM jsonb_to_recordset(%(changes)s) AS c (id uuid, resolved jsonb)
     WHERE t.id = c.id AND t.state = 'waiting'
    RETURNING t.queue, t.account_id, t.guest
)
INSERT INTO turns AS turn (queue, account_id, guest, waiting)
SELECT DISTINCT queue, account_id, guest, true FROM unlocked
 ORDER BY queue, account_id
    ON CONFLICT (queue, account_id) DO UPDATE SET waiting = true, guest = excluded.guest

-- name: fail_waiting
-- Fail tasks that never became ready.
UPDATE tasks t SET state = 'failed', finished_at = now(), error_code = c.code, error_detail = c.detail
  FROM jsonb_to_recordset(%(changes)s) AS c (id uuid, code text, detail text)
 WHERE t.id = c.id AND t.state = 'waiting'

-- name: cancel
-- Close every task of these runs that is not final; `out` says that a worker may hold it or still receive it.
UPDATE tasks SET state = 'cancelled', finished_at = now(), carry = NULL, preview = NULL
 WHERE run_id = ANY(%(runs)s) AND state IN ('waiting', 'queued', 'running')
RETURNING id, token, sent_at IS NOT NULL AS out

-- name: drop_carry
-- Forget what no later step can need.
UPDATE tasks SET carry = NULL WHERE run_id = ANY(%(runs)s) AND carry IS NOT NULL
