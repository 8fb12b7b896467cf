-- Times are milliseconds since the epoch, flags 0 or 1, JSON and identifiers text.

CREATE TABLE instance (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('changes', 0);

-- What every node follows to drop what it remembers.
CREATE TABLE changes (
    seq BIGINT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL
);

-- Work only one node may do at a time.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE tenants (
    id TEXT NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    issuer TEXT,
    signing_alg TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    alg TEXT NOT NULL,
    state TEXT NOT NULL,
    private_sealed TEXT,
    public_jwk TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    active_from BIGINT NOT NULL,
    retired_at BIGINT
);
CREATE INDEX signing_keys_by_tenant ON signing_keys (tenant);
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (tenant, alg) WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (tenant, alg) WHERE state = 'next';

-- Keys made ahead, because an RSA key costs up to half a second.
CREATE TABLE spare_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    alg TEXT NOT NULL,
    private_sealed TEXT NOT NULL,
    public_jwk TEXT NOT NULL
);

CREATE TABLE users (
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL,
    email TEXT,
    email_key TEXT,
    email_verified BIGINT NOT NULL,
    claims TEXT NOT NULL,
    roles TEXT NOT NULL,
    groups TEXT NOT NULL,
    attributes TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX users_by_username ON users (tenant, username_key);
CREATE UNIQUE INDEX users_by_email ON users (tenant, email_key);

-- Whatever proves a user: a kind and its data, so that a new factor needs no migration.
CREATE TABLE credentials (
    tenant TEXT NOT NULL,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, user_id, kind, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);

CREATE TABLE clients (
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    metadata TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, client_id)
);

CREATE TABLE client_secrets (
    tenant TEXT NOT NULL,
    client_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    secret_kind TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (tenant, client_id, digest),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, client_id) ON DELETE CASCADE
);

CREATE TABLE resources (
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    audience TEXT NOT NULL,
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, audience)
);

-- A person who signed in: in a browser, which holds the secret of the digest, or directly for one client.
CREATE TABLE sessions (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    digest TEXT,
    remembered BIGINT NOT NULL,
    amr TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX sessions_by_digest ON sessions (tenant, digest);
CREATE INDEX sessions_by_user ON sessions (tenant, user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- What one authorization gave to one client: the family its tokens belong to.
CREATE TABLE grants (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    -- Outlives its session (OpenID Connect Core 1.0 section 11).
    offline BIGINT NOT NULL,
    amr TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    claims TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX grants_by_session ON grants (tenant, session_id);
CREATE INDEX grants_by_user ON grants (tenant, user_id);
CREATE INDEX grants_by_client ON grants (tenant, client_id);
CREATE INDEX grants_by_expiry ON grants (expires_at);

CREATE TABLE refresh_tokens (
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    audience TEXT NOT NULL,
    predecessor TEXT,
    expires_at BIGINT NOT NULL,
    family_expires_at BIGINT NOT NULL,
    used_at BIGINT,
    successor TEXT,
    successor_sealed TEXT,
    request TEXT,
    PRIMARY KEY (tenant, digest)
);
CREATE INDEX refresh_tokens_by_grant ON refresh_tokens (tenant, grant_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (family_expires_at);

-- Opaque access tokens; signed ones leave no row.
CREATE TABLE access_tokens (
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,
    claims TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, digest)
);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

-- Subjects are `kind:id`: token, grant, client, user, tenant. The whole table is in memory.
CREATE TABLE revocations (
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, subject)
);
CREATE INDEX revocations_by_expiry ON revocations (expires_at);

-- What is good once and leaves no other row: client assertions (RFC 7523 section 3, item 7), pages.
CREATE TABLE used_ids (
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, digest)
);
CREATE INDEX used_ids_by_expiry ON used_ids (expires_at);

CREATE TABLE setup_links (
    digest TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE audit (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT,
    subject TEXT,
    client_id TEXT,
    address TEXT,
    request_id TEXT,
    detail TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- Refusals are counted by the minute, so that an attacker cannot fill the disk.
CREATE TABLE refusals (
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    address TEXT NOT NULL,
    minute BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (tenant, kind, account, address, minute)
);
