-- name: survey
-- What is out in each of these queues, and the slots of the workers that live.
SELECT q.queue, w.slots, o.total, o.guests
  FROM unnest(%(queues)s::text[]) AS q (queue)
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(slots), 0)::integer AS slots FROM workers
        WHERE queue = q.queue AND seen_at > now() - %(live)s) w
 CROSS JOIN LATERAL (
       SELECT count(*) AS total, count(*) FILTER (WHERE guest) AS guests FROM tasks
        WHERE queue = q.queue AND state IN ('queued', 'running') AND sent_at IS NOT NULL) o

-- name: line
-- The accounts whose turn it is, those served longest ago first, members and guests each up to `limit`; held until
-- the transaction ends, and those that another dispatch holds left out.
WITH members AS (
    SELECT account_id, guest, last_served_at FROM turns
     WHERE queue = %(queue)s AND waiting AND NOT guest
     ORDER BY last_served_at, account_id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
), guests AS (
    SELECT account_id, guest, last_served_at FROM turns
     WHERE queue = %(queue)s AND waiting AND guest
     ORDER BY last_served_at, account_id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
)
SELECT n.account_id, n.guest, o.out, b.ready
  FROM (SELECT account_id, guest, last_served_at FROM members
        UNION ALL SELECT account_id, guest, last_served_at FROM guests) n
 CROSS JOIN LATERAL (
       SELECT count(*) AS out FROM tasks
        WHERE queue = %(queue)s AND account_id = n.account_id
          AND state IN ('queued', 'running') AND sent_at IS NOT NULL) o
 CROSS JOIN LATERAL (
       SELECT count(*) AS ready FROM (
              SELECT FROM tasks
               WHERE queue = %(queue)s AND account_id = n.account_id AND state = 'queued' AND sent_at IS NULL
               ORDER BY ready_at, id LIMIT %(per_account)s) first) b
 ORDER BY n.last_served_at, n.account_id

-- name: take
-- Send out the oldest `n` tasks of each account: they leave the backlog, in the order of the accounts.
WITH dealt AS (
    SELECT d.account_id, d.n FROM unnest(%(accounts)s::uuid[], %(counts)s::integer[]) AS d (account_id, n)
), picked AS (
    SELECT b.id FROM dealt d CROSS JOIN LATERAL (
           SELECT id FROM tasks
            WHERE queue = %(queue)s AND account_id = d.account_id AND state = 'queued' AND sent_at IS NULL
            ORDER BY ready_at, id LIMIT d.n FOR NO KEY UPDATE SKIP LOCKED) b
)
UPDATE tasks t SET sent_at = now(), lease_until = now() + %(lease)s
  FROM picked p
 WHERE t.id = p.id AND t.state = 'queued' AND t.sent_at IS NULL
RETURNING t.id, t.run_id, t.account_id, t.queue, t.step, t.kind, t.model, t.revision, t.attempt, t.token,
          t.params || t.resolved AS params, (SELECT seed FROM runs WHERE id = t.run_id) AS seed, t.ready_at,
          t.lease_until

-- name: again
-- What to send once more for tasks that are out.
SELECT t.id, t.run_id, t.account_id, t.queue, t.step, t.kind, t.model, t.revision, t.attempt, t.token,
       t.params || t.resolved AS params, r.seed, t.ready_at, t.lease_until
  FROM tasks t JOIN runs r ON r.id = t.run_id
 WHERE t.id = ANY(%(ids)s) AND t.state IN ('queued', 'running') AND t.sent_at IS NOT NULL
 ORDER BY t.sent_at, t.id

-- name: renew_all
-- Take every task that is out as sent just now.
UPDATE tasks SET lease_until = now() + %(lease)s, received_at = NULL
 WHERE state IN ('queued', 'running') AND sent_at IS NOT NULL
RETURNING id

-- name: serve
-- Move the accounts that were served to the end of the line, and out of it when nothing of theirs waits.
-- A statement of its own: it must see tasks that were committed while this dispatch waited for nothing.
UPDATE turns t
   SET last_served_at = CASE WHEN s.turn IS NULL THEN t.last_served_at ELSE now() + s.turn * interval '1 microsecond' END,
       waiting = EXISTS (SELECT FROM tasks b
                          WHERE b.queue = %(queue)s AND b.account_id = t.account_id
                            AND b.state = 'queued' AND b.sent_at IS NULL)
  FROM unnest(%(accounts)s::uuid[], %(turns)s::integer[]) AS s (account_id, turn)
 WHERE t.queue = %(queue)s AND t.account_id = s.account_id

-- name: backlogs
-- How many tasks of each of these queues are ready or at work; those that wait are counted up to `limit`.
SELECT q.queue, w.waiting + o.out
  FROM unnest(%(queues)s::text[]) AS q (queue)
 CROSS JOIN LATERAL (
       SELECT count(*) AS waiting FROM (
              SELECT FROM tasks
               WHERE queue = q.queue AND state = 'queued' AND sent_at IS NULL LIMIT %(limit)s) first) w
 CROSS JOIN LATERAL (
       SELECT count(*) AS out FROM tasks
        WHERE queue = q.queue AND state IN ('queued', 'running') AND sent_at IS NOT NULL) o
