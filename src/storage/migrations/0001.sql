-- Version 1 of the data. Times are microseconds since 1970 in UTC, digests one byte of algorithm and the raw bytes,
-- ids lower-case GUID text, names that compare without case have a lower-case `..._key` beside them.
-- `bytea` and `without rowid` (rows are kept in the order of the primary key) are replaced by each engine's own words.

create table tenants (
    id text primary key,
    display_name text not null,
    created_at bigint not null
);

create table subscriptions (
    id text primary key,
    tenant_id text not null references tenants(id),
    display_name text not null,
    created_at bigint not null
);

-- Every ARM resource, resource groups included. `scope_key` is its lower-case ARM id. A registry's content hangs on
-- `id`, so that a name made anew starts with nothing.
create table resources (
    id integer primary key autoincrement,
    guid text not null unique,
    tenant_id text not null references tenants(id),
    subscription_id text not null references subscriptions(id),
    resource_group_key text not null,
    type_key text not null,
    name text not null,
    name_key text not null,
    scope text not null,
    scope_key text not null unique,
    location text not null,
    tags text not null,
    sku text,
    properties text not null,
    created_at bigint not null,
    created_by text not null,
    updated_at bigint not null,
    updated_by text not null
);
create index resources_by_group on resources(subscription_id, resource_group_key, type_key, name_key);
create unique index registries_by_name on resources(name_key) where type_key = 'microsoft.containerregistry/registries';

-- The admin user's two passwords of a registry: sealed, since `listCredentials` must show them.
create table registry_passwords (
    registry_id integer not null references resources(id) on delete cascade,
    name text not null,
    sealed bytea not null,
    created_at bigint not null,
    primary key (registry_id, name)
) without rowid;

-- The directory.
create table applications (
    id text primary key,
    tenant_id text not null references tenants(id),
    application_id text not null unique,
    display_name text not null,
    properties text not null,
    created_at bigint not null
);

create table principals (
    id text primary key,
    tenant_id text not null references tenants(id),
    kind text not null,                     -- User, Group, ServicePrincipal
    display_name text not null,
    application_id text,                    -- of a service principal
    user_principal_name text,
    enabled integer not null,
    properties text not null,
    created_at bigint not null
);
create unique index principals_by_application on principals(application_id) where application_id is not null;
create unique index principals_by_user_name on principals(user_principal_name) where user_principal_name is not null;

-- Secrets that berth only verifies: hashes. `owner_id` is an application's or a principal's id.
create table credentials (
    key_id text primary key,
    owner_id text not null,
    hash text not null,                     -- sha256$<hex> of a random secret, scrypt$... of a person's password
    hint text not null,
    display_name text,
    starts_at bigint not null,
    ends_at bigint not null
);
create index credentials_by_owner on credentials(owner_id);

create table group_members (
    group_id text not null,
    member_id text not null,
    primary key (group_id, member_id)
) without rowid;
create index group_members_by_member on group_members(member_id);

create table directory_roles (
    principal_id text not null,
    role text not null,                     -- GlobalAdministrator
    primary key (principal_id, role)
) without rowid;

-- Authorization. Built-in role definitions are part of the program.
create table role_definitions (
    id text primary key,
    tenant_id text not null references tenants(id),
    name text not null,
    name_key text not null,
    description text not null,
    permissions text not null,              -- JSON as Azure writes it
    assignable_scopes text not null,        -- JSON array
    created_at bigint not null,
    created_by text not null,
    updated_at bigint not null,
    updated_by text not null,
    unique (tenant_id, name_key)
);

create table role_assignments (
    id text primary key,
    tenant_id text not null references tenants(id),
    scope text not null,
    scope_key text not null,
    role_definition_id text not null,
    principal_id text not null,
    principal_type text not null,
    condition text,
    condition_version text,
    description text,
    created_at bigint not null,
    created_by text not null,
    updated_at bigint not null,
    updated_by text not null,
    unique (scope_key, role_definition_id, principal_id)
);
create index role_assignments_by_principal on role_assignments(principal_id);
create index role_assignments_by_role on role_assignments(role_definition_id);

create table signing_keys (
    id text primary key,
    purpose text not null,                  -- registry (ES256), directory (RS256)
    sealed_private_key bytea not null,      -- PKCS#8 PEM, sealed
    created_at bigint not null,
    retires_at bigint                       -- verifies until then; null for the one that signs
);

-- Content.
create table repositories (
    id integer primary key autoincrement,
    registry_id integer not null references resources(id) on delete cascade,
    name text not null,
    attributes integer not null default 15, -- bits: delete 1, write 2, read 4, list 8 enabled
    created_at bigint not null,
    updated_at bigint not null,
    unique (registry_id, name)
);

create table blobs (
    digest bytea primary key,
    size bigint not null,
    storage_key text,                       -- an object of the blob store, or
    created_at bigint not null,
    content bytea                           -- the bytes themselves when they are small; last, so that rows without
                                            -- them are read without them
);

-- Which repository links which blob: content is reached only through such a row.
create table repository_blobs (
    repository_id integer not null references repositories(id) on delete cascade,
    digest bytea not null references blobs(digest),
    created_at bigint not null,
    primary key (repository_id, digest)
) without rowid;
create index repository_blobs_by_digest on repository_blobs(digest);

create table manifests (
    repository_id integer not null references repositories(id) on delete cascade,
    digest bytea not null,
    media_type text not null,
    artifact_type text,                     -- what the referrers list shows
    config_media_type text,
    architecture text,
    operating_system text,
    subject bytea,                          -- digest, when the manifest refers to one
    annotations text,                       -- JSON object, when there are any
    image_size bigint not null,             -- the manifest and what it lists
    attributes integer not null default 15,
    created_at bigint not null,
    updated_at bigint not null,
    content bytea not null,                 -- last: lists go past it
    primary key (repository_id, digest)
);
create index manifests_by_subject on manifests(repository_id, subject, digest) where subject is not null;

-- What a manifest lists, for deleting and collecting.
create table manifest_references (
    repository_id integer not null,
    manifest bytea not null,
    digest bytea not null,
    is_manifest integer not null,
    primary key (repository_id, manifest, digest),
    foreign key (repository_id, manifest) references manifests(repository_id, digest) on delete cascade
) without rowid;
create index manifest_references_by_digest on manifest_references(repository_id, digest);

create table tags (
    repository_id integer not null references repositories(id) on delete cascade,
    name text not null,
    digest bytea not null,
    attributes integer not null default 15,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (repository_id, name),
    foreign key (repository_id, digest) references manifests(repository_id, digest)
) without rowid;
create index tags_by_digest on tags(repository_id, digest, name);

-- Objects of the blob store that are about to be written: an orphan after a crash is found here, not by listing.
create table pending_objects (
    storage_key text primary key,
    created_at bigint not null
) without rowid;

-- Links of blobs to repositories that may have become garbage, for the sweeper to look at after a grace period; with
-- repository 0 the blob alone is in question, its repository being gone.
create table garbage_candidates (
    digest bytea not null,
    repository_id bigint not null default 0,
    queued_at bigint not null,
    primary key (digest, repository_id)
) without rowid;
create index garbage_candidates_by_age on garbage_candidates(queued_at);

create table events (
    sequence integer primary key autoincrement,
    at bigint not null,
    registry_id integer,
    actor text not null,
    kind text not null,
    detail text not null
);
