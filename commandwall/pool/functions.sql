-- The ways in and out of the pool. Run again whenever this file changes; schema.py says who may
-- call what. Whatever runs with the owner's rights names its search path, temporary tables last:
-- a caller's own tables must not stand in for ours.

-- Arguments: the kind, and what says where a row of it lies ('area', 'id' or '').
CREATE OR REPLACE FUNCTION cw_changed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO cw_outbox(kind, id, op, n, mark)
        VALUES (TG_ARGV[0], NEW.id, 'U', 1, hash_record(NEW));
        RETURN NEW;
    END IF;
    IF TG_ARGV[1] = 'area' THEN
        was := OLD.area;
    ELSIF TG_ARGV[1] = 'id' THEN
        was := OLD.id;
    END IF;
    IF TG_OP = 'DELETE' THEN
        INSERT INTO cw_outbox(kind, id, op, was, n, mark)
        VALUES (TG_ARGV[0], OLD.id, 'D', was, -1, -hash_record(OLD)::bigint);
        RETURN OLD;
    END IF;
    IF OLD.id <> NEW.id THEN
        INSERT INTO cw_outbox(kind, id, op, was) VALUES (TG_ARGV[0], OLD.id, 'D', was);
    END IF;
    INSERT INTO cw_outbox(kind, id, op, was, mark)
    VALUES (TG_ARGV[0], NEW.id, 'U', was, hash_record(NEW)::bigint - hash_record(OLD));
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION cw_emptied() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO cw_outbox(kind, id, op, was, n, mark) '
        'SELECT %L, id, ''D'', %s, -1, -hash_record(t)::bigint FROM %I t',
        TG_ARGV[0], coalesce(nullif(TG_ARGV[1], ''), 'NULL'), TG_TABLE_NAME);
    RETURN NULL;
END $$;

-- Counts the revisions of a row; a write that changes nothing is left out and makes no traffic.
CREATE OR REPLACE FUNCTION cw_revised() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.rev := 1;
        RETURN NEW;
    END IF;
    NEW.rev := OLD.rev;
    IF NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NULL;
    END IF;
    NEW.rev := OLD.rev + 1;
    RETURN NEW;
END $$;

-- The values of an indicator before its newest, oldest first, as [moment in ms, value]: every station
-- judges by the same ones. What a source writes there is not taken; a value of an earlier moment
-- than the one it replaces corrects it, and what came after goes.
CREATE OR REPLACE FUNCTION cw_recent() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.recent := '';
        RETURN NEW;
    END IF;
    SELECT coalesce(jsonb_agg(pair ORDER BY at)::text, '') INTO NEW.recent FROM (
        SELECT pair, (pair->>0)::bigint AS at FROM jsonb_array_elements(
            coalesce(nullif(OLD.recent, ''), '[]')::jsonb || jsonb_build_array(jsonb_build_array(
                round(extract(epoch FROM OLD.at) * 1000)::bigint, OLD.value))) AS pair
        WHERE (pair->>0)::bigint < round(extract(epoch FROM NEW.at) * 1000)
        ORDER BY 2 DESC LIMIT cw_file_limit('values')::int
    ) kept;
    RETURN NEW;
END $$;

-- Whoever polls first moves the outbox into the feed; returns how many changes it moved. One at a
-- time and until its commit, so positions become visible in their order. The lock is the row of
-- cw_head: who may not write that table cannot hold it up. READ COMMITTED only.
CREATE OR REPLACE FUNCTION cw_advance() RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    base bigint;
    upto bigint;
    moved bigint;
BEGIN
    PERFORM no FROM cw_outbox ORDER BY no LIMIT 1;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    SELECT pos INTO base FROM cw_head FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    PERFORM cw_note_term();
    -- Up to a number, not by a list of them: a vacuum that found this table empty has it planned for
    -- one row, and the list is then gone through for each of a hundred thousand.
    SELECT max(no) INTO upto FROM (SELECT no FROM cw_outbox ORDER BY no LIMIT 20000) AS next;
    WITH gone AS (
        DELETE FROM cw_outbox WHERE no <= upto
        RETURNING no, kind, id, op, was, n, mark
    ), put AS (
        INSERT INTO cw_feed(pos, kind, id, op, was)
        SELECT base + row_number() OVER (ORDER BY no), kind, id, op, was FROM gone
        RETURNING 1
    ), summed AS (
        UPDATE cw_sum s SET n = s.n + d.n, mark = s.mark + d.mark
        FROM (SELECT kind, sum(n) AS n, sum(mark) AS mark FROM gone GROUP BY kind) d
        WHERE s.kind = d.kind AND (d.n <> 0 OR d.mark <> 0)
    )
    SELECT count(*) INTO moved FROM put;
    UPDATE cw_head SET pos = base + moved;
    PERFORM cw_prune();
    RETURN moved;
END $$;

-- What tells this server from every other that may go on with its tables: a standby that was promoted
-- writes on another timeline, a dump that was played back is another database.
CREATE OR REPLACE FUNCTION cw_server() RETURNS text LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT concat_ws('/', c.system_identifier, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), d.oid)
    FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()
$$;

-- Notes the term of this server where it is new: before it moves anything into the feed, and with
-- the row of cw_head locked. Acts get numbers that no source was told by the server before.
CREATE OR REPLACE FUNCTION cw_note_term() RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    last cw_term;
BEGIN
    SELECT * INTO last FROM cw_term ORDER BY no DESC LIMIT 1;
    IF last.server IS DISTINCT FROM cw_server() THEN
        INSERT INTO cw_term(no, server, pos, act)
        SELECT coalesce(last.no, 0) + 1, cw_server(), pos,
            CASE WHEN last.no IS NULL THEN 0 ELSE cw_last_act() + 1000000 END
        FROM cw_head;
    END IF;
END $$;

-- All terms, oldest first, and whether it is this server's. A town only looks: it may not lock.
CREATE OR REPLACE FUNCTION cw_terms() RETURNS TABLE(id uuid, pos bigint, here boolean) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    this text := cw_server();
BEGIN
    IF cw_scope() = '' AND this IS DISTINCT FROM (SELECT server FROM cw_term ORDER BY no DESC LIMIT 1) THEN
        PERFORM FROM cw_head FOR UPDATE;
        PERFORM cw_note_term();
    END IF;
    RETURN QUERY SELECT id, pos, server = this FROM cw_term WHERE cw_scope() IS NOT NULL ORDER BY no;
END $$;

-- Drops what the feed no longer keeps, a stretch at a time; cw_tail remembers how far of each kind.
-- Only for cw_advance, which holds the lock.
CREATE OR REPLACE FUNCTION cw_prune() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first bigint;
    upto bigint;
    old timestamptz;
BEGIN
    SELECT tail + 1 INTO first FROM cw_head;
    SELECT clock_timestamp() - feed_days * interval '1 day' INTO old FROM cw_meta WHERE feed_days > 0;
    PERFORM FROM cw_feed WHERE pos = first AND at < old;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT max(pos) INTO upto FROM cw_feed WHERE pos BETWEEN first AND first + 19999 AND at < old;
    INSERT INTO cw_tail(kind, pos)
        SELECT kind, max(pos) FROM cw_feed WHERE pos BETWEEN first AND upto GROUP BY kind
        ON CONFLICT (kind) DO UPDATE SET pos = excluded.pos;
    DELETE FROM cw_feed WHERE pos BETWEEN first AND upto;
    UPDATE cw_head SET tail = upto;
END $$;

-- Counts what the tables hold now: of one kind ('': of all), and of those whose shape is another.
-- The caller has seen to it that nobody writes.
CREATE OR REPLACE FUNCTION cw_recount(which text) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT k.kind, cw_shape(k.kind) AS shape, s.shape AS summed
        FROM cw_meta, jsonb_object_keys(columns) k(kind) LEFT JOIN cw_sum s ON s.kind = k.kind
    LOOP
        CONTINUE WHEN which NOT IN ('', one.kind) AND one.shape IS NOT DISTINCT FROM one.summed;
        UPDATE cw_outbox SET n = 0, mark = 0 WHERE kind = one.kind AND (n <> 0 OR mark <> 0);
        EXECUTE format(
            'INSERT INTO cw_sum SELECT %L, count(*), coalesce(sum(hash_record(t)), 0), %L FROM %I t '
            'ON CONFLICT (kind) DO UPDATE SET n = excluded.n, mark = excluded.mark, '
            'shape = excluded.shape', one.kind, one.shape, 'cw_' || one.kind);
    END LOOP;
END $$;

-- The columns of a kind's table as one text: sums of rows of another shape do not compare.
CREATE OR REPLACE FUNCTION cw_shape(of text) RETURNS text LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT string_agg(attname || ' ' || atttypid::regtype, ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = to_regclass('cw_' || of) AND attnum > 0 AND NOT attisdropped
$$;

-- Every wall copies this kind anew: for rows that were written past the triggers.
CREATE OR REPLACE FUNCTION cw_refill(which text) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pos FROM cw_head FOR UPDATE;
    LOCK TABLE cw_outbox IN EXCLUSIVE MODE;
    PERFORM cw_recount(which);
    INSERT INTO cw_outbox(kind, id, op) VALUES (which, '', 'A');
END $$;

-- After a backup was played back: every station then copies the city anew and hands over again
-- what this pool lost. Also drops the feed, which nobody needs after that.
CREATE OR REPLACE FUNCTION cw_begin_anew() RETURNS uuid LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    fresh uuid := gen_random_uuid();
BEGIN
    PERFORM pos FROM cw_head FOR UPDATE;
    TRUNCATE cw_feed, cw_outbox, cw_tail;
    UPDATE cw_head SET tail = pos;
    PERFORM cw_recount('');
    UPDATE cw_meta SET epoch = fresh;
    RETURN fresh;
END $$;

-- The same definition as head_hash in store/journal.py.
CREATE OR REPLACE FUNCTION cw_line_hash(line jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(chr(31),
        line->>'origin', line->>'seq', line->>'hlc', line->>'scope', line->>'act',
        line->>'person', line->>'post', line->>'body_hash', line->>'prev'), 'UTF8')), 'hex')
$$;

-- Takes lines in order, all or none; returns the last sequence of that origin which is held.
CREATE OR REPLACE FUNCTION cw_push(lines jsonb) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    line jsonb;
    held bigint := 0;
BEGIN
    FOR line IN SELECT * FROM jsonb_array_elements(lines) LOOP
        held := cw_take(line);
    END LOOP;
    RETURN held;
END $$;

CREATE OR REPLACE FUNCTION cw_take(line jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    who text := line->>'origin';
    no bigint := (line->>'seq')::bigint;
    last bigint;
    head text;
    lies text[];
    barred boolean;
BEGIN
    PERFORM cw_check_login(who);
    SELECT seq, hash INTO last, head FROM cw_journal WHERE origin = who ORDER BY seq DESC LIMIT 1;
    last := coalesce(last, 0);
    IF no <= last THEN
        PERFORM FROM cw_journal WHERE origin = who AND seq = no AND hash = line->>'hash';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'cw_forked: another line % of % is held', no, who;
        END IF;
        RETURN last;
    END IF;
    IF no <> last + 1 THEN
        RAISE EXCEPTION 'cw_gap: line % of % while % is next', no, who, last + 1;
    END IF;
    IF line->>'prev' IS DISTINCT FROM coalesce(head, repeat('0', 64))
       OR line->>'hash' IS DISTINCT FROM cw_line_hash(line)
       OR (line->>'body' IS NOT NULL AND line->>'body_hash' IS DISTINCT FROM
           encode(sha256(convert_to(line->>'body', 'UTF8')), 'hex'))
    THEN
        RAISE EXCEPTION 'cw_forged: line % of % does not verify', no, who;
    END IF;
    lies := cw_places(line);
    barred := NOT cw_within(lies, cw_scope());
    INSERT INTO cw_journal(origin, seq, hlc, scope, act, person, post, body_hash, prev, hash, body, areas)
        SELECT l.origin, l.seq, l.hlc, l.scope, l.act, l.person, l.post, l.body_hash, l.prev, l.hash,
            CASE WHEN NOT barred THEN l.body END, lies
        FROM jsonb_populate_record(NULL::cw_journal, line) l;
    INSERT INTO cw_outbox(kind, id, op) VALUES ('journal', who || ':' || no, 'U');
    IF barred THEN
        PERFORM cw_set_aside(line, 'outside the area of ' || session_user);
    ELSE
        PERFORM cw_apply(line);
    END IF;
    RETURN no;
END $$;

-- Where the records of a line lie: '' for what belongs to no area; nothing where there are none.
CREATE OR REPLACE FUNCTION cw_places(line jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    records jsonb;
BEGIN
    records := (line->>'body')::jsonb->'records';
    RETURN (SELECT coalesce(array_agg(DISTINCT place), '{}') FROM jsonb_each(records) k(kind, rows),
        jsonb_array_elements(k.rows) one, LATERAL cw_lies(k.kind, one, records) place);
EXCEPTION WHEN data_exception THEN
    RETURN '{""}';
END $$;

-- Where one record lies, by what the pool knows of the thing that it is about; its own word counts
-- only for what is new, and a record that is here already lies also where it lay.
CREATE OR REPLACE FUNCTION cw_lies(what text, one jsonb, records jsonb) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
    SELECT coalesce(CASE what
        WHEN 'eventwork' THEN coalesce((SELECT e.area FROM cw_event e WHERE e.id = one->>'id'),
            (SELECT f->>'area' FROM jsonb_array_elements(records->'filedevent') f
                WHERE f->>'id' = one->>'id' LIMIT 1))
        WHEN 'eventnote' THEN (SELECT e.area FROM cw_event e WHERE e.id = one->>'event')
        WHEN 'buildingcolour' THEN (SELECT b.area FROM cw_building b WHERE b.id = one->>'id')
        WHEN 'alarm' THEN (SELECT s.area FROM cw_sensor s WHERE s.id = one->>'sensor')
        WHEN 'incident' THEN one->>'area'
        WHEN 'filedevent' THEN one->>'area'
        WHEN 'officer' THEN one->>'area'
        WHEN 'duty' THEN one->>'area'
        WHEN 'signin' THEN one->>'area'
        WHEN 'mode' THEN one->>'area'
        WHEN 'grantedact' THEN one->>'area'
        WHEN 'unmasking' THEN one->>'area'
        WHEN 'assignment' THEN one->>'area'
        WHEN 'assignmentstep' THEN one->>'area'
        WHEN 'verdict' THEN (SELECT d.area FROM cw_dispute d WHERE d.id = one->>'id')
        WHEN 'attachedfile' THEN cw_subject_area(one->>'kind', one->>'subject')
        ELSE coalesce(
            (SELECT o.area FROM cw_own o WHERE o.kind = 'incident' AND o.id = one->>'incident'),
            (SELECT i->>'area' FROM jsonb_array_elements(records->'incident') i
                WHERE i->>'id' = one->>'incident' LIMIT 1))
        END, '')
    UNION SELECT o.area FROM cw_own o WHERE o.kind = what AND o.id = one->>'id'
    UNION SELECT e.area FROM cw_event e WHERE what = 'filedevent' AND e.id = one->>'id'
$$;

-- Whether all these places lie in an area (empty: the city; NULL: nowhere).
CREATE OR REPLACE FUNCTION cw_within(places text[], area text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT area IS NOT NULL
        AND NOT EXISTS (SELECT FROM unnest(places) place WHERE NOT starts_with(place, area))
$$;

-- The area of this session's login, whatever role it has set: empty for the whole city, NULL for a
-- login that has none here. Nothing that a client says is asked.
CREATE OR REPLACE FUNCTION cw_scope() RETURNS text LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce((SELECT s.area FROM cw_station s WHERE s.login = session_user),
        CASE WHEN pg_has_role(session_user, 'station', 'MEMBER') OR pg_has_role(session_user,
            (SELECT relowner FROM pg_class WHERE oid = 'public.cw_meta'::regclass), 'MEMBER')
        THEN '' END)
$$;

-- The kinds of which rows come to this session's login; NULL: of all. Without areas nothing has a place,
-- and what a licence asks for comes with the map: these two come always.
CREATE OR REPLACE FUNCTION cw_kinds() RETURNS text[] LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN s.kinds <> '{}' THEN s.kinds || '{area,credit}' END
    FROM cw_station s WHERE s.login = session_user
$$;

-- Whether the body of a line is for this session: a town gets those of its own station, those whose
-- records all lie in its area, what enters or ends a mode of an area that it lies in, and warnings.
CREATE OR REPLACE FUNCTION cw_told(line cw_journal, area text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(area = '' OR (cardinality(line.areas) > 0 AND cw_within(line.areas, area))
        OR EXISTS (SELECT FROM cw_origin o WHERE o.origin = line.origin AND o.login = session_user)
        OR (line.act IN ('enter_mode', 'extend_mode', 'leave_mode', 'end_lapsed', 'take_warnings')
            AND EXISTS (SELECT FROM unnest(line.areas) place WHERE starts_with(area, place))), false)
$$;

CREATE OR REPLACE FUNCTION cw_line(line cw_journal, area text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT to_jsonb(line) - 'areas'
        || CASE WHEN cw_told(line, area) THEN '{}' ELSE '{"body": null}' END::jsonb
$$;

-- The lines of a station after a number, in order; heads for all, bodies by area.
CREATE OR REPLACE FUNCTION cw_lines(who text, after bigint, lim int) RETURNS SETOF jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT cw_line(j, s.area) FROM (SELECT cw_scope() AS area) s, cw_journal j
    WHERE s.area IS NOT NULL AND j.origin = who AND j.seq > after ORDER BY j.seq LIMIT lim
$$;

-- Newest line of each station.
CREATE OR REPLACE FUNCTION cw_heads() RETURNS TABLE(origin text, seq bigint) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT j.origin, max(j.seq) FROM cw_journal j WHERE cw_scope() IS NOT NULL GROUP BY 1
$$;

-- A station is the login that first spoke for it. Locks nothing of another login.
CREATE OR REPLACE FUNCTION cw_check_login(who text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cw_scope() IS NULL THEN
        RAISE EXCEPTION 'cw_stranger: % has no area here', session_user;
    END IF;
    PERFORM FROM cw_origin WHERE origin = who;
    IF NOT FOUND THEN
        INSERT INTO cw_origin(origin, login) VALUES (who, session_user) ON CONFLICT DO NOTHING;
    END IF;
    PERFORM FROM cw_origin WHERE origin = who AND login = session_user FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'cw_stranger: % may not speak for %', session_user, who;
    END IF;
END $$;

-- What a line means for the city's other systems, in the same transaction. A line that verifies is
-- always kept, or it would block all that follow: what it holds and cannot be used is set aside.
CREATE OR REPLACE FUNCTION cw_apply(line jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    records jsonb;
    one jsonb;
BEGIN
    records := (line->>'body')::jsonb->'records';
    INSERT INTO cw_own(kind, id, area)
        SELECT DISTINCT ON (1, 2) k.kind, rec->>'id', place
        FROM jsonb_each(records) k(kind, rows), jsonb_array_elements(k.rows) rec,
            LATERAL cw_lies(k.kind, rec, records) place
        WHERE k.kind NOT IN ('eventwork', 'buildingcolour')
        ORDER BY 1, 2, place IS NOT DISTINCT FROM rec->>'area' DESC
        ON CONFLICT (kind, id) DO UPDATE SET area = excluded.area WHERE cw_own.area <> excluded.area;
    FOR one IN SELECT * FROM jsonb_array_elements(coalesce(records->'eventwork', '[]')) LOOP
        PERFORM cw_apply_work(line, one);
    END LOOP;
    FOR one IN SELECT * FROM jsonb_array_elements(coalesce(records->'filedevent', '[]')) LOOP
        PERFORM cw_apply_filed(one);
    END LOOP;
    FOR one IN SELECT * FROM jsonb_array_elements(coalesce(records->'sourceswitch', '[]')) LOOP
        PERFORM cw_apply_switch(line, one);
    END LOOP;
    FOR one IN SELECT * FROM jsonb_array_elements(coalesce(records->'verdict', '[]')) LOOP
        PERFORM cw_apply_verdict(line, one);
    END LOOP;
    FOR one IN SELECT * FROM jsonb_array_elements(coalesce(records->'attachedfile', '[]')) LOOP
        PERFORM cw_apply_attached(one);
    END LOOP;
EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
    PERFORM cw_set_aside(line, SQLERRM);
END $$;

CREATE OR REPLACE FUNCTION cw_set_aside(line jsonb, why text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO cw_quarantine(id, source, file, row, field, reason, original)
    VALUES ('journal:' || (line->>'hash'), 'journal', line->>'origin', (line->>'seq')::bigint,
        'body', why, coalesce(line->>'body', ''))
    ON CONFLICT DO NOTHING
$$;

CREATE OR REPLACE FUNCTION cw_apply_work(line jsonb, work jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO cw_work VALUES (
        work->>'id', work->>'state', work->>'unit', work->>'result',
        to_timestamp((work->>'at')::bigint / 1000.0),
        (line->>'hlc')::bigint, line->>'origin', (line->>'seq')::bigint)
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, unit = excluded.unit,
        result = excluded.result, at = excluded.at, hlc = excluded.hlc,
        origin = excluded.origin, seq = excluded.seq
    WHERE (cw_work.hlc, cw_work.origin) < (excluded.hlc, excluded.origin)
$$;

CREATE OR REPLACE FUNCTION cw_apply_filed(filed jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO cw_event(id, source, source_id, title, body, cls, urgency, area, address, lon,
        lat, acc_m, placed, datum, person, phone, reported_at, received_at, state, unit)
    VALUES (filed->>'id', filed->>'source', filed->>'id', filed->>'title', filed->>'body',
        filed->>'cls', (filed->>'urgency')::bigint, filed->>'area', filed->>'address',
        (filed->>'lon')::float8, (filed->>'lat')::float8, (filed->>'acc_m')::float8,
        CASE WHEN filed->>'lon' IS NULL THEN 'nowhere'
            ELSE coalesce(nullif(filed->>'placed', ''), 'point') END,
        'wgs84', coalesce(filed->>'person', ''), coalesce(filed->>'phone', ''),
        to_timestamp((filed->>'reported_at')::bigint / 1000.0), clock_timestamp(), 'NEW', '')
    ON CONFLICT DO NOTHING
$$;

-- One pack of readings or fixes of an area (empty: of the whole city, which towns do not get);
-- returns its number. Packs older than an hour go.
CREATE OR REPLACE FUNCTION cw_put_area_pack(kind text, body bytea, area text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    number bigint;
BEGIN
    UPDATE cw_pack_head SET seq = seq + 1 RETURNING seq INTO number;
    INSERT INTO cw_pack(seq, kind, body, area) VALUES (number, kind, body, area);
    IF number % 100 = 0 THEN
        DELETE FROM cw_pack WHERE at < clock_timestamp() - interval '1 hour';
    END IF;
    RETURN number;
END $$;

CREATE OR REPLACE FUNCTION cw_put_pack(kind text, body bytea) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN cw_put_area_pack(kind, body, '');
END $$;

-- Packs after a number, oldest first; at number 0 those of the last ten minutes.
CREATE OR REPLACE FUNCTION cw_packs(after bigint, lim int)
RETURNS TABLE(seq bigint, kind text, at bigint, body bytea) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT p.seq, p.kind, round(extract(epoch FROM p.at) * 1000)::bigint, p.body
    FROM (SELECT cw_scope() AS area, cw_kinds() AS kinds) s, cw_pack p
    WHERE p.seq > after AND (after > 0 OR p.at > now() - interval '10 minutes')
        AND (s.kinds IS NULL OR CASE p.kind WHEN 'readings' THEN 'sensor' ELSE 'resource' END
            = ANY(s.kinds))
        AND (s.area = '' OR (p.area <> '' AND starts_with(p.area, s.area)))
    ORDER BY p.seq LIMIT lim
$$;
