-- name: lock
-- Held by this connection until it closes: whoever comes second waits.
SELECT pg_advisory_lock(hashtext('atelier migrations'))

-- name: create_table
-- The only table that no migration makes.
CREATE TABLE IF NOT EXISTS schema_migrations (
    name       text PRIMARY KEY,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)

-- name: applied
-- What this database has had.
SELECT name, sha256 FROM schema_migrations

-- name: record
-- One more file applied, in the transaction that applied it.
INSERT INTO schema_migrations (name, sha256) VALUES (%(name)s, %(sha256)s)
