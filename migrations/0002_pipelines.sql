-- Pipelines, their immutable versions, and ratings with what follows from them.
SET lock_timeout = '5s';

-- Weighted by evidence: as if 4 people had given 3 stars before anybody rated.
CREATE FUNCTION score_of(rating_sum integer, rating_count integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (12.0 + rating_sum)::double precision / (4 + rating_count);

-- Lists leave out what many have rated and few have liked.
CREATE FUNCTION is_weak(score double precision, rating_count integer) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN rating_count >= 5 AND score < 2.5;

-- The day it was made, moved by what people think of it: 30 ratings of 4.6 are worth five days, of 2 minus four.
-- It never changes with the clock, so an index keeps the order.
CREATE FUNCTION hotness(created_at timestamptz, score double precision, rating_count integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN extract(epoch FROM created_at AT TIME ZONE 'UTC')::double precision / 86400
           + (score - 3) * ln(1 + rating_count);

-- Every prompt of a spec, for the search.
CREATE FUNCTION prompts_of(spec jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT coalesce(string_agg(prompt #>> '{}', ' '), '')
              FROM jsonb_path_query(spec, '$.steps[*].params.prompt') AS prompt);

-- array_to_string is only declared stable, for the sake of element types that are not text.
CREATE FUNCTION spaced(texts text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT coalesce(string_agg(item, ' '), '') FROM unnest(texts) AS item);

-- The russian configuration stems words of Latin letters in English, so it serves both languages.
CREATE FUNCTION words(VARIADIC texts text[]) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('pg_catalog.russian', spaced(texts));

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
    -- Of the latest version.
    kinds          text[] NOT NULL,
    models         text[] NOT NULL,
    prompts        text NOT NULL,
    rating_count   integer NOT NULL DEFAULT 0,
    rating_sum     integer NOT NULL DEFAULT 0,
    score          double precision NOT NULL GENERATED ALWAYS AS (score_of(rating_sum, rating_count)) STORED,
    weak           boolean NOT NULL GENERATED ALWAYS AS (is_weak(score_of(rating_sum, rating_count), rating_count)) STORED,
    hot            double precision NOT NULL
                   GENERATED ALWAYS AS (hotness(created_at, score_of(rating_sum, rating_count), rating_count)) STORED,
    run_count      integer NOT NULL DEFAULT 0,
    result_count   integer NOT NULL DEFAULT 0,
    remix_count    integer NOT NULL DEFAULT 0,
    search         tsvector NOT NULL
                   GENERATED ALWAYS AS (words(title, description, spaced(tags), prompts)) STORED,
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
CREATE INDEX pipelines_trending ON pipelines (hot DESC, id DESC) WHERE deleted_at IS NULL AND visibility = 'public';
CREATE INDEX pipelines_search ON pipelines USING gin (search) WHERE deleted_at IS NULL AND visibility = 'public';
CREATE INDEX pipelines_labels ON pipelines USING gin (kinds, models, tags)
    WHERE deleted_at IS NULL AND visibility = 'public';
CREATE INDEX pipelines_parent ON pipelines (parent_id, parent_version) WHERE parent_id IS NOT NULL;

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
