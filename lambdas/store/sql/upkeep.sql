-- name: try_lock
-- Whether this connection is the only one that sweeps, until it unlocks or ends.
SELECT pg_try_advisory_lock(hashtext('atelier.sweep'))

-- name: unlock
-- Let others sweep.
SELECT pg_advisory_unlock(hashtext('atelier.sweep'))

-- name: expire_sessions
-- Forget sessions that have expired.
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= now() ORDER BY expires_at LIMIT %(limit)s)

-- name: rejoin_all
-- Put every account with a backlog in line: after a restore of only some tables, or an error of ours, nobody else would.
WITH RECURSIVE owner AS (
    (SELECT queue, account_id, guest FROM tasks WHERE state = 'queued' AND sent_at IS NULL
      ORDER BY queue, account_id LIMIT 1)
    UNION ALL
    SELECT n.queue, n.account_id, n.guest
      FROM owner o
     CROSS JOIN LATERAL (
           SELECT queue, account_id, guest FROM tasks
            WHERE state = 'queued' AND sent_at IS NULL AND (queue, account_id) > (o.queue, o.account_id)
            ORDER BY queue, account_id LIMIT 1) n
)
INSERT INTO turns AS turn (queue, account_id, guest, waiting)
SELECT queue, account_id, guest, true FROM owner ORDER BY queue, account_id
    ON CONFLICT (queue, account_id) DO UPDATE SET waiting = true
 WHERE NOT turn.waiting

-- name: now
-- The database's time.
SELECT now()
