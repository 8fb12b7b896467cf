-- What a SIP registrar needs to check HTTP Digest (RFC 7616, RFC 8760): H(username:realm:password),
-- sealed, because whoever has it can answer every challenge.
CREATE TABLE sip_digest_credentials (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sip_username TEXT NOT NULL,
    realm TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    ha1_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX sip_digest_credentials_by_name
    ON sip_digest_credentials (tenant, sip_username, realm, algorithm);
CREATE INDEX sip_digest_credentials_by_user ON sip_digest_credentials (tenant, user_id);
