-- What people type is compared and found without case, accents, compatibility forms and invisible characters.
SET lock_timeout = '5s';

-- The same as contract.text.fold; й is a letter of its own and keeps its sign.
CREATE FUNCTION fold(written text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN btrim(regexp_replace(regexp_replace(regexp_replace(
        replace(lower(normalize(lower(written COLLATE "pg_c_utf8"), NFKD)), U&'\0438\0306', U&'\0439') COLLATE "C",
        U&'[\0300-\036F\0483-\0487\0591-\05C7\0610-\061A\064B-\065F]', '', 'g'),
        U&'[\00AD\034F\061C\180E\200B-\200F\202A-\202E\2060-\2069\FE00-\FE0F\FEFF]', '', 'g'),
        '\s+', ' ', 'g'));

CREATE FUNCTION folded(texts text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT coalesce(array_agg(fold(item) ORDER BY ordinal), '{}')
              FROM unnest(texts) WITH ORDINALITY AS t (item, ordinal));

-- Scripts without spaces between words: each character is a word, so that one is found inside a run of them.
CREATE FUNCTION parted(folded text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(folded COLLATE "C", U&'([\0E00-\0E7F\3040-\30FF\3400-\4DBF\4E00-\9FFF\F900-\FAFF])', ' \1 ', 'g');

-- What the search finds in texts. The russian configuration stems words of Latin letters in English.
CREATE FUNCTION search_words(VARIADIC texts text[]) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('pg_catalog.russian', parted(fold(spaced(texts))));

-- What somebody searches for, in the same words.
CREATE FUNCTION search_query(wanted text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN websearch_to_tsquery('pg_catalog.russian', parted(fold(wanted)));

UPDATE pipelines SET title = normalize(title, NFC), description = normalize(description, NFC)
 WHERE title IS NOT NFC NORMALIZED OR description IS NOT NFC NORMALIZED;
UPDATE results SET title = normalize(title, NFC) WHERE title IS NOT NFC NORMALIZED;

-- Of tags that are the same the first stays.
CREATE FUNCTION pg_temp.distinct_tags(tags text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    RETURN (SELECT coalesce(array_agg(tag ORDER BY ordinal), '{}')
              FROM (SELECT DISTINCT ON (fold(tag)) normalize(tag, NFC) AS tag, ordinal
                      FROM unnest(tags) WITH ORDINALITY AS t (tag, ordinal) ORDER BY fold(tag), ordinal) first);
UPDATE pipelines SET tags = pg_temp.distinct_tags(tags) WHERE tags <> pg_temp.distinct_tags(tags);
UPDATE versions SET tags = pg_temp.distinct_tags(tags) WHERE tags <> pg_temp.distinct_tags(tags);
UPDATE results SET tags = pg_temp.distinct_tags(tags) WHERE tags <> pg_temp.distinct_tags(tags);

ALTER TABLE pipelines ADD COLUMN tag_keys text[] NOT NULL GENERATED ALWAYS AS (folded(tags)) STORED;
ALTER TABLE results ADD COLUMN tag_keys text[] NOT NULL GENERATED ALWAYS AS (folded(tags)) STORED;
ALTER TABLE pipelines ALTER COLUMN search
    SET EXPRESSION AS (search_words(title, description, spaced(tags), prompts));
ALTER TABLE results ALTER COLUMN search SET EXPRESSION AS (search_words(title, about, spaced(tags), prompts));

-- Beside those on `tags`, which functions of the release before still ask.
CREATE INDEX pipelines_by_label ON pipelines USING gin (kinds, models, tag_keys)
    WHERE deleted_at IS NULL AND visibility = 'public';
CREATE INDEX results_by_label ON results USING gin (kinds, models, tag_keys) WHERE listed;
