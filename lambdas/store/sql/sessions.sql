-- name: create
-- A new session of this many days.
INSERT INTO sessions (account_id, token_hash, expires_at)
VALUES (%(account_id)s, %(token_hash)s, now() + make_interval(days => %(days)s))

-- name: end
-- Sign one session out.
DELETE FROM sessions WHERE token_hash = %(token_hash)s

-- name: end_others
-- Sign an account out everywhere else.
DELETE FROM sessions WHERE account_id = %(account_id)s AND token_hash IS DISTINCT FROM %(token_hash)s
