-- The gallery: runs that their authors published, kept so that a page is one index scan.
SET lock_timeout = '5s';

CREATE TABLE results (
    id           uuid PRIMARY KEY DEFAULT uuidv7(),
    run_id       uuid NOT NULL UNIQUE REFERENCES runs,
    account_id   uuid NOT NULL REFERENCES accounts,
    pipeline_id  uuid NOT NULL REFERENCES pipelines,
    version      integer NOT NULL,
    title        text NOT NULL,
    cover_id     uuid NOT NULL REFERENCES assets,
    excerpt      text NOT NULL,
    prompts      text NOT NULL,          -- resolved prompts and the beginnings of texts, for the search
    kinds        text[] NOT NULL,
    models       text[] NOT NULL,
    -- Copies of what the pipeline says, kept in step by the same transactions that change it.
    about        text NOT NULL,          -- its title and description
    tags         text[] NOT NULL,
    -- Not deleted, and public or its own author's: who publishes from a private pipeline shows that much of it.
    listed       boolean NOT NULL,
    score        double precision NOT NULL,
    rating_count integer NOT NULL,
    weak         boolean NOT NULL GENERATED ALWAYS AS (is_weak(score, rating_count)) STORED,
    hot          double precision NOT NULL GENERATED ALWAYS AS (hotness(created_at, score, rating_count)) STORED,
    search       tsvector NOT NULL GENERATED ALWAYS AS (words(title, about, spaced(tags), prompts)) STORED,
    created_at   timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (pipeline_id, version) REFERENCES versions
);
CREATE INDEX results_top ON results (score DESC, id DESC) WHERE listed;
CREATE INDEX results_new ON results (id DESC) WHERE listed;
CREATE INDEX results_trending ON results (hot DESC, id DESC) WHERE listed;
CREATE INDEX results_account ON results (account_id, id DESC);
CREATE INDEX results_pipeline ON results (pipeline_id, version);
CREATE INDEX results_cover ON results (cover_id);
CREATE INDEX results_search ON results USING gin (search) WHERE listed;
CREATE INDEX results_labels ON results USING gin (kinds, models, tags) WHERE listed;

-- An output as the API shows it; contract/keys.py says the same of the URL, and a test compares the two.
CREATE FUNCTION output_json(a assets) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE a.type
        WHEN 'image' THEN json_build_object(
            'id', a.id, 'type', a.type, 'url', '/' || a.key, 'thumb_url', '/' || a.thumb_key,
            'width', a.width, 'height', a.height, 'thumbhash', a.thumbhash)
        ELSE json_build_object(
            'id', a.id, 'type', a.type, 'text', a.excerpt, 'characters', a.characters, 'url', '/' || a.key)
    END;
