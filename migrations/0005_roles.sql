-- A person, or a service that cannot sign in.
ALTER TABLE users ADD COLUMN kind TEXT NOT NULL DEFAULT 'person';
-- What the account's owner keeps with it: a JSON object, in no claims.
ALTER TABLE users ADD COLUMN preferences TEXT NOT NULL DEFAULT '{}';
-- Username, address and name in canonical form, for searches. The program fills it for the rows
-- there are, as it does `memberships` and `groups`: SQL has neither the form nor JSON for both databases.
ALTER TABLE users ADD COLUMN search_key TEXT NOT NULL DEFAULT '';

-- A tenant's own roles; those every tenant has are no rows.
CREATE TABLE roles (
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    permissions TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, name)
);

CREATE TABLE groups (
    tenant TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, name)
);

-- Who has a role or is in a group: an index over `users.roles` and `users.groups`, in the order of
-- the accounts' names, which `member_key` repeats.
CREATE TABLE memberships (
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    member_key TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, name, member_key),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
CREATE INDEX memberships_by_user ON memberships (tenant, user_id);
