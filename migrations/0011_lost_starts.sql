-- How often a worker started a task and was never heard of again.
SET lock_timeout = '5s';

-- Counted where the truth is: a worker that judges by a message's receipts counts those of doubled messages, too.
ALTER TABLE tasks ADD COLUMN lost_starts smallint NOT NULL DEFAULT 0;
