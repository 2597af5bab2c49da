-- The pool's own tables and functions, beside the city's tables cw_<kind> (see schema.py).

CREATE TABLE cw_meta (
    epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    schema int NOT NULL,
    min_client int NOT NULL,
    city text NOT NULL DEFAULT ''
);
COMMENT ON TABLE cw_meta IS 'One row: which life of this pool it is, its schema, the city.';

CREATE TABLE cw_outbox (
    no bigserial PRIMARY KEY,
    kind text NOT NULL,
    id text NOT NULL,
    op "char" NOT NULL
);
COMMENT ON TABLE cw_outbox IS 'Changes in the order of writing, not yet in the feed. Triggers fill it.';

CREATE TABLE cw_feed (
    pos bigint PRIMARY KEY,
    kind text NOT NULL,
    id text NOT NULL,
    op "char" NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cw_feed IS 'All changes under dense positions 1, 2, 3: a reader sees every gap.';
CREATE TABLE cw_head (pos bigint NOT NULL);
INSERT INTO cw_head VALUES (0);

CREATE FUNCTION cw_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO cw_outbox(kind, id, op) VALUES (TG_ARGV[0], OLD.id, 'D');
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.id <> NEW.id THEN
        INSERT INTO cw_outbox(kind, id, op) VALUES (TG_ARGV[0], OLD.id, 'D');
    END IF;
    INSERT INTO cw_outbox(kind, id, op) VALUES (TG_ARGV[0], NEW.id, 'U');
    RETURN NEW;
END $$;

CREATE FUNCTION cw_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO cw_outbox(kind, id, op) SELECT %L, id, ''D'' FROM %I', TG_ARGV[0], TG_TABLE_NAME);
    RETURN NULL;
END $$;

CREATE FUNCTION cw_revised() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.rev := CASE WHEN TG_OP = 'UPDATE' THEN OLD.rev + 1 ELSE 1 END;
    RETURN NEW;
END $$;

-- Whoever polls first moves the outbox into the feed. Must run in READ COMMITTED.
CREATE FUNCTION cw_advance() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    base bigint;
    moved bigint;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM cw_outbox) OR NOT pg_try_advisory_xact_lock(4711) THEN
        RETURN;
    END IF;
    SELECT pos INTO base FROM cw_head;
    WITH gone AS (
        DELETE FROM cw_outbox WHERE no IN (SELECT no FROM cw_outbox ORDER BY no LIMIT 20000)
        RETURNING no, kind, id, op
    ), put AS (
        INSERT INTO cw_feed(pos, kind, id, op)
        SELECT base + row_number() OVER (ORDER BY no), kind, id, op FROM gone
        RETURNING 1
    )
    SELECT count(*) INTO moved FROM put;
    UPDATE cw_head SET pos = base + moved;
END $$;

CREATE TABLE cw_journal (
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
COMMENT ON TABLE cw_journal IS 'What stations did, one line for each act; written by cw_push alone.';

CREATE TABLE cw_work (
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

CREATE FUNCTION cw_line_hash(line jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(chr(31),
        line->>'origin', line->>'seq', line->>'hlc', line->>'scope', line->>'act',
        line->>'person', line->>'post', line->>'body_hash', line->>'prev'), 'UTF8')), 'hex')
$$;

-- Takes lines in order; returns the last sequence of that origin which is held.
CREATE FUNCTION cw_push(lines jsonb) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    line jsonb;
    held bigint := 0;
    head text;
BEGIN
    FOR line IN SELECT * FROM jsonb_array_elements(lines) LOOP
        PERFORM pg_advisory_xact_lock(hashtext(line->>'origin'));
        SELECT seq, hash INTO held, head FROM cw_journal
            WHERE origin = line->>'origin' ORDER BY seq DESC LIMIT 1;
        held := coalesce(held, 0);
        head := coalesce(head, repeat('0', 64));
        CONTINUE WHEN (line->>'seq')::bigint <= held;
        IF (line->>'seq')::bigint <> held + 1 THEN
            RAISE EXCEPTION 'cw_gap: line % of % while % is next', line->>'seq', line->>'origin', held + 1;
        END IF;
        IF line->>'prev' <> head OR line->>'hash' <> cw_line_hash(line)
           OR encode(sha256(convert_to(coalesce(line->>'body', ''), 'UTF8')), 'hex') <> line->>'body_hash'
        THEN
            RAISE EXCEPTION 'cw_forged: line % of % does not verify', line->>'seq', line->>'origin';
        END IF;
        INSERT INTO cw_journal(origin, seq, hlc, scope, act, person, post, body_hash, prev, hash, body)
            SELECT l.origin, l.seq, l.hlc, l.scope, l.act, l.person, l.post, l.body_hash, l.prev, l.hash, l.body
            FROM jsonb_populate_record(NULL::cw_journal, line) l;
        INSERT INTO cw_outbox(kind, id, op) VALUES ('journal', (line->>'origin') || ':' || (line->>'seq'), 'U');
        PERFORM cw_apply(line);
        held := (line->>'seq')::bigint;
    END LOOP;
    RETURN held;
END $$;

-- What a line means for the city's other systems, in the same transaction.
CREATE FUNCTION cw_apply(line jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    records jsonb := (line->>'body')::jsonb->'records';
    work jsonb;
    filed jsonb;
BEGIN
    FOR work IN SELECT * FROM jsonb_array_elements(coalesce(records->'eventwork', '[]')) LOOP
        INSERT INTO cw_work VALUES (
            work->>'id', work->>'state', work->>'unit', work->>'result',
            to_timestamp((work->>'at')::bigint / 1000.0),
            (line->>'hlc')::bigint, line->>'origin', (line->>'seq')::bigint)
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, unit = excluded.unit,
            result = excluded.result, at = excluded.at, hlc = excluded.hlc,
            origin = excluded.origin, seq = excluded.seq
        WHERE (cw_work.hlc, cw_work.origin) < (excluded.hlc, excluded.origin);
    END LOOP;
    FOR filed IN SELECT * FROM jsonb_array_elements(coalesce(records->'filedevent', '[]')) LOOP
        INSERT INTO cw_event(id, source, source_id, title, body, cls, urgency, area, address, lon,
            lat, acc_m, placed, datum, person, phone, reported_at, received_at, state, unit)
        VALUES (filed->>'id', filed->>'source', filed->>'id', filed->>'title', filed->>'body',
            filed->>'cls', (filed->>'urgency')::bigint, filed->>'area', filed->>'address',
            (filed->>'lon')::float8, (filed->>'lat')::float8, (filed->>'acc_m')::float8,
            CASE WHEN filed->>'lon' IS NULL THEN 'nowhere' ELSE 'point' END, 'wgs84', '', '',
            to_timestamp((filed->>'reported_at')::bigint / 1000.0),
            to_timestamp((filed->>'reported_at')::bigint / 1000.0), 'NEW', '')
        ON CONFLICT DO NOTHING;
    END LOOP;
END $$;

CREATE TABLE cw_pack (
    seq bigint PRIMARY KEY,
    kind text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    body bytea NOT NULL
);
COMMENT ON TABLE cw_pack IS 'Readings and positions of the last hour, many in each; never in the feed.';
CREATE TABLE cw_pack_head (seq bigint NOT NULL);
INSERT INTO cw_pack_head VALUES (0);

CREATE FUNCTION cw_put_pack(kind text, body bytea) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    given bigint;
BEGIN
    UPDATE cw_pack_head SET seq = seq + 1 RETURNING seq INTO given;
    INSERT INTO cw_pack(seq, kind, body) VALUES (given, kind, body);
    IF given % 100 = 0 THEN
        DELETE FROM cw_pack WHERE at < clock_timestamp() - interval '1 hour';
    END IF;
    RETURN given;
END $$;

CREATE TABLE cw_quarantine (
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
