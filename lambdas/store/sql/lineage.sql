-- part: related
-- A pipeline `p` that a lineage may name to the viewer; what they may not see leaves no trace, nor what lies behind it.
({listed_pipeline} OR p.account_id = %(viewer_id)s AND p.deleted_at IS NULL)

-- name: family
-- A pipeline that the viewer may see, its ancestors, descendants and siblings, the nearest `limit`, as one JSON array.
WITH RECURSIVE up AS (
    SELECT p.id, p.parent_id, 0 AS distance FROM pipelines p WHERE p.id = %(pipeline_id)s AND {visible}
     UNION ALL
    SELECT p.id, p.parent_id, u.distance + 1
      FROM up u JOIN pipelines p ON p.id = u.parent_id
     WHERE {related} AND u.distance < %(limit)s
), down AS (
    SELECT id, 0 AS distance FROM up WHERE distance = 0
     UNION ALL
    SELECT p.id, d.distance + 1
      FROM down d JOIN pipelines p ON p.parent_id = d.id
     WHERE {related} AND d.distance < %(limit)s
), family AS (
    SELECT id, min(distance) AS distance
      FROM (SELECT id, distance FROM up
             UNION ALL (SELECT id, distance FROM down LIMIT %(limit)s)
             UNION ALL (SELECT p.id, 2 FROM up u JOIN pipelines p ON p.parent_id = u.id
                         WHERE u.distance = 1 AND {related} LIMIT %(limit)s)) every
     GROUP BY id
     ORDER BY min(distance), id
     LIMIT %(limit)s
)
SELECT coalesce(json_agg(json_build_object(
           'pipeline', p.id,
           'version', p.latest_version,
           'parent', CASE WHEN parent.id IS NOT NULL THEN
               json_build_object('pipeline', parent.id, 'version', p.parent_version) END,
           'title', p.title,
           'author', CASE WHEN a.deleted_at IS NULL THEN json_build_object('handle', a.handle) END,
           'rating', json_build_object(
               'average', round(p.rating_sum::numeric / nullif(p.rating_count, 0), 2),
               'count', p.rating_count,
               'score', round(p.score::numeric, 2)),
           'counts', json_build_object('runs', p.run_count, 'results', p.result_count, 'remixes', p.remix_count),
           'cover', (SELECT output_json(c) FROM results r JOIN assets c ON c.id = r.cover_id
                      WHERE r.pipeline_id = p.id AND r.leads AND {listed_result} ORDER BY r.id DESC LIMIT 1),
           'created_at', p.created_at) ORDER BY f.distance, p.id), '[]')
  FROM family f
  JOIN pipelines p ON p.id = f.id
  JOIN accounts a ON a.id = p.account_id
  LEFT JOIN pipelines parent ON parent.id = p.parent_id AND {parent_is_told}

-- name: parent_result
-- The best result of the version that a result's pipeline was started from, if the viewer may see it.
SELECT r.id
  FROM results own
  JOIN pipelines remix ON remix.id = own.pipeline_id
  JOIN pipelines p ON p.id = remix.parent_id AND {visible}
  JOIN results r ON r.pipeline_id = p.id AND {listed_result}
 WHERE own.id = %(result_id)s
 ORDER BY (r.version = remix.parent_version) DESC, r.leads DESC, r.id DESC
 LIMIT 1
