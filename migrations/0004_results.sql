-- The gallery: runs that their authors published, kept so that a page is one index scan.
SET lock_timeout = '5s';

CREATE TABLE results (
    id           uuid PRIMARY KEY DEFAULT uuidv7(),
    run_id       uuid NOT NULL UNIQUE REFERENCES runs,
    account_id   uuid NOT NULL REFERENCES accounts,
    pipeline_id  uuid NOT NULL,
    version      integer NOT NULL,
    title        text NOT NULL,
    cover_id     uuid NOT NULL REFERENCES assets,
    excerpt      text NOT NULL,
    kinds        text[] NOT NULL,
    models       text[] NOT NULL,
    -- Copies of what the pipeline says, kept in step by the same transactions that change it.
    tags         text[] NOT NULL,
    listed       boolean NOT NULL,       -- the pipeline is public and not deleted
    weak         boolean NOT NULL,       -- 5 or more ratings and a score under 2.5
    score        double precision NOT NULL,
    rating_count integer NOT NULL,
    hot          double precision NOT NULL,
    search       tsvector NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (pipeline_id, version) REFERENCES versions
);
CREATE INDEX results_top ON results (score DESC, id DESC) WHERE listed;
CREATE INDEX results_new ON results (id DESC) WHERE listed;
CREATE INDEX results_trending ON results (hot DESC, id DESC) WHERE listed;
CREATE INDEX results_account ON results (account_id, id DESC);
CREATE INDEX results_pipeline ON results (pipeline_id, id DESC);
CREATE INDEX results_search ON results USING gin (search) WHERE listed;
CREATE INDEX results_labels ON results USING gin (kinds, models, tags) WHERE listed;
