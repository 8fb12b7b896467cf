-- Links that people are sent, and the mails that wait to be sent. Of a link there is its digest; the
-- link itself lies sealed in the mail until that is gone.
CREATE TABLE mail_links (
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,
    user_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    -- The address it was made for: with another one of the account, it opens nothing.
    email_key TEXT,
    -- Whether using it proves that somebody reads that address; one that was printed proves nothing.
    by_mail BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    -- When something ended it before it was used: a newer one, a new password.
    ended_at BIGINT,
    PRIMARY KEY (tenant, digest),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
CREATE INDEX mail_links_by_user ON mail_links (tenant, user_id, purpose, created_at);
CREATE INDEX mail_links_by_end ON mail_links (expires_at);
-- The REST API learns the tenant from the link.
CREATE INDEX mail_links_by_digest ON mail_links (digest);

CREATE TABLE mail_queue (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    sealed TEXT NOT NULL,
    link_digest TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    leased_until BIGINT,
    attempts BIGINT NOT NULL,
    dead_at BIGINT,
    reason TEXT,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
CREATE INDEX mail_queue_due ON mail_queue (not_before) WHERE dead_at IS NULL;
CREATE INDEX mail_queue_by_user ON mail_queue (tenant, user_id);
CREATE INDEX mail_queue_by_end ON mail_queue (expires_at);
