-- Waiting told from working: who has a task without computing it, and how long computing took.
SET lock_timeout = '5s';

-- When a worker last said that it has the task and cannot begin yet; counts while it is not before sent_at.
ALTER TABLE tasks ADD COLUMN received_at timestamptz;

-- From `started` to the last output. Null for what older workers made, whose seconds hold their waiting, too:
-- what models take is reckoned without them.
ALTER TABLE tasks ADD COLUMN computed_seconds real;
