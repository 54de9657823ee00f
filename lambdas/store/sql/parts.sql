-- part: task_json
-- A task `t` with its outputs, as the API shows it to whoever runs it.
json_build_object(
    'step', t.step, 'kind', t.kind, 'model', t.model, 'state', t.state, 'progress', t.progress,
    'preview_url', CASE WHEN t.state = 'running' THEN '/' || t.preview END,
    'prompt', t.prompt, 'seconds', t.seconds, 'attempts', t.attempt, 'outputs', {outputs_json},
    'error', CASE WHEN t.error_code IS NOT NULL THEN
        json_build_object('code', t.error_code, 'detail', t.error_detail) END)

-- part: outputs_json
-- What a task `t` made, in order, as the API shows it.
(SELECT coalesce(json_agg(output_json(a) ORDER BY a.k), '[]') FROM assets a WHERE a.task_id = t.id)

-- part: visible
-- A pipeline `p` that the viewer may look at and use; those that are not public need their address.
p.deleted_at IS NULL AND (p.visibility <> 'private' OR p.account_id = %(viewer_id)s)

-- part: author
-- Whose a thing is; null when the account `a` was deleted.
CASE WHEN a.deleted_at IS NULL THEN a.handle END
