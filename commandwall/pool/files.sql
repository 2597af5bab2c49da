-- Attached files 附件: their bytes in pieces, small pictures, who may give and get them. The rows are
-- cw_attachment. Run again like functions.sql.

ALTER TABLE cw_meta ADD COLUMN IF NOT EXISTS files jsonb NOT NULL DEFAULT '{}';
ALTER TABLE cw_meta ADD COLUMN IF NOT EXISTS files_pruned_at timestamptz;
ALTER TABLE cw_attachment ADD COLUMN IF NOT EXISTS login text NOT NULL DEFAULT '';
COMMENT ON COLUMN cw_attachment.login IS 'The station''s login that named the file; empty: the city.';
COMMENT ON COLUMN cw_attachment.held IS
    'Bytes that are here: 0 none yet, the size when all are, -1 when they grew too old and went.';
CREATE INDEX IF NOT EXISTS cw_attachment_subject ON cw_attachment USING hash (subject);
CREATE INDEX IF NOT EXISTS cw_attachment_sha256 ON cw_attachment USING hash (sha256);

CREATE TABLE IF NOT EXISTS cw_file (
    sha256 text NOT NULL,
    login text NOT NULL,
    size bigint NOT NULL,
    here bigint NOT NULL DEFAULT 0,
    kept boolean NOT NULL DEFAULT false,
    whole_at timestamptz,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (sha256, login)
);
COMMENT ON TABLE cw_file IS 'Who gave which file, and how much of it; whole_at: all of it, verified.
Of those who gave the same file, the pieces of one are kept.';

CREATE TABLE IF NOT EXISTS cw_file_part (
    sha256 text NOT NULL,
    login text NOT NULL,
    at bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (sha256, login, at)
);
ALTER TABLE cw_file_part ALTER COLUMN body SET STORAGE EXTERNAL;
COMMENT ON TABLE cw_file_part IS 'The pieces of files, each with the place of its first byte.';

CREATE TABLE IF NOT EXISTS cw_thumb (
    id text PRIMARY KEY,
    body bytea NOT NULL
);
COMMENT ON TABLE cw_thumb IS 'A small picture (JPEG) of an attachment, by the id of its row.';

-- What a file may weigh and how long it stays, by the lists of the program that made the pool;
-- how many values of an indicator are kept stands there too.
CREATE OR REPLACE FUNCTION cw_file_limit(name text) RETURNS float8 LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT (files->>name)::float8 FROM cw_meta
$$;

-- An attachment lies where its subject lies, whatever is written into its row.
CREATE OR REPLACE FUNCTION cw_placed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.sha256 := coalesce(nullif(NEW.sha256, ''), NEW.id);
    NEW.area := coalesce(cw_subject_area(NEW.kind, NEW.subject), NEW.area);
    RETURN NEW;
END $$;

-- And goes along when that moves. Argument: the kind of the subject, '' where the row names it.
CREATE OR REPLACE FUNCTION cw_followed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    what text := TG_ARGV[0];
BEGIN
    IF what = '' THEN
        what := to_jsonb(NEW)->>'kind';
    END IF;
    UPDATE cw_attachment SET area = NEW.area WHERE subject = NEW.id AND kind = what;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER cw_followed AFTER UPDATE OF area ON cw_own FOR EACH ROW
    WHEN (OLD.area IS DISTINCT FROM NEW.area) EXECUTE FUNCTION cw_followed('');

-- What a station attached, as a row of the city: from cw_apply, under the login of the session.
CREATE OR REPLACE FUNCTION cw_apply_attached(file jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF file->>'sha256' !~ '^[0-9a-f]{64}$' OR (file->>'size')::bigint NOT BETWEEN 1 AND cw_file_limit('most')
    THEN
        RAISE EXCEPTION 'no SHA-256, or larger than a file may be' USING ERRCODE = 'data_exception';
    END IF;
    INSERT INTO cw_attachment(id, kind, subject, sha256, name, mime, size, at, by, post, login)
    VALUES (file->>'id', file->>'kind', file->>'subject', file->>'sha256', file->>'name',
        file->>'mime', (file->>'size')::bigint, to_timestamp((file->>'at')::bigint / 1000.0),
        coalesce(file->>'by', ''), coalesce(file->>'post', ''), session_user)
    ON CONFLICT DO NOTHING;
    UPDATE cw_attachment a SET held = a.size WHERE a.id = file->>'id' AND a.held = 0
        AND EXISTS (SELECT FROM cw_file f WHERE f.sha256 = a.sha256 AND f.login = a.login
            AND f.size = a.size AND f.whole_at IS NOT NULL)
        AND EXISTS (SELECT FROM cw_file f WHERE f.sha256 = a.sha256 AND f.kept);
END $$;

-- Whether the session sees an attachment. Who names a file without having given its bytes shows
-- nobody anything by that, himself neither: a hash is no key.
CREATE OR REPLACE FUNCTION cw_attachment_told(a cw_attachment, area text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(area = '' OR (starts_with(a.area, area) AND (a.login = ''
        OR EXISTS (SELECT FROM cw_file f WHERE f.sha256 = a.sha256 AND f.login = a.login
            AND f.size = a.size AND f.whole_at IS NOT NULL))), false)
$$;

-- Takes the next piece of a file; returns how many bytes are here of what this login gave. Another
-- place than the next, or an empty piece, only asks. -1: all came and they are not what they should
-- be; they are dropped. A login gives what an act of its own names; one of the whole city also what
-- others name, so that a pool that was set back gets its files again.
CREATE OR REPLACE FUNCTION cw_give(which text, at bigint, part bytea) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    city boolean := coalesce(cw_scope() = '', false);
    weight bigint;
    f cw_file;
BEGIN
    SELECT a.size INTO weight FROM cw_attachment a
        WHERE a.sha256 = which AND a.held <> -1 AND (a.login = session_user OR city)
        ORDER BY a.login = session_user DESC LIMIT 1;
    IF weight IS NULL OR cw_scope() IS NULL THEN
        RAISE EXCEPTION 'cw_unnamed: no act of % names this file', session_user;
    END IF;
    INSERT INTO cw_file(sha256, login, size) VALUES (which, session_user, weight)
        ON CONFLICT DO NOTHING;
    SELECT * INTO f FROM cw_file WHERE sha256 = which AND login = session_user FOR UPDATE;
    IF f.whole_at IS NULL AND city AND EXISTS (SELECT FROM cw_file k
        WHERE k.sha256 = which AND k.kept AND k.size = f.size)
    THEN
        PERFORM cw_given(f);
        RETURN f.size;
    END IF;
    IF f.whole_at IS NOT NULL OR at IS DISTINCT FROM f.here OR length(part) = 0 THEN
        RETURN CASE WHEN f.whole_at IS NULL THEN f.here ELSE f.size END;
    END IF;
    IF f.here + length(part) > f.size OR length(part) > cw_file_limit('part') THEN
        RAISE EXCEPTION 'cw_too_much: this piece is larger than what is missing, or than a piece';
    END IF;
    INSERT INTO cw_file_part VALUES (which, session_user, f.here, part);
    UPDATE cw_file SET here = f.here + length(part) WHERE sha256 = which AND login = session_user
        RETURNING * INTO f;
    IF f.here < f.size THEN
        RETURN f.here;
    END IF;
    IF cw_file_hash(which, session_user) <> which THEN
        DELETE FROM cw_file_part WHERE sha256 = which AND login = session_user;
        UPDATE cw_file SET here = 0 WHERE sha256 = which AND login = session_user;
        RETURN -1;
    END IF;
    PERFORM cw_given(f);
    RETURN f.size;
END $$;

CREATE OR REPLACE FUNCTION cw_file_hash(which text, who text) RETURNS text LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT encode(sha256(coalesce(string_agg(body, '' ORDER BY at), '')), 'hex')
    FROM cw_file_part WHERE sha256 = which AND login = who
$$;

-- This login has given all of a file, and it verified. Tells every station by the feed.
CREATE OR REPLACE FUNCTION cw_given(f cw_file) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(4711, hashtext(f.sha256));
    IF EXISTS (SELECT FROM cw_file k WHERE k.sha256 = f.sha256 AND k.kept AND k.login <> f.login) THEN
        DELETE FROM cw_file_part p WHERE p.sha256 = f.sha256 AND p.login = f.login;
        UPDATE cw_file k SET whole_at = clock_timestamp(), here = size
            WHERE k.sha256 = f.sha256 AND k.login = f.login;
    ELSE
        UPDATE cw_file k SET whole_at = clock_timestamp(), kept = true
            WHERE k.sha256 = f.sha256 AND k.login = f.login;
    END IF;
    UPDATE cw_attachment a SET held = a.size WHERE a.sha256 = f.sha256 AND a.size = f.size
        AND a.held <> a.size AND (a.login = '' OR EXISTS (SELECT FROM cw_file k
            WHERE k.sha256 = a.sha256 AND k.login = a.login AND k.whole_at IS NOT NULL)
            OR coalesce(cw_scope() = '', false));
    PERFORM cw_prune_files(false);
END $$;

-- Up to n bytes of a file from a place on, of one piece; nothing where the session may not see it.
CREATE OR REPLACE FUNCTION cw_get(which text, at bigint, n int) RETURNS bytea LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT substr(p.body, ($2 - p.at)::int + 1, least(n, cw_file_limit('part')::int))
    FROM cw_file k JOIN cw_file_part p ON p.sha256 = k.sha256 AND p.login = k.login
    WHERE k.sha256 = which AND k.kept AND p.at <= $2 AND p.at + length(p.body) > $2
        AND EXISTS (SELECT FROM (SELECT cw_scope() AS area OFFSET 0) s, cw_attachment a
            WHERE a.sha256 = which AND s.area IS NOT NULL AND cw_attachment_told(a, s.area))
    ORDER BY p.at DESC LIMIT 1
$$;

-- A small picture of an attachment, from the station that attached it, or a city-wide one.
CREATE OR REPLACE FUNCTION cw_give_thumb(which text, body bytea) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM cw_attachment a WHERE a.id = which
        AND (a.login = session_user OR coalesce(cw_scope() = '', false)) FOR UPDATE;
    IF NOT FOUND OR cw_scope() IS NULL OR length(body) NOT BETWEEN 1 AND cw_file_limit('thumb') THEN
        RETURN false;
    END IF;
    INSERT INTO cw_thumb VALUES (which, body) ON CONFLICT DO NOTHING;
    UPDATE cw_attachment a SET thumb = 1 WHERE a.id = which AND a.thumb = 0;
    RETURN true;
END $$;

-- The small pictures of attachments that the session may see.
CREATE OR REPLACE FUNCTION cw_thumbs(which text[]) RETURNS TABLE(id text, body bytea) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT t.id, t.body FROM (SELECT cw_scope() AS area OFFSET 0) s, cw_thumb t
        JOIN cw_attachment a ON a.id = t.id
    WHERE t.id = ANY(which) AND (s.area = '' OR starts_with(a.area, s.area))
$$;

-- A system of the city attaches a file to a row: all at once, for SQL by hand or from a program.
CREATE OR REPLACE FUNCTION cw_attach(kind text, subject text, name text, body bytea, mime text DEFAULT '')
RETURNS text LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    hash text := encode(sha256(body), 'hex');
    key text := md5(kind || chr(31) || subject || chr(31) || hash);
    step int := cw_file_limit('part');
BEGIN
    IF length(body) NOT BETWEEN 1 AND cw_file_limit('most') THEN
        RAISE EXCEPTION 'cw_too_much: a file has 1 to % bytes', cw_file_limit('most');
    END IF;
    PERFORM pg_advisory_xact_lock(4711, hashtext(hash));
    IF NOT EXISTS (SELECT FROM cw_file WHERE sha256 = hash AND kept) THEN
        DELETE FROM cw_file_part WHERE sha256 = hash AND login = session_user;
        INSERT INTO cw_file_part SELECT hash, session_user, n, substr(body, n + 1, step)
            FROM generate_series(0, length(body) - 1, step) n;
        INSERT INTO cw_file VALUES (hash, session_user, length(body), length(body), true, clock_timestamp())
        ON CONFLICT (sha256, login) DO UPDATE
            SET size = excluded.size, here = excluded.here, kept = true, whole_at = excluded.whole_at;
    END IF;
    INSERT INTO cw_attachment(id, kind, subject, sha256, name, mime, size, held, at, by)
    VALUES (key, kind, subject, hash, name, mime, length(body), length(body), clock_timestamp(), session_user)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, mime = excluded.mime, held = excluded.held;
    PERFORM cw_prune_files(false);
    RETURN key;
END $$;

-- Drops the bytes of a file; stations that have it give it again.
CREATE OR REPLACE FUNCTION cw_forget_file(which text) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM cw_file_part WHERE sha256 = which;
    DELETE FROM cw_file WHERE sha256 = which;
    UPDATE cw_attachment SET held = 0 WHERE sha256 = which AND held > 0;
END $$;

-- Drops bytes that grew too old, the oldest where there are too many, and what was begun and left
-- lying; rows and small pictures stay. Once an hour, or `now`; returns how many files went.
CREATE OR REPLACE FUNCTION cw_prune_files(now boolean DEFAULT true) RETURNS bigint LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    old text[];
BEGIN
    UPDATE cw_meta SET files_pruned_at = clock_timestamp()
        WHERE now OR coalesce(files_pruned_at < clock_timestamp() - interval '1 hour', true);
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    DELETE FROM cw_thumb t WHERE NOT EXISTS (SELECT FROM cw_attachment a WHERE a.id = t.id);
    WITH idle AS (DELETE FROM cw_file WHERE whole_at IS NULL
        AND begun_at < clock_timestamp() - cw_file_limit('idle_days') * interval '1 day' RETURNING *)
    DELETE FROM cw_file_part p USING idle i WHERE p.sha256 = i.sha256 AND p.login = i.login;
    SELECT array_agg(sha256) INTO old FROM (
        SELECT f.sha256, n.at, sum(f.size) OVER (ORDER BY n.at DESC NULLS LAST, f.sha256) AS total
        FROM cw_file f LEFT JOIN LATERAL
            (SELECT max(a.at) AS at FROM cw_attachment a WHERE a.sha256 = f.sha256) n ON true
        WHERE f.kept) x
    WHERE total > cw_file_limit('all')
        OR coalesce(at < clock_timestamp() - cw_file_limit('days') * interval '1 day', true);
    UPDATE cw_attachment SET held = -1 WHERE sha256 = ANY(old) AND held <> -1;
    DELETE FROM cw_file_part WHERE sha256 = ANY(old);
    DELETE FROM cw_file WHERE sha256 = ANY(old);
    RETURN coalesce(cardinality(old), 0);
END $$;
