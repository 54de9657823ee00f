-- Accounts, how they sign in, and what guests of one network may do in a day.
SET lock_timeout = '5s';

CREATE TABLE accounts (
    id            uuid PRIMARY KEY DEFAULT uuidv7(),
    handle        text NOT NULL,
    email         text,
    password_hash text,
    about         text NOT NULL DEFAULT '',
    guest         boolean NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    deleted_at    timestamptz,
    CONSTRAINT accounts_handle CHECK (deleted_at IS NOT NULL OR handle ~ '^[a-z0-9][a-z0-9_-]{1,30}$'),
    CONSTRAINT accounts_full_ones_can_sign_in
        CHECK (guest OR deleted_at IS NOT NULL OR (email IS NOT NULL AND password_hash IS NOT NULL)),
    CONSTRAINT accounts_guests_cannot CHECK (NOT guest OR (email IS NULL AND password_hash IS NULL)),
    CONSTRAINT accounts_deleted_ones_keep_no_identity
        CHECK (deleted_at IS NULL OR (handle = 'deleted-' || id AND email IS NULL AND password_hash IS NULL AND about = ''))
);
CREATE UNIQUE INDEX accounts_by_handle ON accounts (handle);
CREATE UNIQUE INDEX accounts_by_email ON accounts (lower(email));

CREATE TABLE sessions (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_account ON sessions (account_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE keys (
    id           uuid PRIMARY KEY DEFAULT uuidv7(),
    account_id   uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name         text NOT NULL,
    prefix       text NOT NULL,
    key_hash     bytea NOT NULL UNIQUE,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz
);
CREATE INDEX keys_account ON keys (account_id, id);

-- What guests of one network (/24 or /56) have used today.
CREATE TABLE guest_networks (
    network cidr NOT NULL,
    day     date NOT NULL,
    guests  integer NOT NULL DEFAULT 0,
    tasks   integer NOT NULL DEFAULT 0,
    PRIMARY KEY (network, day)
);

CREATE TABLE uploads (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    format     text NOT NULL,
    width      integer NOT NULL,
    height     integer NOT NULL,
    bytes      integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT uploads_format CHECK (format IN ('png', 'jpeg', 'webp')),
    CONSTRAINT uploads_size CHECK (width > 0 AND height > 0 AND bytes > 0)
);
CREATE INDEX uploads_account ON uploads (account_id);
CREATE INDEX uploads_expiry ON uploads (expires_at);
