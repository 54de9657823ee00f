-- Previews of pictures under way.
SET lock_timeout = '5s';

-- Where in the media bucket one stands that the running delivery has shown.
-- No CHECK ties it to the state: functions of the release before, to which one may go back, do not clear it.
ALTER TABLE tasks ADD COLUMN preview text;
