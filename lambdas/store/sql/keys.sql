-- name: create
-- A new key, of which only the hash and the first characters are kept.
INSERT INTO keys (account_id, name, prefix, key_hash, expires_at)
VALUES (%(account_id)s, %(name)s, %(prefix)s, %(key_hash)s, %(expires_at)s)
RETURNING id, name, prefix, created_at, expires_at, last_used_at

-- name: page
-- An account's keys, newest first.
SELECT id, name, prefix, created_at, expires_at, last_used_at
  FROM keys
 WHERE account_id = %(account_id)s AND (%(before)s::uuid IS NULL OR id < %(before)s)
 ORDER BY id DESC
 LIMIT %(limit)s

-- name: remove
-- One of an account's keys.
DELETE FROM keys WHERE id = %(key_id)s AND account_id = %(account_id)s RETURNING id
