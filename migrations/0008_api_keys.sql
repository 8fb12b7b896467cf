-- Keys by which programs act for their owners. Of a secret there is its digest and what people may
-- see of it; while a secret is changed there are two.
CREATE TABLE api_keys (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    permissions TEXT NOT NULL,
    networks TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    digest TEXT NOT NULL,
    hint TEXT NOT NULL,
    old_digest TEXT,
    old_hint TEXT,
    old_expires_at BIGINT,
    expires_at BIGINT,
    last_used_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX api_keys_by_name ON api_keys (tenant, user_id, name);
-- The REST API learns the tenant from the key.
CREATE UNIQUE INDEX api_keys_by_digest ON api_keys (digest);
CREATE UNIQUE INDEX api_keys_by_old_digest ON api_keys (old_digest);
