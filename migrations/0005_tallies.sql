-- Running totals, so that figures cost the same whatever there is: sweep adds what was made since it last counted.
SET lock_timeout = '5s';

-- The smallest UUIDv7 of a moment (RFC 9562): its first 48 bits are milliseconds since 1970.
CREATE FUNCTION first_id(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- `label` tells tasks apart by model and outputs by type; it is empty for runs.
CREATE TABLE tallies (
    noun   text NOT NULL,
    label  text NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (noun, label),
    CONSTRAINT tallies_noun CHECK (noun IN ('outputs', 'runs', 'tasks')),
    CONSTRAINT tallies_number CHECK (number >= 0)
);

-- One row: everything before this moment is in the tallies, and nothing after it.
CREATE TABLE tally_clock (
    one        boolean PRIMARY KEY DEFAULT true,
    counted_to timestamptz NOT NULL DEFAULT 'epoch',
    CONSTRAINT tally_clock_is_one_row CHECK (one)
);
INSERT INTO tally_clock DEFAULT VALUES;
