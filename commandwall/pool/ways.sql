-- The ways in and out for the city's other systems: loads as batches that can be taken back, what
-- each source says, and the acts of stations that a source is told of. Run again like functions.sql.

CREATE TABLE IF NOT EXISTS cw_batch (
    batch bigserial PRIMARY KEY,
    source text NOT NULL,
    file text NOT NULL,
    digest text NOT NULL,
    state text NOT NULL DEFAULT 'open',
    login text NOT NULL DEFAULT session_user,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    summary text NOT NULL DEFAULT ''
);
COMMENT ON TABLE cw_batch IS
    'Every load: open (it runs or broke off), done, withdrawn, forgotten (too old to withdraw).';

CREATE TABLE IF NOT EXISTS cw_batch_row (
    batch bigint NOT NULL REFERENCES cw_batch ON DELETE CASCADE,
    kind text NOT NULL,
    id text NOT NULL,
    before jsonb,
    after text,
    ended text NOT NULL DEFAULT '',
    PRIMARY KEY (batch, kind, id)
);
COMMENT ON TABLE cw_batch_row IS
    'What a batch changed: the row before it, a mark of the row after it; how a withdrawal ended.';

CREATE TABLE IF NOT EXISTS cw_claim (
    id text PRIMARY KEY,
    kind text NOT NULL,
    record text NOT NULL,
    source text NOT NULL,
    mark text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE cw_claim IS
    'Which source says something of which row, and a mark of what it last said ('''': ask again).';
CREATE INDEX IF NOT EXISTS cw_claim_record ON cw_claim (kind, record);
CREATE INDEX IF NOT EXISTS cw_claim_source ON cw_claim (source, kind);

CREATE TABLE IF NOT EXISTS cw_source (
    source text PRIMARY KEY,
    login text NOT NULL DEFAULT '',
    confirmed bigint NOT NULL DEFAULT 0,
    confirmed_at timestamptz
);
COMMENT ON TABLE cw_source IS
    'The city''s other systems: the login that speaks for each, and the act it last confirmed.';

CREATE TABLE IF NOT EXISTS cw_act (
    no bigserial PRIMARY KEY,
    pos bigint UNIQUE,
    event text NOT NULL,
    act text NOT NULL,
    state text NOT NULL,
    unit text NOT NULL,
    result text NOT NULL,
    at timestamptz NOT NULL,
    person text NOT NULL,
    post text NOT NULL,
    origin text NOT NULL,
    seq bigint NOT NULL
);
COMMENT ON TABLE cw_act IS
    'What stations did to events, one row for each act, for the systems that events came from.';
-- By hash: an id that somebody wrote may be too long for an ordered index, and would block a station.
CREATE INDEX IF NOT EXISTS cw_act_of ON cw_act USING hash (event);
DROP INDEX IF EXISTS cw_act_event;
CREATE INDEX IF NOT EXISTS cw_act_fresh ON cw_act (no) WHERE pos IS NULL;

CREATE INDEX IF NOT EXISTS cw_dispute_of ON cw_dispute USING hash (record);
DROP INDEX IF EXISTS cw_dispute_record;
ALTER TABLE cw_quarantine ADD COLUMN IF NOT EXISTS batch bigint;
ALTER TABLE cw_quarantine ADD COLUMN IF NOT EXISTS kind text NOT NULL DEFAULT '';

-- By this two states of a row are compared; how often it was written does not count.
CREATE OR REPLACE FUNCTION cw_mark(one jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT md5((one - 'rev')::text)
$$;

-- Everything that is written while cw.batch is set belongs to that batch; nobody adds to one that ended. The settings make a row's
-- mark the same in every session.
CREATE OR REPLACE FUNCTION cw_kept() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp
SET timezone = 'UTC' SET bytea_output = 'hex' SET extra_float_digits = 1 AS $$
DECLARE
    old_row jsonb;
    new_row jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        old_row := to_jsonb(OLD);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        new_row := to_jsonb(NEW);
    END IF;
    INSERT INTO cw_batch_row(batch, kind, id, before, after)
    SELECT b.batch, TG_ARGV[0], coalesce(new_row, old_row)->>'id',
        old_row, CASE WHEN new_row IS NOT NULL THEN cw_mark(new_row) END
    FROM cw_batch b WHERE b.batch = current_setting('cw.batch')::bigint AND b.state = 'open'
    ON CONFLICT (batch, kind, id) DO UPDATE SET after = excluded.after;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER cw_kept AFTER INSERT OR UPDATE OR DELETE ON cw_claim FOR EACH ROW
    WHEN (current_setting('cw.batch', true) <> '') EXECUTE FUNCTION cw_kept('claim');

-- Begins a batch in this session, or goes on with the newest of its source where that was killed
-- while it loaded the same (digest).
CREATE OR REPLACE FUNCTION cw_begin_batch(source text, file text, digest text) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found cw_batch;
    why text;
BEGIN
    SELECT s.reason INTO why FROM cw_source s
        WHERE s.source = cw_begin_batch.source AND s.state = 'off';
    IF why IS NOT NULL THEN
        RAISE EXCEPTION 'cw_off: % is switched off: %', source, why;
    END IF;
    SELECT * INTO found FROM cw_batch b WHERE b.source = cw_begin_batch.source
        ORDER BY b.batch DESC LIMIT 1;
    IF found.batch IS NULL OR found.state <> 'open' OR found.digest <> cw_begin_batch.digest THEN
        INSERT INTO cw_batch(source, file, digest) VALUES (source, file, digest) RETURNING * INTO found;
    END IF;
    PERFORM set_config('cw.batch', found.batch::text, false);
    RETURN found.batch;
END $$;

CREATE OR REPLACE FUNCTION cw_end_batch(summary text) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE cw_batch b SET state = 'done', ended_at = clock_timestamp(), summary = cw_end_batch.summary
        WHERE b.batch = current_setting('cw.batch')::bigint;
    PERFORM set_config('cw.batch', '', false);
END $$;

-- Takes a batch back everywhere: its rows become what they were before it. A row that was changed
-- since is left alone; cw_batch_row names it ('later'). The triggers carry it to every wall.
CREATE OR REPLACE FUNCTION cw_withdraw(which bigint) RETURNS TABLE(ended text, rows bigint) LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    what text;
BEGIN
    PERFORM set_config('cw.batch', '', false);
    PERFORM FROM cw_batch WHERE batch = which AND state IN ('open', 'done') FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'cw_batch: there is no batch % that could be withdrawn', which;
    END IF;
    FOR what IN SELECT DISTINCT kind FROM cw_batch_row WHERE batch = which ORDER BY 1 LOOP
        PERFORM cw_withdraw_kind(which, what);
    END LOOP;
    UPDATE cw_batch SET state = 'withdrawn', ended_at = clock_timestamp() WHERE batch = which;
    DELETE FROM cw_quarantine WHERE batch = which;
    RETURN QUERY SELECT r.ended, count(*) FROM cw_batch_row r
        WHERE r.batch = which AND r.kind <> 'claim' GROUP BY 1 ORDER BY 1;
END $$;

CREATE OR REPLACE FUNCTION cw_withdraw_kind(which bigint, what text) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp
SET timezone = 'UTC' SET bytea_output = 'hex' SET extra_float_digits = 1 AS $$
DECLARE
    names text;
    news text;
BEGIN
    EXECUTE format($q$
        UPDATE cw_batch_row r SET ended = CASE
            WHEN r.after IS DISTINCT FROM (SELECT cw_mark(to_jsonb(t)) FROM cw_%1$s t WHERE t.id = r.id)
                THEN 'later'
            WHEN r.before IS NULL THEN 'undone' ELSE 'restored' END
        WHERE r.batch = $1 AND r.kind = $2 $q$, what) USING which, what;
    EXECUTE format($q$
        DELETE FROM cw_%1$s t USING cw_batch_row r
        WHERE r.batch = $1 AND r.kind = $2 AND r.ended = 'undone' AND r.id = t.id $q$, what)
        USING which, what;
    -- The columns that the table had then: one that came since keeps its default.
    SELECT string_agg(quote_ident(k), ', ' ORDER BY k),
           string_agg(format('%1$I = excluded.%1$I', k), ', ' ORDER BY k)
        INTO names, news
        FROM jsonb_object_keys((SELECT before FROM cw_batch_row r WHERE r.batch = which
            AND r.kind = what AND r.ended = 'restored' LIMIT 1)) k;
    IF names IS NOT NULL THEN
        EXECUTE format($q$
            INSERT INTO cw_%1$s(%2$s)
            SELECT %2$s FROM (SELECT (jsonb_populate_record(NULL::cw_%1$s, r.before)).*
                FROM cw_batch_row r WHERE r.batch = $1 AND r.kind = $2 AND r.ended = 'restored') x
            ON CONFLICT (id) DO UPDATE SET %3$s $q$, what, names, news) USING which, what;
    END IF;
END $$;

-- Every act of a station on an event, for the system that the event came from. A body that cannot
-- be used is set aside by cw_apply and must not block the lines that follow.
CREATE OR REPLACE FUNCTION cw_acted() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO cw_act(event, act, state, unit, result, at, person, post, origin, seq)
    SELECT w->>'id', NEW.act, w->>'state', w->>'unit', w->>'result',
        to_timestamp((w->>'at')::bigint / 1000.0), NEW.person, NEW.post, NEW.origin, NEW.seq
    FROM jsonb_array_elements(coalesce(NEW.body::jsonb->'records'->'eventwork', '[]')) w;
    RETURN NULL;
EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER cw_acted AFTER INSERT ON cw_journal FOR EACH ROW EXECUTE FUNCTION cw_acted();

-- A source is the login that the owner wrote beside its name, or the owner.
CREATE OR REPLACE FUNCTION cw_check_source(who text) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM cw_source s WHERE s.source = who AND s.login = session_user;
    IF NOT FOUND AND NOT pg_has_role(session_user,
        (SELECT relowner FROM pg_class WHERE oid = 'public.cw_source'::regclass), 'MEMBER')
    THEN
        RAISE EXCEPTION 'cw_stranger: % may not speak for the source %', session_user, who;
    END IF;
END $$;

-- The newest number that an act has or may have had before this server's term.
CREATE OR REPLACE FUNCTION cw_last_act() RETURNS bigint LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT greatest((SELECT max(pos) FROM cw_act), (SELECT max(act) FROM cw_term), 0)
$$;

-- The acts that concern a source, after a position, oldest first. Whoever asks first numbers the
-- new ones, one at a time and until its commit: no position appears behind one that was read.
CREATE OR REPLACE FUNCTION cw_acts(who text, after bigint, lim int DEFAULT 1000)
RETURNS TABLE(pos bigint, event text, source_id text, act text, state text, unit text, result text,
    at timestamptz, person text, post text) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM cw_check_source(who);
    PERFORM FROM cw_act WHERE pos IS NULL LIMIT 1;
    IF FOUND THEN
        PERFORM pg_advisory_xact_lock(4711, 2);
        UPDATE cw_act SET pos = n.pos FROM (
            SELECT no, cw_last_act() + row_number() OVER (ORDER BY no) AS pos
            FROM cw_act WHERE pos IS NULL) n
        WHERE cw_act.no = n.no;
    END IF;
    RETURN QUERY SELECT a.pos, a.event, coalesce(e.source_id, ''), a.act, a.state, a.unit, a.result,
            a.at, a.person, a.post
        FROM cw_act a LEFT JOIN cw_event e ON a.kind = 'event' AND e.id = a.event
        WHERE a.pos > after AND (e.source = who OR EXISTS (SELECT FROM cw_claim c
            WHERE c.kind = a.kind AND c.record = a.event AND c.source = who))
        ORDER BY a.pos LIMIT lim;
END $$;

-- A source says that it has all acts up to a position. From then on its own word on the state of
-- those events counts again. Returns what is confirmed; a receipt is never taken back.
CREATE OR REPLACE FUNCTION cw_receipt(who text, upto bigint) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    held bigint;
BEGIN
    PERFORM cw_check_source(who);
    IF upto > cw_last_act() THEN
        RAISE EXCEPTION 'cw_receipt: no act has the position % yet', upto;
    END IF;
    INSERT INTO cw_source AS s (source, confirmed, confirmed_at) VALUES (who, upto, clock_timestamp())
    ON CONFLICT (source) DO UPDATE SET confirmed = greatest(s.confirmed, upto),
        confirmed_at = clock_timestamp()
    RETURNING s.confirmed INTO held;
    RETURN held;
END $$;

-- A person decides between two sources: 'held' leaves the row as it is, 'said' writes what the other
-- source says. Not where the row was changed meanwhile: the decision would undo that unseen.
CREATE OR REPLACE FUNCTION cw_verdict(which text, keep text, who text) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    d cw_dispute;
    names text;
    there boolean;
BEGIN
    SELECT * INTO d FROM cw_dispute WHERE id = which AND state = 'open' FOR UPDATE;
    IF NOT FOUND OR keep NOT IN ('held', 'said') OR who = '' THEN
        RAISE EXCEPTION 'cw_verdict: there is no open dispute %, or no word held or said by whom', which;
    END IF;
    IF keep = 'said' THEN
        SELECT string_agg(quote_ident(k), ', ') INTO names FROM jsonb_object_keys(d.said::jsonb) k;
        EXECUTE format($q$
            UPDATE cw_%1$s t SET (%2$s) =
                (SELECT %2$s FROM jsonb_populate_record(NULL::cw_%1$s, $1))
            WHERE t.id = $2 AND (SELECT bool_and(to_jsonb(t)->k = to_jsonb(h)->k)
                FROM jsonb_populate_record(NULL::cw_%1$s, $3) h, jsonb_object_keys($3) k)
            RETURNING true $q$, d.kind, names)
            INTO there USING d.said::jsonb, d.record, d.held::jsonb;
        IF there IS NULL THEN
            RAISE EXCEPTION 'cw_moved_on: % was changed since the dispute %', d.record, which;
        END IF;
    END IF;
    UPDATE cw_dispute SET state = keep, by = who, at = clock_timestamp() WHERE id = which;
END $$;

-- Drops what would be needed to withdraw batches that ended so many days ago; returns how many.
CREATE OR REPLACE FUNCTION cw_forget_batches(days int) RETURNS bigint LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    old bigint[];
BEGIN
    SELECT array_agg(batch) INTO old FROM cw_batch
        WHERE state <> 'forgotten' AND ended_at < clock_timestamp() - make_interval(days => days);
    DELETE FROM cw_batch_row WHERE batch = ANY(old);
    UPDATE cw_batch SET state = 'forgotten' WHERE batch = ANY(old);
    RETURN coalesce(cardinality(old), 0);
END $$;

-- What stations did before this pool told sources of it: the newest act on each event.
INSERT INTO cw_act(event, act, state, unit, result, at, person, post, origin, seq)
SELECT w.id, coalesce(j.act, ''), w.state, w.unit, w.result, w.at, coalesce(j.person, ''),
    coalesce(j.post, ''), w.origin, w.seq
FROM cw_work w LEFT JOIN cw_journal j ON j.origin = w.origin AND j.seq = w.seq
WHERE NOT EXISTS (SELECT FROM cw_act) ORDER BY w.at, w.id;
