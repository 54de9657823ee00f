-- What a task was computed on.
SET lock_timeout = '5s';

-- The device and the version of torch, as the worker names them: other ones give other last bits.
ALTER TABLE tasks ADD COLUMN hardware text;
