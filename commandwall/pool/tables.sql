-- The pool's own tables, beside the city's tables cw_<kind> (see schema.py). Harmless to run again.

CREATE TABLE IF NOT EXISTS cw_meta (
    epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    schema int NOT NULL,
    min_client int NOT NULL,
    city text NOT NULL DEFAULT '',
    columns jsonb NOT NULL DEFAULT '{}',
    made text NOT NULL DEFAULT ''
);
ALTER TABLE cw_meta ADD COLUMN IF NOT EXISTS columns jsonb NOT NULL DEFAULT '{}';
ALTER TABLE cw_meta ADD COLUMN IF NOT EXISTS made text NOT NULL DEFAULT '';
ALTER TABLE cw_meta ADD COLUMN IF NOT EXISTS needs text NOT NULL DEFAULT '';
ALTER TABLE cw_meta ADD COLUMN IF NOT EXISTS feed_days double precision NOT NULL DEFAULT 0;
COMMENT ON TABLE cw_meta IS 'One row: which life of this pool it is (epoch), its schema, the oldest
schema of a program that it serves and the version that knows it (needs), the city, the columns of
each kind, how many days of the feed are kept (0: all).';

CREATE TABLE IF NOT EXISTS cw_outbox (
    no bigserial PRIMARY KEY,
    kind text NOT NULL,
    id text NOT NULL,
    op "char" NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
ALTER TABLE cw_outbox ADD COLUMN IF NOT EXISTS was text;
ALTER TABLE cw_outbox ADD COLUMN IF NOT EXISTS n int NOT NULL DEFAULT 0;
ALTER TABLE cw_outbox ADD COLUMN IF NOT EXISTS mark bigint NOT NULL DEFAULT 0;
COMMENT ON TABLE cw_outbox IS 'Changes in the order of writing, not yet in the feed: op U or D, or A
for a kind that walls copy anew; the area before (was); what it does to cw_sum. Triggers fill it.';

CREATE TABLE IF NOT EXISTS cw_feed (
    pos bigint PRIMARY KEY,
    kind text NOT NULL,
    id text NOT NULL,
    op "char" NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE cw_feed ADD COLUMN IF NOT EXISTS was text;
COMMENT ON TABLE cw_feed IS 'All changes under dense positions 1, 2, 3: a reader sees every gap.';

CREATE TABLE IF NOT EXISTS cw_head (pos bigint NOT NULL);
ALTER TABLE cw_head ADD COLUMN IF NOT EXISTS tail bigint NOT NULL DEFAULT 0;
COMMENT ON TABLE cw_head IS
    'One row: the newest position of the feed, and the newest that is no longer kept (tail).';
INSERT INTO cw_head SELECT 0 WHERE NOT EXISTS (SELECT FROM cw_head);

CREATE TABLE IF NOT EXISTS cw_tail (
    kind text PRIMARY KEY,
    pos bigint NOT NULL
);
COMMENT ON TABLE cw_tail IS
    'Of each kind the newest position that is no longer kept: a wall behind it copies that kind anew.';

CREATE TABLE IF NOT EXISTS cw_term (
    no bigint PRIMARY KEY,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    server text NOT NULL,
    pos bigint NOT NULL,
    act bigint NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cw_term IS 'Which server wrote the feed behind which position (pos), and numbered the
acts behind which (act). A standby that is promoted begins a new term: walls that had read more of the
term before go back.';

CREATE TABLE IF NOT EXISTS cw_sum (
    kind text PRIMARY KEY,
    n bigint NOT NULL,
    mark bigint NOT NULL,
    shape text NOT NULL
);
COMMENT ON TABLE cw_sum IS 'Rows of each kind and the sum of their hashes as the feed knows them: a
row that was written past the triggers makes the difference. shape: the columns that were summed.';

CREATE TABLE IF NOT EXISTS cw_journal (
    origin text NOT NULL,
    seq bigint NOT NULL,
    hlc bigint NOT NULL,
    scope text NOT NULL,
    act text NOT NULL,
    person text NOT NULL,
    post text NOT NULL,
    body_hash text NOT NULL,
    prev text NOT NULL,
    hash text NOT NULL,
    body text,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (origin, seq)
);
ALTER TABLE cw_journal ADD COLUMN IF NOT EXISTS areas text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN cw_journal.areas IS
    'Where its records lie, as the pool found out; an empty text: in no area.';
COMMENT ON TABLE cw_journal IS 'What stations did, one line for each act; written by cw_push alone.';

CREATE TABLE IF NOT EXISTS cw_origin (
    origin text PRIMARY KEY,
    login text NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cw_origin IS 'Which login speaks for a station: the first that did, until the owner changes it.';

CREATE TABLE IF NOT EXISTS cw_station (
    login text PRIMARY KEY,
    area text NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE cw_station ADD COLUMN IF NOT EXISTS kinds text[] NOT NULL DEFAULT '{}';
ALTER TABLE cw_station DROP CONSTRAINT IF EXISTS cw_station_area_check;
ALTER TABLE cw_station DROP CONSTRAINT IF EXISTS cw_station_bounded;
ALTER TABLE cw_station ADD CONSTRAINT cw_station_bounded CHECK (area <> '' OR kinds <> '{}');
COMMENT ON TABLE cw_station IS
    'Logins that see and write one area only: whatever lies in a code that begins like this (empty: the
whole city); kinds: the only ones of which rows come to them (empty: all).';

CREATE TABLE IF NOT EXISTS cw_own (
    kind text NOT NULL,
    id text NOT NULL,
    area text NOT NULL,
    PRIMARY KEY (kind, id)
);
COMMENT ON TABLE cw_own IS
    'Where the records of stations lie that have no row here: nobody elsewhere may write over them.';

CREATE TABLE IF NOT EXISTS cw_work (
    id text PRIMARY KEY,
    state text NOT NULL,
    unit text NOT NULL,
    result text NOT NULL,
    at timestamptz NOT NULL,
    hlc bigint NOT NULL,
    origin text NOT NULL,
    seq bigint NOT NULL
);
COMMENT ON TABLE cw_work IS
    'For the city''s other systems: what stations last did to an event (id), and by which line.';

CREATE TABLE IF NOT EXISTS cw_pack (
    seq bigint PRIMARY KEY,
    kind text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    body bytea NOT NULL
);
ALTER TABLE cw_pack ADD COLUMN IF NOT EXISTS area text NOT NULL DEFAULT '';
COMMENT ON TABLE cw_pack IS 'Readings and positions of the last hour, many in each; never in the feed.';

CREATE TABLE IF NOT EXISTS cw_pack_head (seq bigint NOT NULL);
COMMENT ON TABLE cw_pack_head IS 'One row: the newest pack.';
INSERT INTO cw_pack_head SELECT 0 WHERE NOT EXISTS (SELECT FROM cw_pack_head);

CREATE TABLE IF NOT EXISTS cw_quarantine (
    id text PRIMARY KEY,
    source text NOT NULL,
    file text NOT NULL,
    row bigint NOT NULL,
    field text NOT NULL,
    reason text NOT NULL,
    original text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cw_quarantine IS 'Rows that an import refused, as they came, with field and reason.';
