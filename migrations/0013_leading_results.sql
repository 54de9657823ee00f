-- The best two results of a pipeline stand where it ranks; further ones after all pipelines had their turn.
SET lock_timeout = '5s';

-- A result that is withdrawn and published again is the one that it was, and as old.
ALTER TABLE runs ADD COLUMN result_id uuid;
ALTER TABLE runs ADD COLUMN published_at timestamptz;
UPDATE runs SET result_id = r.id, published_at = r.created_at FROM results r WHERE r.run_id = runs.id;

-- Of the two only a copy of the pipeline's score and hotness is kept, so that rating it writes four rows at most.
ALTER TABLE results ADD COLUMN leads boolean NOT NULL DEFAULT false;
ALTER TABLE results ADD COLUMN top double precision NOT NULL DEFAULT 0;
ALTER TABLE results ADD COLUMN trend double precision NOT NULL DEFAULT 0;
WITH ranked AS (
    SELECT r.id, p.score, p.hot,
           row_number() OVER (PARTITION BY r.pipeline_id
                              ORDER BY (r.account_id = p.account_id) DESC, r.id DESC) AS nth
      FROM results r JOIN pipelines p ON p.id = r.pipeline_id
     WHERE r.listed
)
UPDATE results r SET leads = true, top = ranked.score, trend = ranked.hot
  FROM ranked WHERE r.id = ranked.id AND ranked.nth <= 2;

CREATE INDEX results_by_top ON results (top DESC, id DESC) WHERE listed;
CREATE INDEX results_by_trend ON results (trend DESC, id DESC) WHERE listed;
CREATE INDEX results_leading ON results (pipeline_id) WHERE leads;
CREATE INDEX results_of_pipeline ON results (pipeline_id, id DESC) WHERE listed;
CREATE INDEX results_of_author ON results (pipeline_id, account_id, id DESC) WHERE listed;
