-- Runs, their tasks on the way through the queue, and what the tasks made.
SET lock_timeout = '5s';

CREATE TABLE runs (
    id           uuid PRIMARY KEY DEFAULT uuidv7(),
    account_id   uuid NOT NULL REFERENCES accounts,
    pipeline_id  uuid NOT NULL,
    version      integer NOT NULL,
    inputs       jsonb NOT NULL,                -- as given, with the defaults filled in
    input_keys   jsonb NOT NULL DEFAULT '{}',   -- where the pictures among the inputs stand in the bucket
    seed         bigint NOT NULL,
    state        text NOT NULL DEFAULT 'queued',
    error_code   text,
    error_detail text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    FOREIGN KEY (pipeline_id, version) REFERENCES versions,
    CONSTRAINT runs_state CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT runs_final_ones_have_an_end
        CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT runs_failed_ones_say_why
        CHECK ((state = 'failed') = (error_code IS NOT NULL) AND (error_code IS NULL) = (error_detail IS NULL)),
    CONSTRAINT runs_seed CHECK (seed BETWEEN 0 AND 9007199254740991)
);
CREATE INDEX runs_account ON runs (account_id, id DESC);
CREATE INDEX runs_pipeline ON runs (pipeline_id);

-- The row comes before its run in one transaction, so that a second request with the key waits for the first.
CREATE TABLE idempotency_keys (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    key        text NOT NULL,
    body_hash  bytea NOT NULL,
    run_id     uuid NOT NULL DEFAULT uuidv7() UNIQUE REFERENCES runs ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- waiting: an earlier step is not done; queued: ready, in the backlog (sent_at null) or out in SQS;
-- running: a worker has reported `started`. The rules stand in lambdas/domain/states.py.
CREATE TABLE tasks (
    id           uuid PRIMARY KEY DEFAULT uuidv7(),
    run_id       uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    account_id   uuid NOT NULL REFERENCES accounts,
    ordinal      smallint NOT NULL,
    step         text NOT NULL,
    kind         text NOT NULL,
    model        text NOT NULL,
    revision     text NOT NULL,
    queue        text NOT NULL,
    guest        boolean NOT NULL,
    needs        text[] NOT NULL,        -- steps whose outputs the params refer to
    params       jsonb NOT NULL,         -- as in the spec
    resolved     jsonb,                  -- the templates among the params, filled in; null until the task is ready
    prompt       text GENERATED ALWAYS AS (resolved ->> 'prompt') STORED,
    carry        text,                   -- what later steps insert; cleared once no step can need it any more
    state        text NOT NULL DEFAULT 'waiting',
    token        text NOT NULL,
    attempt      smallint NOT NULL DEFAULT 1,
    ready_at     timestamptz,
    sent_at      timestamptz,            -- null while in the backlog
    lease_until  timestamptz,
    started_at   timestamptz,
    finished_at  timestamptz,
    delivery     text,                   -- started last; once succeeded, the one that won
    progress     real NOT NULL DEFAULT 0,
    progress_seq integer NOT NULL DEFAULT 0,
    seconds      real,
    batch        smallint,
    worker       text,
    error_code   text,
    error_detail text,
    UNIQUE (run_id, ordinal),
    UNIQUE (run_id, step),
    CONSTRAINT tasks_state CHECK (state IN ('waiting', 'queued', 'running', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT tasks_queue CHECK (queue IN ('text', 'image')),
    CONSTRAINT tasks_attempt CHECK (attempt BETWEEN 1 AND 3),
    CONSTRAINT tasks_waiting_ones_are_not_ready
        CHECK (state <> 'waiting' OR (ready_at IS NULL AND sent_at IS NULL AND resolved IS NULL)),
    CONSTRAINT tasks_open_ones_are_ready
        CHECK (state NOT IN ('queued', 'running', 'succeeded') OR (ready_at IS NOT NULL AND resolved IS NOT NULL)),
    CONSTRAINT tasks_sent_ones_hold_a_lease CHECK (sent_at IS NULL OR lease_until IS NOT NULL),
    CONSTRAINT tasks_running_ones_have_a_delivery CHECK (state <> 'running' OR (delivery IS NOT NULL AND sent_at IS NOT NULL)),
    CONSTRAINT tasks_succeeded_ones_have_a_winner
        CHECK (state <> 'succeeded' OR (delivery IS NOT NULL AND seconds IS NOT NULL AND worker IS NOT NULL)),
    CONSTRAINT tasks_final_ones_have_an_end
        CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT tasks_failed_ones_say_why
        CHECK ((state = 'failed') = (error_code IS NOT NULL) AND (error_code IS NULL) = (error_detail IS NULL))
);
-- The backlog of one account in one queue, oldest first.
CREATE INDEX tasks_backlog ON tasks (queue, account_id, ready_at, id) WHERE state = 'queued' AND sent_at IS NULL;
-- What is out: the dispatch window counts it, a place in line looks through it.
CREATE INDEX tasks_out ON tasks (queue, account_id) WHERE state IN ('queued', 'running') AND sent_at IS NOT NULL;
CREATE INDEX tasks_leases ON tasks (lease_until) WHERE state IN ('queued', 'running') AND sent_at IS NOT NULL;
CREATE INDEX tasks_speed ON tasks (model, finished_at DESC) INCLUDE (seconds, worker) WHERE state = 'succeeded';

-- Whose turn it is: dispatch takes the account that was served longest ago among those that wait.
-- A row stays when the backlog is empty, or somebody who sends one run at a time would always come first.
CREATE TABLE turns (
    queue          text NOT NULL,
    account_id     uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    guest          boolean NOT NULL,
    waiting        boolean NOT NULL,       -- has a backlog
    last_served_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (queue, account_id)
);
CREATE INDEX turns_line ON turns (queue, guest, last_served_at, account_id) WHERE waiting;

-- Every receipt of a task's message that was heard of and has not won; sweep deletes the media of those that lost.
CREATE TABLE deliveries (
    id       text PRIMARY KEY,
    task_id  uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
    attempt  smallint NOT NULL,
    worker   text NOT NULL,
    heard_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX deliveries_task ON deliveries (task_id);
CREATE INDEX deliveries_age ON deliveries (heard_at);

CREATE TABLE assets (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    task_id    uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
    k          smallint NOT NULL,
    type       text NOT NULL,
    key        text COLLATE "C" NOT NULL UNIQUE,
    thumb_key  text,
    width      integer,
    height     integer,
    thumbhash  text,
    excerpt    text,
    characters integer,
    bytes      integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (task_id, k),
    CONSTRAINT assets_type CHECK (type IN ('text', 'image')),
    CONSTRAINT assets_images_have_a_size
        CHECK (type <> 'image' OR (thumb_key IS NOT NULL AND width > 0 AND height > 0 AND thumbhash IS NOT NULL)),
    CONSTRAINT assets_texts_have_an_excerpt CHECK (type <> 'text' OR (excerpt IS NOT NULL AND characters IS NOT NULL))
);

-- Prefixes of the media bucket to delete from `due_at` on: of deleted runs and accounts.
-- A prefix that a worker may still be writing to is due later.
CREATE TABLE doomed_media (
    prefix text PRIMARY KEY,
    due_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX doomed_media_due ON doomed_media (due_at);

CREATE TABLE workers (
    id         text NOT NULL,
    queue      text NOT NULL,
    slots      integer NOT NULL,
    busy       integer NOT NULL,
    models     text[] NOT NULL,
    ram_bytes  bigint NOT NULL,
    vram_bytes bigint NOT NULL,
    seen_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, queue),
    CONSTRAINT workers_queue CHECK (queue IN ('text', 'image'))
);

-- One row: the sent time of the newest event handled. Leases are judged by it.
CREATE TABLE event_clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    newest   timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO event_clock DEFAULT VALUES;
