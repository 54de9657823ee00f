-- name: rate
-- Give stars, or other stars than before, to a pipeline that the caller holds; its sums follow.
WITH given AS (
    INSERT INTO ratings (pipeline_id, account_id, stars)
    VALUES (%(pipeline_id)s, %(account_id)s, %(stars)s)
    ON CONFLICT (pipeline_id, account_id) DO UPDATE SET stars = excluded.stars, updated_at = now()
    RETURNING old.stars AS before, new.stars AS after
)
UPDATE pipelines
   SET rating_count = rating_count + (before IS NULL)::int, rating_sum = rating_sum + after - coalesce(before, 0)
  FROM given
 WHERE id = %(pipeline_id)s
RETURNING rating_count, rating_sum, score, after AS my_stars

-- name: withdraw
-- Take an account's stars back from a pipeline that the caller holds; its sums follow.
WITH gone AS (
    DELETE FROM ratings WHERE pipeline_id = %(pipeline_id)s AND account_id = %(account_id)s RETURNING stars
)
UPDATE pipelines SET rating_count = rating_count - 1, rating_sum = rating_sum - stars
  FROM gone
 WHERE id = %(pipeline_id)s
RETURNING rating_count

-- name: update_results
-- Let the leading results of a pipeline rank as it does: two of them at most, however many there are.
UPDATE results r SET top = p.score, trend = p.hot
  FROM pipelines p
 WHERE p.id = %(pipeline_id)s AND r.pipeline_id = p.id AND r.leads
