-- name: identity
-- What is left of an account: an id that its published things refer to.
UPDATE accounts
   SET handle = 'deleted-' || id, email = NULL, password_hash = NULL, about = '', deleted_at = now()
 WHERE id = %(account_id)s AND deleted_at IS NULL

-- name: logins
-- No session and no key works any more.
WITH s AS (DELETE FROM sessions WHERE account_id = %(account_id)s)
DELETE FROM keys WHERE account_id = %(account_id)s

-- name: uploads
-- Forget uploads and note their objects for deletion.
WITH gone AS (DELETE FROM uploads WHERE account_id = %(account_id)s RETURNING id)
INSERT INTO doomed_media (prefix) SELECT %(prefix)s || id FROM gone
    ON CONFLICT (prefix) DO NOTHING

-- name: rated_pipelines
-- What an account has rated, in the order in which locks are taken.
SELECT pipeline_id FROM ratings WHERE account_id = %(account_id)s ORDER BY pipeline_id

-- name: private_pipelines
-- Private pipelines go, unless a published result shows them; others stay without a name.
UPDATE pipelines p SET deleted_at = now()
 WHERE p.account_id = %(account_id)s AND p.visibility = 'private' AND p.deleted_at IS NULL
   AND NOT EXISTS (SELECT FROM results WHERE pipeline_id = p.id)

-- name: unpublished_runs
-- What an account ran and did not publish, held until the transaction ends.
SELECT r.id FROM runs r
 WHERE r.account_id = %(account_id)s AND NOT EXISTS (SELECT FROM results WHERE run_id = r.id)
 ORDER BY r.id
   FOR UPDATE
