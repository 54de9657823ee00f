-- name: claim
-- Take an idempotency key for a run to come; no row when the key was used within the last day.
-- Two requests with one key at the same time: the second waits here until the first is done.
INSERT INTO idempotency_keys AS k (account_id, key, body_hash)
VALUES (%(account_id)s, %(key)s, %(body_hash)s)
    ON CONFLICT (account_id, key) DO UPDATE
   SET body_hash = excluded.body_hash, run_id = uuidv7(), created_at = now()
 WHERE k.created_at < now() - interval '24 hours'
RETURNING run_id

-- name: find
-- The run that was made with this key, and whether by the same body.
SELECT run_id, body_hash = %(body_hash)s AS same
  FROM idempotency_keys WHERE account_id = %(account_id)s AND key = %(key)s

-- name: expire
-- Forget keys that are older than a day.
DELETE FROM idempotency_keys
 WHERE (account_id, key) IN (SELECT account_id, key FROM idempotency_keys
                              WHERE created_at < now() - interval '24 hours' ORDER BY created_at LIMIT %(limit)s)
