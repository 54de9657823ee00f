-- Uploads whose bytes are still on their way to the bucket.
SET lock_timeout = '5s';

-- False by default, for functions of the release before store the bytes before they commit the row.
ALTER TABLE uploads ADD COLUMN pending boolean NOT NULL DEFAULT false;
CREATE INDEX uploads_pending ON uploads (created_at) WHERE pending;
