-- What stations and people see of the pool itself: who is there and how far, which sources there are;
-- and what people decide about both. Run again like functions.sql.

CREATE TABLE IF NOT EXISTS cw_presence (
    origin text PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    facts jsonb NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50);
COMMENT ON TABLE cw_presence IS
    'When each station last gave a sign of life, and what it said of itself: cursor, backlog, skew.';

ALTER TABLE cw_source ADD COLUMN IF NOT EXISTS rows bigint NOT NULL DEFAULT 0;
ALTER TABLE cw_source ADD COLUMN IF NOT EXISTS refused bigint NOT NULL DEFAULT 0;
ALTER TABLE cw_source ADD COLUMN IF NOT EXISTS disputed bigint NOT NULL DEFAULT 0;
ALTER TABLE cw_source ADD COLUMN IF NOT EXISTS counted_at timestamptz;
ALTER TABLE cw_source ADD COLUMN IF NOT EXISTS state text NOT NULL DEFAULT 'on';
ALTER TABLE cw_source ADD COLUMN IF NOT EXISTS reason text NOT NULL DEFAULT '';
ALTER TABLE cw_source ADD COLUMN IF NOT EXISTS switched_at timestamptz;
ALTER TABLE cw_source ADD COLUMN IF NOT EXISTS switched_by text NOT NULL DEFAULT '';
ALTER TABLE cw_source ADD COLUMN IF NOT EXISTS switched_hlc bigint NOT NULL DEFAULT 0;
ALTER TABLE cw_source ADD COLUMN IF NOT EXISTS department text NOT NULL DEFAULT '';
COMMENT ON COLUMN cw_source.department IS 'Whose system it is; the page of the walls sums up by it.';
COMMENT ON COLUMN cw_source.state IS 'off: a person at a wall wants none of its loads, for a reason.';
ALTER TABLE cw_act ADD COLUMN IF NOT EXISTS kind text NOT NULL DEFAULT 'event';

CREATE OR REPLACE FUNCTION cw_ms(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT round(extract(epoch FROM at) * 1000)::bigint
$$;

-- A sign of life: writes one small row of the station itself and locks nothing of another.
CREATE OR REPLACE FUNCTION cw_hello(who text, facts jsonb) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM cw_check_login(who);
    IF length(facts::text) > 2000 THEN
        RAISE EXCEPTION 'cw_hello: a station says too much of itself';
    END IF;
    INSERT INTO cw_presence AS p (origin, facts) VALUES (who, facts)
    ON CONFLICT (origin) DO UPDATE SET at = clock_timestamp(), facts = excluded.facts;
END $$;

-- Once a minute, whoever asks first counts what each source has here. Rows of map files claim nothing:
-- of them counts what the table holds, however it came there.
CREATE OR REPLACE FUNCTION cw_count_sources() RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM cw_source WHERE counted_at > clock_timestamp() - interval '1 minute';
    IF FOUND OR NOT pg_try_advisory_xact_lock(4711, 3) THEN
        RETURN;
    END IF;
    INSERT INTO cw_source(source, rows, refused, disputed, counted_at)
    SELECT n.source, coalesce(c.n, t.n, 0), coalesce(q.n, 0), coalesce(d.n, 0), clock_timestamp()
    FROM (SELECT source FROM cw_source UNION SELECT source FROM cw_batch
            UNION SELECT source FROM cw_claim) n
        LEFT JOIN (SELECT source, count(*) AS n FROM cw_claim GROUP BY 1) c USING (source)
        LEFT JOIN (SELECT m.source, s.n FROM (VALUES ('areas', 'area'), ('buildings', 'building'),
            ('roads', 'road'), ('ground', 'feature')) m(source, kind) JOIN cw_sum s USING (kind)) t
            USING (source)
        LEFT JOIN (SELECT source, count(*) AS n FROM cw_quarantine GROUP BY 1) q USING (source)
        LEFT JOIN (SELECT said_source AS source, count(*) AS n FROM cw_dispute
            WHERE state = 'open' GROUP BY 1) d USING (source)
    ON CONFLICT (source) DO UPDATE SET rows = excluded.rows, refused = excluded.refused,
        disputed = excluded.disputed, counted_at = excluded.counted_at;
END $$;

-- All of it as one object: a town sees the stations of its area, and no sources.
CREATE OR REPLACE FUNCTION cw_sight() RETURNS jsonb LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    mine text := cw_scope();
BEGIN
    IF mine = '' THEN
        PERFORM cw_count_sources();
    END IF;
    RETURN (SELECT jsonb_build_object('at', cw_ms(clock_timestamp()), 'head', h.pos, 'tail', h.tail,
            'waiting', (SELECT count(*) FROM cw_outbox), 'area', mine,
            'kinds', to_jsonb(coalesce(cw_kinds(), '{}')), 'stations', cw_stations_seen(mine), 'sources', cw_sources_seen(mine))
        FROM cw_head h WHERE mine IS NOT NULL);
END $$;

-- Stations that ever spoke, and logins that never did.
CREATE OR REPLACE FUNCTION cw_stations_seen(mine text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('origin', k.origin, 'login', k.login, 'area', k.area,
        'since', cw_ms(k.since), 'at', coalesce(cw_ms(p.at), 0), 'lines', coalesce(j.seq, 0),
        'newest', coalesce(cw_ms(j.received_at), 0), 'facts', coalesce(p.facts, '{}'))
        ORDER BY k.area, k.login, k.origin), '[]')
    FROM (SELECT o.origin, o.login, coalesce(s.area, '') AS area, o.since
            FROM cw_origin o LEFT JOIN cw_station s USING (login)
        UNION ALL SELECT '', s.login, s.area, s.since FROM cw_station s
            WHERE NOT EXISTS (SELECT FROM cw_origin o WHERE o.login = s.login)) k
        LEFT JOIN cw_presence p ON p.origin = k.origin
        LEFT JOIN LATERAL (SELECT seq, received_at FROM cw_journal
            WHERE cw_journal.origin = k.origin ORDER BY seq DESC LIMIT 1) j ON true
    WHERE starts_with(k.area, mine)
$$;

CREATE OR REPLACE FUNCTION cw_sources_seen(mine text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('source', s.source, 'rows', s.rows,
        'refused', s.refused, 'disputed', s.disputed, 'counted_at', coalesce(cw_ms(s.counted_at), 0),
        'state', s.state, 'reason', s.reason, 'switched_at', coalesce(cw_ms(s.switched_at), 0),
        'switched_by', s.switched_by, 'department', s.department, 'batch', coalesce(b.state, ''),
        'loaded_at', coalesce(cw_ms(coalesce(b.ended_at, b.begun_at)), 0)) ORDER BY s.source), '[]')
    FROM cw_source s LEFT JOIN LATERAL (SELECT state, begun_at, ended_at FROM cw_batch
        WHERE cw_batch.source = s.source ORDER BY batch DESC LIMIT 1) b ON true
    WHERE mine = ''
$$;

-- Who did it, as the city's other systems read it.
CREATE OR REPLACE FUNCTION cw_doer(line jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(nullif(concat_ws(' ', nullif(line->>'post', ''), nullif(line->>'person', '')), ''),
        line->>'origin')
$$;

-- A person at a wall wants no more loads of a source, or wants them again; the later word counts.
CREATE OR REPLACE FUNCTION cw_apply_switch(line jsonb, one jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO cw_source AS s (source, state, reason, switched_at, switched_by, switched_hlc)
    VALUES (one->>'id', one->>'state', one->>'reason', to_timestamp((one->>'at')::bigint / 1000.0),
        cw_doer(line), (line->>'hlc')::bigint)
    ON CONFLICT (source) DO UPDATE SET state = excluded.state, reason = excluded.reason,
        switched_at = excluded.switched_at, switched_by = excluded.switched_by,
        switched_hlc = excluded.switched_hlc
    WHERE s.switched_hlc < excluded.switched_hlc
$$;

-- A person at a wall decides between two sources; both are told. Where the record was changed since,
-- or somebody decided before, the word is set aside and the dispute stays as it is.
CREATE OR REPLACE FUNCTION cw_apply_verdict(line jsonb, one jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    d cw_dispute;
BEGIN
    PERFORM cw_verdict(one->>'id', one->>'keep', cw_doer(line));
    SELECT * INTO d FROM cw_dispute WHERE id = one->>'id';
    INSERT INTO cw_act(kind, event, act, state, unit, result, at, person, post, origin, seq)
    SELECT d.kind, d.record, line->>'act', coalesce(e.state, ''), coalesce(e.unit, ''),
        CASE d.state WHEN 'said' THEN d.said ELSE d.held END,
        to_timestamp((one->>'at')::bigint / 1000.0), line->>'person', line->>'post',
        line->>'origin', (line->>'seq')::bigint
    FROM (SELECT) x LEFT JOIN cw_event e ON d.kind = 'event' AND e.id = d.record;
EXCEPTION WHEN raise_exception THEN
    PERFORM cw_set_aside(line, SQLERRM);
END $$;
