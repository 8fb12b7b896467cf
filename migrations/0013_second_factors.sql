-- The factors themselves are rows of credentials: kinds totp and recovery_code.

-- An authenticator somebody is setting up: no factor before its first code was right. One an account.
CREATE TABLE factor_enrolments (
    tenant TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    secret_sealed TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
CREATE INDEX factor_enrolments_by_expiry ON factor_enrolments (expires_at);

-- Codes somebody tried beside an account's right password, within two windows from the first of each.
CREATE TABLE factor_tries (
    tenant TEXT NOT NULL,
    user_id TEXT NOT NULL,
    since BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    long_since BIGINT NOT NULL,
    long_tries BIGINT NOT NULL,
    PRIMARY KEY (tenant, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
CREATE INDEX factor_tries_by_time ON factor_tries (long_since);
