-- A refresh without a client's name learns the tenant from the token.
CREATE INDEX refresh_tokens_by_digest ON refresh_tokens (digest);
-- When the account last signed in, at a page or without one.
ALTER TABLE users ADD COLUMN last_login_at BIGINT;
