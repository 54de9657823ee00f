-- name: record_heartbeats
-- Record heartbeats; an older one than the last changes nothing.
INSERT INTO workers AS w (id, queue, slots, busy, models, ram_bytes, vram_bytes, protocol, seen_at)
SELECT a.id, a.queue, a.slots, a.busy, a.models, a.ram_bytes, a.vram_bytes, a.protocol, least(a.seen_at, now())
  FROM jsonb_to_recordset(%(heartbeats)s) AS a (
           id text, queue text, slots integer, busy integer, models text[], ram_bytes bigint, vram_bytes bigint,
           protocol integer, seen_at timestamptz)
 ORDER BY a.id, a.queue
    ON CONFLICT (id, queue) DO UPDATE
   SET slots = excluded.slots, busy = excluded.busy, models = excluded.models, ram_bytes = excluded.ram_bytes,
       vram_bytes = excluded.vram_bytes, protocol = excluded.protocol, seen_at = excluded.seen_at
 WHERE w.seen_at < excluded.seen_at

-- name: protocol
-- The lowest protocol of the live workers of a queue, 0 where one names none.
SELECT min(coalesce(protocol, 0)) FROM workers WHERE queue = %(queue)s AND seen_at > now() - %(live)s

-- name: forget_silent
-- Forget workers that fell silent before `before`.
DELETE FROM workers WHERE seen_at < %(before)s

-- name: tick
-- Move the event clock on; within a second of its time it may stand, so that handlers rarely wait for each other.
UPDATE event_clock SET newest = %(sent_at)s WHERE newest < %(sent_at)s - interval '1 second'

-- name: clock
-- The time by which leases are judged: when the newest event handled was sent, or now if none waits to be handled.
SELECT CASE WHEN %(caught_up)s THEN now() ELSE nullif(least(newest, now()), '-infinity') END AS clock FROM event_clock
