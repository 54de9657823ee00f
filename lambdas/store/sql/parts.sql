-- part: task_json
-- A task `t` with its outputs, as the API shows it to whoever runs it.
json_build_object(
    'step', t.step, 'kind', t.kind, 'model', t.model, 'state', t.state, 'progress', t.progress,
    'preview_url', CASE WHEN t.state = 'running' THEN '/' || t.preview END,
    'prompt', t.prompt, 'seconds', coalesce(t.computed_seconds, t.seconds), 'attempts', t.attempt, 'outputs', {outputs_json},
    'error', CASE WHEN t.error_code IS NOT NULL THEN
        json_build_object('code', t.error_code, 'detail', t.error_detail) END)

-- part: outputs_json
-- What a task `t` made, in order, as the API shows it.
(SELECT coalesce(json_agg(output_json(a) ORDER BY a.k), '[]') FROM assets a WHERE a.task_id = t.id)

-- part: visible
-- A pipeline `p` that the viewer may look at and use; those that are not public need their address.
p.deleted_at IS NULL AND (p.account_id = %(viewer_id)s OR p.visibility <> 'private' AND p.hidden_at IS NULL)

-- part: parent_is_told
-- A `parent` that the viewer may know of: one that they may look at, or of which a version can still be read.
(parent.account_id = %(viewer_id)s OR parent.visibility <> 'private' AND parent.hidden_at IS NULL)

-- part: listed_pipeline
-- A pipeline `p` that lists, searches and suggestions may show to anybody.
(p.visibility = 'public' AND p.deleted_at IS NULL AND p.hidden_at IS NULL
 AND p.account_id NOT IN (SELECT c.id FROM accounts c WHERE c.closing_at IS NOT NULL))

-- part: listed_result
-- A result `r` that lists, searches and suggestions may show to anybody; `r.listed` says so of its pipeline.
(r.listed AND r.hidden_at IS NULL
 AND r.account_id NOT IN (SELECT c.id FROM accounts c WHERE c.closing_at IS NOT NULL))

-- part: author
-- Whose a thing is; null when the account `a` was deleted.
CASE WHEN a.deleted_at IS NULL THEN a.handle END
