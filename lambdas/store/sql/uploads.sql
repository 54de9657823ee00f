-- name: create
-- An uploaded picture, which lives for some hours.
INSERT INTO uploads (account_id, format, width, height, bytes, expires_at)
VALUES (%(account_id)s, %(format)s, %(width)s, %(height)s, %(bytes)s, now() + make_interval(hours => %(hours)s))
RETURNING id, format, width, height, expires_at

-- name: find
-- An account's own upload, unless it has expired.
SELECT id, format, width, height, expires_at
  FROM uploads
 WHERE id = %(upload_id)s AND account_id = %(account_id)s AND expires_at > now()

-- name: expire
-- Note the objects of expired uploads for deletion, and forget the uploads.
WITH gone AS (
    DELETE FROM uploads
     WHERE id IN (SELECT id FROM uploads WHERE expires_at <= now() ORDER BY expires_at LIMIT %(limit)s
                     FOR UPDATE SKIP LOCKED)
    RETURNING id
)
INSERT INTO doomed_media (prefix) SELECT %(prefix)s || id FROM gone
    ON CONFLICT (prefix) DO NOTHING
