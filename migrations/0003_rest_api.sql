-- Answers of calls that create, so that a retry gets the same one. They are sealed: some hold a secret.
CREATE TABLE idempotency (
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, digest)
);
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

-- The REST API learns the tenant from the token.
CREATE INDEX access_tokens_by_digest ON access_tokens (digest);
