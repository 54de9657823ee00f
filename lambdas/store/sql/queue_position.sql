-- name: find
-- A task that waits in line and what stands before it: out and not started (for a task that is out only those sent
-- before), and in the backlog one's own older ones and those of others. When accounts take turns, others have as many
-- tasks before one's own number n as they have in n - 1 rounds, and one more if their turn is earlier. Everything is
-- counted to `counted`. What a task takes is averaged over those whose workers said how long they computed. One
-- statement, for it is asked at each look at a run.
WITH mine AS (
    SELECT t.id, t.queue, t.account_id, t.guest, t.model, t.ready_at, t.sent_at,
           t.received_at >= t.sent_at AS received,
           coalesce(u.last_served_at, '-infinity') AS served
      FROM tasks t LEFT JOIN turns u ON u.queue = t.queue AND u.account_id = t.account_id
     WHERE t.id = %(id)s AND t.state = 'queued'
), own AS MATERIALIZED (
    SELECT count(*) AS n FROM mine m CROSS JOIN LATERAL (
           SELECT FROM tasks b
            WHERE b.queue = m.queue AND b.account_id = m.account_id AND b.state = 'queued' AND b.sent_at IS NULL
              AND (b.ready_at, b.id) < (m.ready_at, m.id)
            LIMIT CASE WHEN m.sent_at IS NULL THEN %(counted)s ELSE 0 END) b
), sent AS MATERIALIZED (
    SELECT b.account_id FROM mine m CROSS JOIN LATERAL (
           SELECT account_id FROM tasks b
            WHERE b.queue = m.queue AND b.state = 'queued' AND b.sent_at IS NOT NULL
              AND (m.sent_at IS NULL OR (b.sent_at, b.ready_at, b.id) < (m.sent_at, m.ready_at, m.id))
            LIMIT %(counted)s) b
), members AS MATERIALIZED (
    SELECT o.account_id FROM mine m CROSS JOIN own CROSS JOIN LATERAL (
           SELECT u.account_id FROM turns u CROSS JOIN LATERAL (
                  SELECT FROM tasks b
                   WHERE b.queue = m.queue AND b.account_id = u.account_id AND b.state = 'queued' AND b.sent_at IS NULL
                   LIMIT own.n + ((u.last_served_at, u.account_id) < (m.served, m.account_id))::integer) b
            WHERE u.queue = m.queue AND NOT u.guest AND u.waiting AND u.account_id <> m.account_id
              AND m.sent_at IS NULL
              AND (own.n > 0 OR (u.last_served_at, u.account_id) < (m.served, m.account_id))
            LIMIT %(counted)s) o
), guests AS MATERIALIZED (
    SELECT o.account_id FROM mine m CROSS JOIN own CROSS JOIN LATERAL (
           SELECT u.account_id FROM turns u CROSS JOIN LATERAL (
                  SELECT FROM tasks b
                   WHERE b.queue = m.queue AND b.account_id = u.account_id AND b.state = 'queued' AND b.sent_at IS NULL
                   LIMIT own.n + ((u.last_served_at, u.account_id) < (m.served, m.account_id))::integer) b
            WHERE u.queue = m.queue AND u.guest AND u.waiting AND u.account_id <> m.account_id
              AND m.sent_at IS NULL
              AND (own.n > 0 OR (u.last_served_at, u.account_id) < (m.served, m.account_id))
            LIMIT %(counted)s) o
)
SELECT m.queue, m.guest, coalesce(m.received, false) AS received, own.n AS own,
       (SELECT count(*) FROM sent) AS sent,
       (SELECT count(*) FROM members) AS members,
       (SELECT count(*) FROM guests) AS guests,
       behind.n AS members_behind,
       (SELECT count(DISTINCT p.account_id)
          FROM (SELECT account_id FROM sent UNION ALL SELECT account_id FROM members
                UNION ALL SELECT account_id FROM guests) p
         WHERE p.account_id <> m.account_id) AS people,
       o.total, o.guests AS guests_out, w.slots, w.busy, w.has_model, s.seconds, s.loaded
  FROM mine m
 CROSS JOIN own
 CROSS JOIN LATERAL (
       SELECT count(*) AS n FROM (
              SELECT FROM turns u CROSS JOIN LATERAL (
                     SELECT FROM tasks b
                      WHERE b.queue = m.queue AND b.account_id = u.account_id AND b.state = 'queued'
                        AND b.sent_at IS NULL
                      LIMIT %(counted)s) b
               WHERE u.queue = m.queue AND NOT u.guest AND u.waiting
               LIMIT CASE WHEN m.guest AND m.sent_at IS NULL THEN %(counted)s ELSE 0 END) each) behind
 CROSS JOIN LATERAL (
       SELECT count(*) AS total, count(*) FILTER (WHERE guest) AS guests FROM tasks
        WHERE queue = m.queue AND state IN ('queued', 'running') AND sent_at IS NOT NULL) o
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(slots), 0)::integer AS slots, coalesce(sum(busy), 0)::integer AS busy,
              coalesce(bool_or(m.model = ANY(models)), false) AS has_model, array_agg(id) AS ids
         FROM workers WHERE queue = m.queue AND seen_at > now() - %(live)s) w
 CROSS JOIN LATERAL (
       SELECT avg(computed_seconds)::double precision AS seconds, coalesce(bool_or(worker = ANY(w.ids)), false) AS loaded
         FROM (SELECT computed_seconds, worker FROM tasks
                WHERE model = m.model AND state = 'succeeded'
                ORDER BY finished_at DESC LIMIT 50) lately) s
