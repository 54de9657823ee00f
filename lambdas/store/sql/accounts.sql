-- part: columns
-- What is known of an account `a`.
a.id, a.handle, a.email, a.about, a.guest, a.created_at

-- name: of_session
-- Whose session this is, unless it has expired.
SELECT {columns}
  FROM sessions s
  JOIN accounts a ON a.id = s.account_id
 WHERE s.token_hash = %(token_hash)s AND s.expires_at > now() AND a.deleted_at IS NULL

-- name: of_key
-- Whose key this is, unless it has expired; its last use is kept to the minute.
WITH used AS (
    UPDATE keys SET last_used_at = now()
     WHERE key_hash = %(key_hash)s AND (expires_at IS NULL OR expires_at > now())
       AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
)
SELECT {columns}
  FROM keys k
  JOIN accounts a ON a.id = k.account_id
 WHERE k.key_hash = %(key_hash)s AND (k.expires_at IS NULL OR k.expires_at > now()) AND a.deleted_at IS NULL

-- name: hold
-- An account that is there, kept from being erased until the transaction ends.
SELECT true FROM accounts WHERE id = %(account_id)s AND deleted_at IS NULL FOR KEY SHARE

-- name: create
-- A new account; nothing when the handle or the email address is taken.
INSERT INTO accounts AS a (handle, email, password_hash, guest)
VALUES (%(handle)s, %(email)s, %(password_hash)s, %(guest)s)
ON CONFLICT DO NOTHING
RETURNING {columns}

-- name: taken
-- Which of the two another account has.
SELECT EXISTS (SELECT FROM accounts WHERE handle = %(handle)s AND id IS DISTINCT FROM %(except_id)s) AS handle,
       EXISTS (SELECT FROM accounts WHERE lower(email) = lower(%(email)s) AND id IS DISTINCT FROM %(except_id)s) AS email

-- name: password_of_login
-- What a login must match: by handle, or by email address when it has an @.
SELECT id, password_hash
  FROM accounts
 WHERE (handle = %(login)s OR lower(email) = lower(%(login)s)) AND deleted_at IS NULL AND password_hash IS NOT NULL

-- name: password_of
-- The password hash of an account; null for a guest.
SELECT password_hash FROM accounts WHERE id = %(account_id)s AND deleted_at IS NULL

-- name: find
-- One account by id.
SELECT {columns}
  FROM accounts a
 WHERE id = %(account_id)s AND deleted_at IS NULL

-- name: update
-- Change what is given; an account with all of handle, email and password is full from then on.
UPDATE accounts a
   SET handle = coalesce(%(handle)s, handle),
       email = coalesce(%(email)s, email),
       password_hash = coalesce(%(password_hash)s, password_hash),
       about = coalesce(%(about)s, about),
       guest = guest AND coalesce(%(password_hash)s, password_hash) IS NULL
 WHERE id = %(account_id)s AND deleted_at IS NULL
RETURNING {columns}

-- name: id_of
-- The id of the account that has this handle.
SELECT id FROM accounts WHERE handle = %(handle)s AND deleted_at IS NULL

-- name: profile
-- What everybody may see of an account.
SELECT a.handle, a.about, a.created_at,
       (SELECT count(*) FROM pipelines p
         WHERE p.account_id = a.id AND {listed_pipeline}) AS pipelines,
       (SELECT count(*) FROM results r WHERE r.account_id = a.id AND {listed_result}) AS results
  FROM accounts a
 WHERE a.handle = %(handle)s AND a.deleted_at IS NULL AND a.closing_at IS NULL
