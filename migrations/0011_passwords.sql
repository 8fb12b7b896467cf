-- What somebody has to do at a page of ours before anything is given to them: words, with spaces.
ALTER TABLE users ADD COLUMN required_actions TEXT NOT NULL DEFAULT '';

-- Hashes of an account's passwords before the present one, no more than are remembered.
CREATE TABLE password_history (
    tenant TEXT NOT NULL,
    user_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, user_id, seq),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
