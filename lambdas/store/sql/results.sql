-- name: lock_run
-- What decides whether an account may publish its run; run and pipeline are held until the transaction ends.
SELECT r.state, p.account_id = r.account_id AS own_pipeline, p.visibility = 'private' AS private,
       p.deleted_at IS NOT NULL AS deleted
  FROM runs r
  JOIN pipelines p ON p.id = r.pipeline_id
 WHERE r.id = %(run_id)s AND r.account_id = %(account_id)s
   FOR NO KEY UPDATE

-- name: has_output
-- Whether a run made this output.
SELECT EXISTS (SELECT FROM assets a JOIN tasks t ON t.id = a.task_id WHERE a.id = %(asset_id)s AND t.run_id = %(run_id)s)

-- name: publish
-- Put a run into the gallery, or change what is given of a result that is there; `created` tells which. A result that
-- was withdrawn comes back as the one that it was, and as old.
-- Without a wish the cover is the first picture of the last step that made one, else the last text. A picture of a
-- step without a prompt, such as an enlarged one, is told by the prompt of the picture before it.
WITH cover AS (
    SELECT a.id, left(CASE a.type WHEN 'image' THEN coalesce(t.prompt, (
               SELECT d.prompt FROM tasks d WHERE d.run_id = t.run_id AND d.ordinal < t.ordinal AND d.prompt IS NOT NULL
                ORDER BY d.kind = 'text', d.ordinal DESC LIMIT 1)) ELSE a.excerpt END, 500) AS excerpt
      FROM assets a
      JOIN tasks t ON t.id = a.task_id
     WHERE t.run_id = %(run_id)s
     ORDER BY (a.id = coalesce(%(cover)s, (SELECT cover_id FROM results WHERE run_id = %(run_id)s))) DESC NULLS LAST,
              (a.type = 'image') DESC, t.ordinal DESC, a.k
     LIMIT 1
), made AS (
    SELECT array_agg(DISTINCT t.kind) AS kinds, array_agg(DISTINCT t.model) AS models,
           string_agg(concat_ws(' ', t.prompt,
               (SELECT string_agg(a.excerpt, ' ' ORDER BY a.k) FROM assets a WHERE a.task_id = t.id)), ' '
               ORDER BY t.ordinal) AS prompts
      FROM tasks t
     WHERE t.run_id = %(run_id)s
), result AS (
    INSERT INTO results (id, created_at, run_id, account_id, pipeline_id, version, title, cover_id, excerpt, prompts, kinds, models,
                         pipeline_title, about, tags, listed, score, rating_count, seed)
    SELECT coalesce(r.result_id, uuidv7()), coalesce(r.published_at, now()), r.id, r.account_id, r.pipeline_id,
           r.version, coalesce(%(title)s, p.title), cover.id,
           coalesce(cover.excerpt, ''), made.prompts, made.kinds, made.models,
           CASE WHEN p.visibility = 'public' THEN p.title END,
           CASE WHEN p.visibility = 'public' THEN p.title || ' ' || p.description ELSE '' END,
           CASE WHEN p.visibility = 'public' THEN p.tags ELSE '{}' END,
           p.hidden_at IS NULL AND (p.visibility = 'public' OR r.account_id = p.account_id), p.score, p.rating_count, r.seed
      FROM runs r
      JOIN pipelines p ON p.id = r.pipeline_id
     CROSS JOIN cover
     CROSS JOIN made
     WHERE r.id = %(run_id)s
        ON CONFLICT (run_id) DO UPDATE
       SET title = coalesce(%(title)s, results.title), cover_id = excluded.cover_id, excerpt = excluded.excerpt
    RETURNING new.id, new.created_at, new.run_id, new.pipeline_id, old.id IS NULL AS created
), remembered AS (
    UPDATE runs SET result_id = result.id, published_at = result.created_at FROM result WHERE runs.id = result.run_id
), counted AS (
    UPDATE pipelines SET result_count = result_count + 1 FROM result WHERE pipelines.id = pipeline_id AND created
)
SELECT id, created, pipeline_id FROM result

-- name: own
-- Whether the account has published this run.
SELECT true FROM results WHERE run_id = %(run_id)s AND account_id = %(account_id)s

-- name: withdraw
-- Take an account's result out of the gallery; no row when it has none of this run.
WITH gone AS (
    DELETE FROM results WHERE run_id = %(run_id)s AND account_id = %(account_id)s RETURNING pipeline_id
)
UPDATE pipelines SET result_count = result_count - 1 FROM gone WHERE id = gone.pipeline_id RETURNING id

-- name: choose_leading
-- The best two listed results of a pipeline, which the caller holds, stand where it ranks: those of its author, who
-- shows what it is meant for, before others', and newer ones before older.
WITH best AS MATERIALIZED (
    SELECT c.id FROM pipelines p CROSS JOIN LATERAL (
           (SELECT id, 0 AS rank FROM results
             WHERE pipeline_id = p.id AND account_id = p.account_id AND listed AND hidden_at IS NULL
             ORDER BY id DESC LIMIT 2)
           UNION ALL
           (SELECT id, 1 AS rank FROM results
             WHERE pipeline_id = p.id AND account_id <> p.account_id AND listed AND hidden_at IS NULL
             ORDER BY id DESC LIMIT 2)) c
     WHERE p.id = %(pipeline_id)s
     ORDER BY c.rank, c.id DESC LIMIT 2
), touched AS MATERIALIZED (
    SELECT id FROM results WHERE pipeline_id = %(pipeline_id)s AND leads UNION SELECT id FROM best
)
UPDATE results r
   SET leads = b.id IS NOT NULL, top = CASE WHEN b.id IS NULL THEN 0 ELSE p.score END,
       trend = CASE WHEN b.id IS NULL THEN 0 ELSE p.hot END
  FROM touched t LEFT JOIN best b ON b.id = t.id, pipelines p
 WHERE r.id = t.id AND p.id = %(pipeline_id)s

-- part: wanted
-- A result `r` of a pipeline `p` that a list with these filters shows; one's own list shows everything.
({listed_result} OR %(own)s)
   AND (%(author_id)s::uuid IS NULL OR r.account_id = %(author_id)s)
   AND (%(pipeline_id)s::uuid IS NULL OR r.pipeline_id = %(pipeline_id)s)
   AND (%(kind)s::text IS NULL OR r.kinds @> ARRAY[%(kind)s::text])
   AND (%(model)s::text IS NULL OR r.models @> ARRAY[%(model)s::text])
   AND (%(lang)s::text IS NULL OR r.lang = %(lang)s)
   AND (%(seed)s::bigint IS NULL OR r.seed = %(seed)s)
   AND (%(period)s::interval IS NULL OR r.id >= first_id(now() - %(period)s::interval))
   AND (%(tag)s::text IS NULL OR r.tag_keys @> ARRAY[fold(%(tag)s::text)])
   AND (%(q)s::text IS NULL OR r.search @@ search_query(%(q)s))
   AND CASE WHEN %(min_rating)s::float8 IS NULL THEN %(own)s OR NOT p.weak
            ELSE p.rating_count > 0 AND p.score >= %(min_rating)s END

-- name: top
-- A page of the gallery, best first: ids and what they are sorted by. Further results of a pipeline follow after all
-- pipelines had their turn, newest first.
SELECT r.id, r.top AS sort_value
  FROM results r JOIN pipelines p ON p.id = r.pipeline_id
 WHERE {wanted}
   AND (r.top, r.id) < (%(after_value)s::float8, %(after_id)s::uuid)
 ORDER BY r.top DESC, r.id DESC
 LIMIT %(limit)s

-- name: new
-- A page of the gallery, newest first; the value says nothing here, ids grow with time.
SELECT r.id, 0::float8 AS sort_value
  FROM results r JOIN pipelines p ON p.id = r.pipeline_id
 WHERE {wanted}
   AND r.id < %(after_id)s::uuid
 ORDER BY r.id DESC
 LIMIT %(limit)s

-- name: trending
-- A page of the gallery, liked and fresh first: ids and what they are sorted by.
SELECT r.id, r.trend AS sort_value
  FROM results r JOIN pipelines p ON p.id = r.pipeline_id
 WHERE {wanted}
   AND (r.trend, r.id) < (%(after_value)s::float8, %(after_id)s::uuid)
 ORDER BY r.trend DESC, r.id DESC
 LIMIT %(limit)s

-- name: cards
-- Results of these ids, in this order, as one JSON array that goes to the client as it is. Of a pipeline that the
-- viewer may not see they tell what was public when they were published, and nothing that came later.
SELECT coalesce(json_agg(json_build_object(
           'id', r.id,
           'title', r.title,
           'run', r.run_id,
           'author', CASE WHEN a.deleted_at IS NULL THEN json_build_object('handle', a.handle) END,
           'seed', run.seed,
           'inputs', run.inputs,
           'pipeline', json_build_object(
               'id', p.id,
               'title', CASE WHEN {visible} THEN p.title WHEN p.hidden_at IS NULL THEN r.pipeline_title END,
               'version', r.version,
               'rating', CASE WHEN {visible} THEN json_build_object(
                   'average', round(p.rating_sum::numeric / nullif(p.rating_count, 0), 2),
                   'count', p.rating_count,
                   'score', round(p.score::numeric, 2)) END,
               'parent', CASE WHEN parent.id IS NOT NULL AND {visible} THEN
                   json_build_object('pipeline', parent.id, 'version', p.parent_version) END),
           'cover', output_json(cover),
           'excerpt', r.excerpt,
           'kinds', r.kinds,
           'models', r.models,
           'created_at', r.created_at) ORDER BY wanted.ordinal), '[]')::text
  FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (id, ordinal)
  JOIN results r ON r.id = wanted.id
  JOIN runs run ON run.id = r.run_id
  JOIN pipelines p ON p.id = r.pipeline_id
  JOIN accounts a ON a.id = r.account_id
  JOIN assets cover ON cover.id = r.cover_id
  LEFT JOIN pipelines parent ON parent.id = p.parent_id AND {parent_is_told}
 WHERE r.hidden_at IS NULL OR r.account_id = %(viewer_id)s

-- name: steps
-- Every step of a result's run, in order: what it was told, what it made, how long that took and on what.
-- The params are those that the model got, but a picture stays the reference that the spec has.
SELECT t.step, t.kind, t.model, t.revision, t.prompt, t.params || (coalesce(t.resolved, '{}') - 'image') AS params,
       coalesce(t.computed_seconds, t.seconds) AS seconds, t.hardware, run.seed AS run_seed,
       {outputs_json} AS outputs
  FROM results r
  JOIN runs run ON run.id = r.run_id
  JOIN tasks t ON t.run_id = run.id
 WHERE r.id = %(result_id)s
 ORDER BY t.ordinal

-- name: deliveries
-- The folders of the media bucket that a run's outputs lie in.
SELECT DISTINCT split_part(a.key, '/', 2) FROM assets a JOIN tasks t ON t.id = a.task_id WHERE t.run_id = %(run_id)s

-- name: media
-- The keys of a run's outputs.
SELECT a.key, a.thumb_key FROM assets a JOIN tasks t ON t.id = a.task_id WHERE t.run_id = %(run_id)s

-- name: move_media
-- Let the outputs of a run stand in other folders, and note the old ones for deletion.
WITH moved AS (
    UPDATE assets a
       SET key = 'media/' || m.new || '/' || split_part(a.key, '/', 3),
           thumb_key = 'media/' || m.new || '/' || split_part(a.thumb_key, '/', 3)
      FROM tasks t, unnest(%(old)s::text[], %(new)s::text[]) AS m (old, new)
     WHERE t.id = a.task_id AND t.run_id = %(run_id)s AND split_part(a.key, '/', 2) = m.old
), renamed AS (
    UPDATE tasks t SET delivery = m.new
      FROM unnest(%(old)s::text[], %(new)s::text[]) AS m (old, new)
     WHERE t.run_id = %(run_id)s AND t.delivery = m.old
)
INSERT INTO doomed_media (prefix) SELECT 'media/' || old || '/' FROM unnest(%(old)s::text[]) AS old
    ON CONFLICT (prefix) DO NOTHING
