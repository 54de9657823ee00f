-- name: keep_app
-- The user of the application: it signs in through IAM where RDS offers that.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'atelier_app') THEN
        CREATE ROLE atelier_app LOGIN;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam')
       AND NOT pg_has_role('atelier_app', 'rds_iam', 'MEMBER') THEN
        GRANT rds_iam TO atelier_app;
    END IF;
END
$$

-- name: grant_rows
-- It reads and changes rows of every table there is, and no table itself.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO atelier_app

-- name: grant_sequences
-- It draws numbers.
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO atelier_app

-- name: hide_migrations
-- What was applied is the owner's business.
REVOKE ALL ON schema_migrations FROM atelier_app
