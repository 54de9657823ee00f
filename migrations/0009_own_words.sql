-- Versions and results keep their own words, and what takes a thing out of every list.
SET lock_timeout = '5s';

-- When an account gave proof of its email address; where no mail is configured a sign-up does.
-- By default now, for functions of the release before, which know no proof.
ALTER TABLE accounts ADD COLUMN confirmed_at timestamptz DEFAULT now();
-- Since when an account is being erased; nothing of it is listed from then on.
ALTER TABLE accounts ADD COLUMN closing_at timestamptz;
CREATE INDEX accounts_closing ON accounts (id) WHERE closing_at IS NOT NULL;

-- Since when a moderator hides it from everybody but its author.
ALTER TABLE pipelines ADD COLUMN hidden_at timestamptz;
ALTER TABLE results ADD COLUMN hidden_at timestamptz;
ALTER TABLE results ADD COLUMN sensitive boolean NOT NULL DEFAULT false;

-- What the pipeline said when it was last public, for whoever may not see what it says today; null if it never was.
ALTER TABLE versions ADD COLUMN title text;
ALTER TABLE versions ADD COLUMN description text;
ALTER TABLE versions ADD COLUMN tags text[];
ALTER TABLE versions ADD CONSTRAINT versions_words_are_whole
    CHECK ((title IS NULL) = (description IS NULL) AND (title IS NULL) = (tags IS NULL));
UPDATE versions v SET title = p.title, description = p.description, tags = p.tags
  FROM pipelines p WHERE p.id = v.pipeline_id AND p.visibility = 'public' AND p.deleted_at IS NULL;

-- The same for a result as of its publishing: the pipeline's title here, `about` and `tags` as they are.
ALTER TABLE results ADD COLUMN pipeline_title text;
UPDATE results r SET pipeline_title = p.title
  FROM pipelines p WHERE p.id = r.pipeline_id AND p.visibility = 'public' AND p.deleted_at IS NULL;
UPDATE results r SET about = '', tags = '{}'
  FROM pipelines p WHERE p.id = r.pipeline_id AND (p.visibility <> 'public' OR p.deleted_at IS NOT NULL);
