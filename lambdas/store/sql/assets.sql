-- name: link
-- Link the outputs that won and stop keeping their receipts as possible losers.
WITH won AS (DELETE FROM deliveries WHERE id = ANY(%(winners)s))
INSERT INTO assets (task_id, k, type, key, thumb_key, width, height, thumbhash, excerpt, characters, bytes)
SELECT o.task_id, o.k, o.type, o.key, o.thumb_key, o.width, o.height, o.thumbhash, o.excerpt, o.characters, o.bytes
  FROM jsonb_to_recordset(%(outputs)s) AS o (
           task_id uuid, k smallint, type text, key text, thumb_key text, width integer, height integer,
           thumbhash text, excerpt text, characters integer, bytes integer)

-- name: visible_picture
-- Where a picture stands that the account may use as an input: an output of an own run or of a published result.
SELECT a.key
  FROM assets a JOIN tasks t ON t.id = a.task_id
 WHERE a.id = %(id)s AND a.type = 'image'
   AND (t.account_id = %(account_id)s
        OR EXISTS (SELECT FROM results r WHERE r.run_id = t.run_id AND r.hidden_at IS NULL))

-- name: unlinked
-- Which of these folders no output stands in and no unfinished task's receipt names.
SELECT f.prefix
  FROM unnest(%(prefixes)s::text[]) AS f (prefix)
 WHERE NOT EXISTS (SELECT FROM assets a
                    WHERE a.key >= f.prefix COLLATE "C" AND a.key < (f.prefix || '~') COLLATE "C")
   AND NOT EXISTS (SELECT FROM deliveries d WHERE d.id = split_part(f.prefix, '/', 2))
