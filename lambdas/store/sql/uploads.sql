-- name: create
-- An uploaded picture whose bytes are still to be stored; it lives for some hours.
INSERT INTO uploads (account_id, format, width, height, bytes, pending, expires_at)
VALUES (%(account_id)s, %(format)s, %(width)s, %(height)s, %(bytes)s, true, now() + make_interval(hours => %(hours)s))
RETURNING id, format, width, height, expires_at

-- name: make_ready
-- The bytes of an upload are stored.
UPDATE uploads SET pending = false WHERE id = %(upload_id)s AND pending

-- name: find
-- An account's own upload, unless it has expired or its bytes are not there.
SELECT id, format, width, height, expires_at
  FROM uploads
 WHERE id = %(upload_id)s AND account_id = %(account_id)s AND expires_at > now() AND NOT pending

-- name: expire
-- Note the objects of uploads that have expired or stayed pending for deletion, and forget the uploads.
WITH gone AS (
    DELETE FROM uploads
     WHERE id IN (SELECT id FROM uploads
                   WHERE expires_at <= now() OR (pending AND created_at < now() - %(patience)s)
                   ORDER BY expires_at LIMIT %(limit)s
                     FOR UPDATE SKIP LOCKED)
    RETURNING id
)
INSERT INTO doomed_media (prefix) SELECT %(prefix)s || id FROM gone
    ON CONFLICT (prefix) DO NOTHING
