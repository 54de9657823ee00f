-- name: waiting
-- A task that waits in line, where its account stands in it, and what its queue and model look like.
SELECT t.id, t.queue, t.account_id, t.guest, t.ready_at, t.sent_at,
       coalesce(u.last_served_at, '-infinity')::text AS served,
       w.has_model, w.busy, s.seconds, s.loaded
  FROM tasks t
  LEFT JOIN turns u ON u.queue = t.queue AND u.account_id = t.account_id
 CROSS JOIN LATERAL (
       SELECT coalesce(bool_or(t.model = ANY(models)), false) AS has_model, coalesce(sum(busy), 0)::integer AS busy,
              array_agg(id) AS ids
         FROM workers WHERE queue = t.queue AND seen_at > now() - %(live)s) w
 CROSS JOIN LATERAL (
       SELECT avg(seconds)::double precision AS seconds, coalesce(bool_or(worker = ANY(w.ids)), false) AS loaded
         FROM (SELECT seconds, worker FROM tasks
                WHERE model = t.model AND state = 'succeeded'
                ORDER BY finished_at DESC LIMIT 50) lately) s
 WHERE t.id = %(id)s AND t.state = 'queued'

-- name: sent_before
-- Whose the tasks are that are out and not started; for a task that is out only those sent before. Counted to `counted`.
SELECT account_id
  FROM tasks
 WHERE queue = %(queue)s AND state = 'queued' AND sent_at IS NOT NULL
   AND (%(sent_at)s::timestamptz IS NULL OR (sent_at, ready_at, id) < (%(sent_at)s, %(ready_at)s, %(id)s))
 LIMIT %(counted)s

-- name: own_before
-- An account's older tasks in the backlog, counted to `counted`.
SELECT count(*) FROM (
       SELECT FROM tasks
        WHERE queue = %(queue)s AND account_id = %(account_id)s AND state = 'queued' AND sent_at IS NULL
          AND (ready_at, id) < (%(ready_at)s, %(id)s)
        LIMIT %(counted)s) own

-- name: backlog_before
-- Whose the tasks of one class, members or guests, are that come before one's own task number `own` + 1 when accounts
-- take turns: those whose turn is earlier go first in each round. Counted to `counted`.
SELECT u.account_id
  FROM turns u
 CROSS JOIN LATERAL (
       SELECT FROM tasks b
        WHERE b.queue = %(queue)s AND b.account_id = u.account_id AND b.state = 'queued' AND b.sent_at IS NULL
        LIMIT %(own)s + ((u.last_served_at, u.account_id) < (%(served)s::timestamptz, %(account_id)s))::integer) b
 WHERE u.queue = %(queue)s AND u.guest = %(guest)s AND u.waiting AND u.account_id <> %(account_id)s
   AND (%(own)s > 0 OR (u.last_served_at, u.account_id) < (%(served)s::timestamptz, %(account_id)s))
 LIMIT %(counted)s

-- name: backlog
-- All tasks of members in the backlog of a queue, counted to `counted`.
SELECT count(*) FROM (
       SELECT FROM turns u
        CROSS JOIN LATERAL (
              SELECT FROM tasks b
               WHERE b.queue = %(queue)s AND b.account_id = u.account_id AND b.state = 'queued' AND b.sent_at IS NULL
               LIMIT %(counted)s) b
        WHERE u.queue = %(queue)s AND NOT u.guest AND u.waiting
        LIMIT %(counted)s) members
