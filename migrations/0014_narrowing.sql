-- Lists can be narrowed to a language and to a seed.
SET lock_timeout = '5s';

-- The language of a text by the script of most of its letters; null without letters of either.
CREATE FUNCTION language_of(written text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT CASE WHEN n.cyrillic + n.latin = 0 THEN NULL WHEN n.cyrillic > n.latin THEN 'ru' ELSE 'en' END
              FROM (SELECT regexp_count(written COLLATE "C", U&'[\0400-\04FF]') AS cyrillic,
                           regexp_count(written COLLATE "C", '[A-Za-z]') AS latin) n);

ALTER TABLE pipelines ADD COLUMN lang text GENERATED ALWAYS AS (language_of(title || ' ' || prompts)) STORED;
ALTER TABLE results ADD COLUMN lang text GENERATED ALWAYS AS (language_of(title || ' ' || prompts)) STORED;

-- The run's, for functions of the release before null: those results are found by everything but their seed.
ALTER TABLE results ADD COLUMN seed bigint;
UPDATE results SET seed = runs.seed FROM runs WHERE runs.id = results.run_id;
CREATE INDEX results_seed ON results (seed, id DESC) WHERE listed;
