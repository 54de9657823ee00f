-- name: find
-- One version that the viewer may read: of a pipeline that they see, or one that a published result shows.
-- Of a deleted pipeline those stay that remixes or results use, without their author's name.
SELECT v.pipeline_id, v.number, v.spec, v.note, v.created_at, w.title, w.description, w.tags,
       CASE WHEN a.deleted_at IS NULL AND p.deleted_at IS NULL THEN a.handle END AS author
  FROM versions v
  JOIN pipelines p ON p.id = v.pipeline_id
  JOIN accounts a ON a.id = p.account_id
 CROSS JOIN LATERAL (
       SELECT p.title, p.description, p.tags WHERE {visible}
        UNION ALL
       SELECT v.title, v.description, v.tags WHERE p.hidden_at IS NULL AND NOT coalesce({visible}, false)
        UNION ALL
       SELECT NULL, NULL, NULL WHERE p.hidden_at IS NOT NULL AND NOT coalesce({visible}, false)) w
 WHERE v.pipeline_id = %(pipeline_id)s AND v.number = %(number)s
   AND (({visible})
        OR EXISTS (SELECT FROM results r WHERE r.pipeline_id = v.pipeline_id AND r.version = v.number
                      AND r.hidden_at IS NULL)
        OR p.deleted_at IS NOT NULL AND p.visibility <> 'private'
           AND EXISTS (SELECT FROM pipelines c
                        WHERE c.parent_id = v.pipeline_id AND c.parent_version = v.number AND c.deleted_at IS NULL))

-- name: page
-- The versions of a pipeline, newest first, without their specs.
SELECT number, note, created_at
  FROM versions
 WHERE pipeline_id = %(pipeline_id)s AND (%(before)s::integer IS NULL OR number < %(before)s)
 ORDER BY number DESC
 LIMIT %(limit)s
