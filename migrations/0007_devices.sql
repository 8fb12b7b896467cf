-- Where a sign-in came from. `created_at` is 0 where a program of before wrote the row.
ALTER TABLE sessions ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN user_agent TEXT;
-- Of a direct login.
ALTER TABLE sessions ADD COLUMN client_id TEXT;
ALTER TABLE sessions ADD COLUMN device_id TEXT;
UPDATE sessions SET created_at = auth_time;
CREATE INDEX sessions_by_age ON sessions (tenant, created_at, id);
DROP INDEX sessions_by_user;
CREATE INDEX sessions_by_user ON sessions (tenant, user_id, created_at, id);

-- What was given in a browser is given to it, and outlives the session's row.
ALTER TABLE grants ADD COLUMN device_id TEXT;

-- Where an account was signed in: a browser, recognised by the secret of the digest, or a client that
-- signs people in directly. Without a digest a browser is listed and not recognised.
CREATE TABLE devices (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    digest TEXT,
    client_id TEXT,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
CREATE INDEX devices_by_user ON devices (tenant, user_id, created_at, id);
CREATE UNIQUE INDEX devices_by_digest ON devices (tenant, digest);
CREATE UNIQUE INDEX devices_by_client ON devices (tenant, user_id, client_id, name);
CREATE INDEX devices_by_expiry ON devices (expires_at);
