-- name: create
-- A pipeline with its first version; a remix is counted at its parent.
WITH made AS (
    INSERT INTO pipelines (account_id, title, description, tags, visibility, parent_id, parent_version,
                           kinds, models, prompts)
    VALUES (%(account_id)s, %(title)s, %(description)s, %(tags)s, %(visibility)s, %(parent_id)s, %(parent_version)s,
            %(kinds)s, %(models)s, prompts_of(%(spec)s))
    RETURNING id
), counted AS (
    UPDATE pipelines SET remix_count = remix_count + 1 WHERE id = %(parent_id)s
)
INSERT INTO versions (pipeline_id, number, spec, note, title, description, tags)
SELECT m.id, 1, %(spec)s, '', w.title, w.description, w.tags
  FROM made m LEFT JOIN (SELECT %(title)s::text, %(description)s::text, %(tags)s::text[]) AS w (title, description, tags)
    ON %(visibility)s = 'public'
RETURNING pipeline_id

-- part: columns
-- What is shown of a pipeline `p` of an account `a`, with its `parent` and the viewer's own rating `mine`.
p.id, p.title, p.description, p.tags, p.visibility, p.latest_version, p.kinds, p.models,
       parent.id AS parent_id, CASE WHEN parent.id IS NOT NULL THEN p.parent_version END AS parent_version, p.rating_count, p.rating_sum, p.score, mine.stars AS my_stars,
       p.run_count, p.result_count, p.remix_count, p.created_at, p.updated_at,
       {author} AS author

-- name: find
-- One pipeline that the viewer may see, with its latest spec.
SELECT {columns}, v.spec
  FROM pipelines p
  JOIN accounts a ON a.id = p.account_id
  JOIN versions v ON v.pipeline_id = p.id AND v.number = p.latest_version
  LEFT JOIN pipelines parent ON parent.id = p.parent_id AND {parent_is_told}
  LEFT JOIN ratings mine ON mine.pipeline_id = p.id AND mine.account_id = %(viewer_id)s
 WHERE p.id = %(pipeline_id)s AND {visible}

-- name: lock
-- What decides whether an account may change or rate a pipeline that it sees; held until the transaction ends.
SELECT p.account_id, p.latest_version
  FROM pipelines p
 WHERE p.id = %(pipeline_id)s AND {visible}
   FOR NO KEY UPDATE

-- name: update
-- Change what is given.
UPDATE pipelines
   SET title = coalesce(%(title)s, title),
       description = coalesce(%(description)s, description),
       tags = coalesce(%(tags)s, tags),
       visibility = coalesce(%(visibility)s, visibility),
       updated_at = now()
 WHERE id = %(pipeline_id)s

-- name: keep_words
-- Let the versions of a pipeline say what it says while it is public; afterwards they keep that.
UPDATE versions v SET title = p.title, description = p.description, tags = p.tags
  FROM pipelines p
 WHERE p.id = %(pipeline_id)s AND v.pipeline_id = p.id AND p.visibility = 'public'

-- name: list_results
-- Let lists show the results of a pipeline, or not. An author who publishes from a private pipeline wants it seen.
UPDATE results r SET listed = l.listed
  FROM (SELECT r.id, p.deleted_at IS NULL AND p.hidden_at IS NULL
               AND (p.visibility = 'public' OR r.account_id = p.account_id) AS listed
          FROM pipelines p JOIN results r ON r.pipeline_id = p.id
         WHERE p.id = %(pipeline_id)s) l
 WHERE r.id = l.id AND r.listed <> l.listed

-- name: delete
-- Take a pipeline out of every list; its versions stay for those who used them.
UPDATE pipelines SET deleted_at = now(), updated_at = now() WHERE id = %(pipeline_id)s

-- name: add_version
-- The next version of a pipeline that the caller holds.
WITH latest AS (
    UPDATE pipelines
       SET latest_version = latest_version + 1, kinds = %(kinds)s, models = %(models)s, prompts = prompts_of(%(spec)s),
           updated_at = now()
     WHERE id = %(pipeline_id)s
    RETURNING latest_version, visibility = 'public' AS public, title, description, tags
)
INSERT INTO versions (pipeline_id, number, spec, note, title, description, tags)
SELECT %(pipeline_id)s, latest_version, %(spec)s, %(note)s, CASE WHEN public THEN title END,
       CASE WHEN public THEN description END, CASE WHEN public THEN tags END
  FROM latest
RETURNING number

-- part: wanted
-- A pipeline `p` that a list with these filters shows; one's own list shows everything.
({listed_pipeline} OR %(own)s AND p.deleted_at IS NULL)
   AND (%(author_id)s::uuid IS NULL OR p.account_id = %(author_id)s)
   AND (%(kind)s::text IS NULL OR p.kinds @> ARRAY[%(kind)s::text])
   AND (%(model)s::text IS NULL OR p.models @> ARRAY[%(model)s::text])
   AND (%(lang)s::text IS NULL OR p.lang = %(lang)s)
   AND (%(period)s::interval IS NULL OR p.id >= first_id(now() - %(period)s::interval))
   AND (%(tag)s::text IS NULL OR p.tag_keys @> ARRAY[fold(%(tag)s::text)])
   AND (%(q)s::text IS NULL OR p.search @@ search_query(%(q)s))
   AND CASE WHEN %(min_rating)s::float8 IS NULL THEN %(own)s OR NOT p.weak
            ELSE p.rating_count > 0 AND p.score >= %(min_rating)s END

-- name: top
-- A page of pipelines, best first: ids and what they are sorted by.
SELECT p.id, p.score AS sort_value
  FROM pipelines p
 WHERE {wanted}
   AND (p.score, p.id) < (%(after_value)s::float8, %(after_id)s::uuid)
 ORDER BY p.score DESC, p.id DESC
 LIMIT %(limit)s

-- name: new
-- A page of pipelines, newest first; the value says nothing here, ids grow with time.
SELECT p.id, 0::float8 AS sort_value
  FROM pipelines p
 WHERE {wanted}
   AND p.id < %(after_id)s::uuid
 ORDER BY p.id DESC
 LIMIT %(limit)s

-- name: trending
-- A page of pipelines, liked and fresh first: ids and what they are sorted by.
SELECT p.id, p.hot AS sort_value
  FROM pipelines p
 WHERE {wanted}
   AND (p.hot, p.id) < (%(after_value)s::float8, %(after_id)s::uuid)
 ORDER BY p.hot DESC, p.id DESC
 LIMIT %(limit)s

-- name: cards
-- Pipelines of these ids, in this order, as a list shows them: without their specs.
SELECT {columns}, NULL::jsonb AS spec
  FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (id, ordinal)
  JOIN pipelines p ON p.id = wanted.id
  JOIN accounts a ON a.id = p.account_id
  LEFT JOIN pipelines parent ON parent.id = p.parent_id AND {parent_is_told}
  LEFT JOIN ratings mine ON mine.pipeline_id = p.id AND mine.account_id = %(viewer_id)s
 ORDER BY wanted.ordinal
