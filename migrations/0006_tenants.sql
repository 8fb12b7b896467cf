-- What a tenant is beside its name.
ALTER TABLE tenants ADD COLUMN description TEXT;
-- The domain of its people's e-mail addresses.
ALTER TABLE tenants ADD COLUMN domain TEXT;
-- Host and port of an issuer of its own.
ALTER TABLE tenants ADD COLUMN host TEXT;
ALTER TABLE tenants ADD COLUMN display TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tenants ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tenants ADD COLUMN search_key TEXT NOT NULL DEFAULT '';
-- Counts its issuers; what was given under an earlier one is over.
ALTER TABLE tenants ADD COLUMN issuer_rev BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
-- A deleted tenant's rows go bit by bit; its own stays beside its audit trail.
ALTER TABLE tenants ADD COLUMN deleted_at BIGINT;
ALTER TABLE tenants ADD COLUMN purged_at BIGINT;
UPDATE tenants SET search_key = LOWER(slug || ' ' || name), updated_at = created_at;
CREATE UNIQUE INDEX tenants_by_domain ON tenants (domain);
CREATE UNIQUE INDEX tenants_by_host ON tenants (host);
CREATE INDEX tenants_to_purge ON tenants (deleted_at) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;

-- Id and name in canonical form, for searches; the program fills it for the rows there are.
ALTER TABLE clients ADD COLUMN search_key TEXT NOT NULL DEFAULT '';

ALTER TABLE grants ADD COLUMN issuer_rev BIGINT NOT NULL DEFAULT 0;
