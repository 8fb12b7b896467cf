-- The place of an event in its tenant's chain; empty until the sealer has come by.
ALTER TABLE audit ADD COLUMN seq BIGINT;
ALTER TABLE audit ADD COLUMN digest TEXT;
ALTER TABLE audit ADD COLUMN chain TEXT;
-- The event that says that and why this one was emptied.
ALTER TABLE audit ADD COLUMN erased_by TEXT;
CREATE UNIQUE INDEX audit_by_seq ON audit (tenant, seq);
CREATE INDEX audit_unsealed ON audit (tenant, id) WHERE seq IS NULL;
CREATE INDEX audit_by_kind ON audit (tenant, kind, id);
CREATE INDEX audit_by_actor ON audit (tenant, actor, id) WHERE actor IS NOT NULL;
CREATE INDEX audit_by_subject ON audit (tenant, subject, id) WHERE subject IS NOT NULL;
CREATE INDEX audit_by_client ON audit (tenant, client_id, id) WHERE client_id IS NOT NULL;
CREATE INDEX audit_by_address ON audit (tenant, address, id) WHERE address IS NOT NULL;

-- How far each chain has come. The seal is made with the master key: who can only write rows
-- cannot say that a chain of his own is the one that was here.
CREATE TABLE audit_heads (
    tenant TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    chain TEXT NOT NULL,
    checkpoint_seq BIGINT NOT NULL,
    checkpoint_at BIGINT NOT NULL,
    seal TEXT NOT NULL
);

-- What the tenant's key has signed about its chain.
CREATE TABLE audit_checkpoints (
    tenant TEXT NOT NULL,
    seq BIGINT NOT NULL,
    chain TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- Events up to this one were removed on purpose.
    cut BIGINT NOT NULL,
    jws TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
);

-- What happened in an hour, named by its first millisecond.
CREATE TABLE hourly_counters (
    tenant TEXT NOT NULL,
    hour BIGINT NOT NULL,
    name TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (tenant, hour, name)
);
CREATE INDEX hourly_counters_by_hour ON hourly_counters (hour);

CREATE INDEX refusals_by_minute ON refusals (minute);
CREATE INDEX refusals_by_tenant ON refusals (tenant, minute);
CREATE INDEX refusals_by_account ON refusals (tenant, account, minute);

-- Why requests were refused, for a day.
CREATE TABLE decisions (
    tenant TEXT NOT NULL,
    request_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    route TEXT NOT NULL,
    status BIGINT NOT NULL,
    code TEXT NOT NULL,
    description TEXT NOT NULL,
    cause TEXT,
    client_id TEXT,
    account TEXT,
    address TEXT NOT NULL,
    PRIMARY KEY (tenant, request_id)
);
CREATE INDEX decisions_by_time ON decisions (at);
