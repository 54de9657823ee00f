-- Pipelines, their immutable versions, and ratings with what follows from them.
SET lock_timeout = '5s';

CREATE TABLE pipelines (
    id             uuid PRIMARY KEY DEFAULT uuidv7(),
    account_id     uuid NOT NULL REFERENCES accounts,
    title          text NOT NULL,
    description    text NOT NULL DEFAULT '',
    tags           text[] NOT NULL DEFAULT '{}',
    visibility     text NOT NULL,
    latest_version integer NOT NULL DEFAULT 1,
    parent_id      uuid REFERENCES pipelines,
    parent_version integer,
    kinds          text[] NOT NULL,
    models         text[] NOT NULL,
    rating_count   integer NOT NULL DEFAULT 0,
    rating_sum     integer NOT NULL DEFAULT 0,
    -- Weighted by evidence: as if 4 people had given 3 stars before anybody rated.
    score          double precision NOT NULL GENERATED ALWAYS AS ((12.0 + rating_sum) / (4.0 + rating_count)) STORED,
    run_count      integer NOT NULL DEFAULT 0,
    result_count   integer NOT NULL DEFAULT 0,
    remix_count    integer NOT NULL DEFAULT 0,
    search         tsvector NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    deleted_at     timestamptz,
    CONSTRAINT pipelines_visibility CHECK (visibility IN ('public', 'unlisted', 'private')),
    CONSTRAINT pipelines_parent_is_whole CHECK ((parent_id IS NULL) = (parent_version IS NULL)),
    CONSTRAINT pipelines_rating_fits CHECK (rating_sum BETWEEN rating_count AND 5 * rating_count)
);
CREATE INDEX pipelines_account ON pipelines (account_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX pipelines_top ON pipelines (score DESC, id DESC) WHERE deleted_at IS NULL AND visibility = 'public';
CREATE INDEX pipelines_new ON pipelines (id DESC) WHERE deleted_at IS NULL AND visibility = 'public';
CREATE INDEX pipelines_search ON pipelines USING gin (search) WHERE deleted_at IS NULL AND visibility = 'public';
CREATE INDEX pipelines_parent ON pipelines (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE versions (
    pipeline_id uuid NOT NULL REFERENCES pipelines,
    number      integer NOT NULL,
    spec        jsonb NOT NULL,
    note        text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pipeline_id, number),
    CONSTRAINT versions_number CHECK (number >= 1)
);

CREATE TABLE ratings (
    pipeline_id uuid NOT NULL REFERENCES pipelines,
    account_id  uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    stars       smallint NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pipeline_id, account_id),
    CONSTRAINT ratings_stars CHECK (stars BETWEEN 1 AND 5)
);
CREATE INDEX ratings_account ON ratings (account_id);
