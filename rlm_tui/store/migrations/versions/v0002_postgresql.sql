-- The first schema in PostgreSQL, as it was when this version was released.

CREATE TABLE bench_attempt (
    key TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    suite TEXT COLLATE "C" NOT NULL,
    session TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    started FLOAT NOT NULL,
    ended FLOAT,
    official FLOAT,
    error TEXT COLLATE "C",
    cost FLOAT,
    PRIMARY KEY (key, number)
);

CREATE INDEX ix_bench_attempt_suite ON bench_attempt (suite);

CREATE TABLE bench_cell (
    key TEXT COLLATE "C" NOT NULL,
    suite TEXT COLLATE "C" NOT NULL,
    task TEXT COLLATE "C" NOT NULL,
    item TEXT COLLATE "C" NOT NULL,
    "window" TEXT COLLATE "C" NOT NULL,
    length BIGINT NOT NULL,
    answer_type TEXT COLLATE "C" NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    question TEXT COLLATE "C" NOT NULL,
    method TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    parameters TEXT COLLATE "C" NOT NULL,
    seed BIGINT NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    attempts BIGINT NOT NULL,
    session TEXT COLLATE "C",
    started FLOAT,
    ended FLOAT,
    seconds FLOAT,
    official FLOAT,
    tolerant FLOAT,
    judge FLOAT,
    parsed TEXT COLLATE "C" NOT NULL,
    answer TEXT COLLATE "C",
    "limit" TEXT COLLATE "C",
    error TEXT COLLATE "C",
    calls BIGINT NOT NULL,
    turns BIGINT NOT NULL,
    depth BIGINT NOT NULL,
    input BIGINT NOT NULL,
    cached BIGINT NOT NULL,
    output BIGINT NOT NULL,
    reasoning BIGINT NOT NULL,
    cost FLOAT,
    pid BIGINT,
    host TEXT COLLATE "C",
    start TEXT COLLATE "C",
    PRIMARY KEY (key)
);

CREATE INDEX ix_bench_cell_suite ON bench_cell (suite);

CREATE TABLE blob (
    sha TEXT COLLATE "C" NOT NULL,
    part BIGINT NOT NULL,
    parts BIGINT NOT NULL,
    chars BIGINT NOT NULL,
    coding TEXT COLLATE "C" NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (sha, part)
);

CREATE TABLE event (
    session TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    at FLOAT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    schema BIGINT NOT NULL,
    payload TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (session, seq)
);

CREATE TABLE lease (
    session TEXT COLLATE "C" NOT NULL,
    token TEXT COLLATE "C" NOT NULL,
    pid BIGINT NOT NULL,
    host TEXT COLLATE "C" NOT NULL,
    start TEXT COLLATE "C" NOT NULL,
    at FLOAT NOT NULL,
    PRIMARY KEY (session)
);

CREATE TABLE mark (
    session TEXT COLLATE "C" NOT NULL,
    tags TEXT COLLATE "C" NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    score BIGINT,
    PRIMARY KEY (session)
);

CREATE TABLE removal (
    session TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (session)
);

CREATE TABLE session (
    id TEXT COLLATE "C" NOT NULL,
    created FLOAT NOT NULL,
    updated FLOAT NOT NULL,
    ended FLOAT,
    query TEXT COLLATE "C" NOT NULL,
    documents TEXT COLLATE "C" NOT NULL,
    chars BIGINT NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    sub_model TEXT COLLATE "C",
    origin TEXT COLLATE "C" NOT NULL,
    parent TEXT COLLATE "C",
    parent_seq BIGINT,
    status TEXT COLLATE "C" NOT NULL,
    answer TEXT COLLATE "C",
    "limit" TEXT COLLATE "C",
    error TEXT COLLATE "C",
    calls BIGINT NOT NULL,
    input BIGINT NOT NULL,
    cached BIGINT NOT NULL,
    cache_write BIGINT NOT NULL,
    output BIGINT NOT NULL,
    reasoning BIGINT NOT NULL,
    cost FLOAT NOT NULL,
    unpriced BIGINT NOT NULL,
    estimated BOOLEAN NOT NULL,
    turns BIGINT NOT NULL,
    cells BIGINT NOT NULL,
    nodes BIGINT NOT NULL,
    depth BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX ix_session_created ON session (created);

ALTER TABLE blob ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE FUNCTION event_follows() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.seq IS DISTINCT FROM (SELECT coalesce(max(seq), 0) + 1 FROM event WHERE session = NEW.session) THEN
        RAISE EXCEPTION 'an event must follow the last one of its session' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER event_follows BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION event_follows();

CREATE FUNCTION event_stays() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF true THEN
        RAISE EXCEPTION 'events are never changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER event_stays BEFORE UPDATE ON event FOR EACH ROW EXECUTE FUNCTION event_stays();

CREATE FUNCTION event_remains() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM removal WHERE session = OLD.session) THEN
        RAISE EXCEPTION 'events are never deleted one by one' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER event_remains BEFORE DELETE ON event FOR EACH ROW EXECUTE FUNCTION event_remains();

CREATE FUNCTION events_remain() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF true THEN
        RAISE EXCEPTION 'events are never deleted one by one' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER events_remain BEFORE TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION events_remain();

CREATE FUNCTION blob_stays() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF true THEN
        RAISE EXCEPTION 'texts are never changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER blob_stays BEFORE UPDATE ON blob FOR EACH ROW EXECUTE FUNCTION blob_stays();
