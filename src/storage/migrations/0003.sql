-- Version 3: people sign in, work that goes on after the answer, locks, federated identities.

-- Work that goes on after the answer, and what became of it: what ARM calls an operation. One that a stop of the program
-- interrupted is found here and taken up again by whoever runs its kind.
create table operations (
    id text primary key,
    tenant_id text not null references tenants(id),
    kind text not null,                     -- importImage, ...
    scope text not null,                    -- the resource it works on
    scope_key text not null,
    resource_id integer references resources(id) on delete cascade,
    actor text not null,                    -- object id of who asked
    status text not null,                   -- Accepted, Running, Succeeded, Failed, Canceled
    request text not null,                  -- JSON: what was asked; secrets in it are sealed
    progress text not null,                 -- JSON: what pollers see
    error_code text,                        -- ARM's code and message when it failed
    error_message text,
    started_at bigint not null,
    updated_at bigint not null,
    ended_at bigint
);
create index operations_by_resource on operations(resource_id);
create index operations_that_run on operations(kind, started_at) where ended_at is null;
create index operations_that_ended on operations(ended_at) where ended_at is not null;

-- Names and values of tags for people to choose from. A row without a value is the name itself.
create table predefined_tags (
    subscription_id text not null references subscriptions(id) on delete cascade,
    name_key text not null,                 -- in lower case
    value text not null,
    name text not null,
    primary key (subscription_id, name_key, value)
) without rowid;

-- Programs that sign in without a secret. `owner_id` is an application's or a principal's id.

-- Certificates: the public half, whole, as Graph shows it.
create table key_credentials (
    key_id text primary key,
    owner_id text not null,
    certificate bytea not null,             -- DER
    thumbprint bytea not null,              -- SHA-1 of it: what assertions name it by
    display_name text,
    starts_at bigint not null,
    ends_at bigint not null
);
create index key_credentials_by_owner on key_credentials(owner_id);

-- Tokens of an outside issuer that count as a credential. Of a user-assigned identity each is also an ARM resource.
create table federated_credentials (
    id text primary key,                    -- the guid of the resource, if it is one
    owner_id text not null,
    name text not null,
    name_key text not null,
    issuer text not null,
    subject text not null,
    audiences text not null,                -- JSON array of one text
    description text,
    created_at bigint not null,
    unique (owner_id, name_key),
    unique (owner_id, issuer, subject)
);
create index federated_credentials_by_subject on federated_credentials(issuer, subject);

-- Of a managed identity: the guid of the resource whose identity it is. It ends with the resource.
alter table principals add column managed_by text;
create index principals_by_resource on principals(managed_by) where managed_by is not null;

create trigger applications_take_their_keys after delete on applications for each row begin
    delete from key_credentials where owner_id = old.id;
    delete from federated_credentials where owner_id = old.id;
end;
create trigger principals_take_their_keys after delete on principals for each row begin
    delete from key_credentials where owner_id = old.id;
    delete from federated_credentials where owner_id = old.id;
end;
create trigger resources_take_their_identities after delete on resources for each row begin
    delete from credentials where owner_id in (select id from principals where managed_by = old.guid);
    delete from group_members where member_id in (select id from principals where managed_by = old.guid);
    delete from directory_roles where principal_id in (select id from principals where managed_by = old.guid);
    delete from principals where managed_by = old.guid;
    delete from federated_credentials where id = old.guid;
end;
create trigger resources_show_their_identities after update on resources for each row begin
    insert into world_changes(kind, key) select 'principal', id from principals where managed_by = new.guid;
end;

-- Who owns which application, service principal or group: kept and shown, and no right by itself.
create table directory_owners (
    object_id text not null,
    owner_id text not null,                 -- of a principal
    primary key (object_id, owner_id)
) without rowid;
create index directory_owners_by_owner on directory_owners(owner_id);
create trigger applications_take_their_owners after delete on applications for each row begin
    delete from directory_owners where object_id = old.id;
end;
create trigger principals_take_their_owners after delete on principals for each row begin
    delete from directory_owners where object_id = old.id or owner_id = old.id;
end;

-- Locks on subscriptions, resource groups and resources: what is at or below the scope cannot be deleted, or not be changed
-- at all. They go with what they lie on.
create table resource_locks (
    id text primary key,
    tenant_id text not null references tenants(id),
    name text not null,
    name_key text not null,
    scope text not null,
    scope_key text not null,
    level text not null,                    -- CanNotDelete, ReadOnly
    notes text,
    owners text not null,                   -- JSON array of {"applicationId"}
    created_at bigint not null,
    created_by text not null,
    updated_at bigint not null,
    updated_by text not null,
    unique (scope_key, name_key)
);
create trigger resource_locks_changed_by_insert after insert on resource_locks for each row begin
    insert into world_changes(kind, key) values ('lock', new.id);
end;
create trigger resource_locks_changed_by_update after update on resource_locks for each row begin
    insert into world_changes(kind, key) values ('lock', new.id);
end;
create trigger resource_locks_changed_by_delete after delete on resource_locks for each row begin
    insert into world_changes(kind, key) values ('lock', old.id);
end;

-- Subscriptions that were asked for, by the name that they were asked for with.
create table subscription_aliases (
    name_key text primary key,
    name text not null,
    subscription_id text not null references subscriptions(id),
    created_at bigint not null,
    created_by text not null
);
alter table subscriptions add column state text not null default 'Enabled'; -- or Disabled: nothing in it can be changed
alter table subscriptions add column tags text not null default '{}';

-- Managed identities of a resource: JSON as ARM shows them. One that the system assigned is a principal with `managed_by`.
alter table resources add column identity text not null default '{}';

-- People who sign in. What a browser or a client holds is kept as its SHA-256, in hexadecimal, and its row ends with the
-- person's.

create table sign_in_sessions (
    id text primary key,
    principal_id text not null references principals(id) on delete cascade,
    secret text not null,                   -- which of theirs they signed in with; empty: somebody else vouched for them
    outside_groups text not null,           -- what a provider said of their groups: source, end, ids of outside_groups
    created_at bigint not null,
    ends_at bigint not null
);
create index sign_in_sessions_by_principal on sign_in_sessions(principal_id);
create index sign_in_sessions_by_end on sign_in_sessions(ends_at);

-- What a person has let a client do. Its codes and refresh tokens hang on it and end with it.
create table sign_in_grants (
    id text primary key,
    principal_id text not null references principals(id) on delete cascade,
    client_id text not null,
    confidential integer not null,          -- the client proves itself at each use
    secret text not null,                   -- as of the session
    outside_groups text not null,           -- as of the session
    created_at bigint not null,
    ends_at bigint not null
);
create index sign_in_grants_by_principal on sign_in_grants(principal_id, ends_at);
create index sign_in_grants_by_end on sign_in_grants(ends_at);

create table authorization_codes (
    id text primary key,
    grant_id text not null references sign_in_grants(id) on delete cascade,
    redirect_uri text not null,
    code_challenge text not null,
    access text not null,                   -- JSON: what was asked for
    used integer not null,
    ends_at bigint not null
);
create index authorization_codes_by_grant on authorization_codes(grant_id);

-- Tokens that were used stay for a moment, so that using one twice at once is told from using an old one again.
create table refresh_tokens (
    id text primary key,
    grant_id text not null references sign_in_grants(id) on delete cascade,
    used_at bigint,
    ends_at bigint not null
);
create index refresh_tokens_by_grant on refresh_tokens(grant_id);

-- Sign-ins that a client without a browser asked for (RFC 8628).
create table device_codes (
    id text primary key,
    user_code text not null unique,
    client_id text not null,
    access text not null,
    address text not null,                  -- of who asked
    status text not null,                   -- pending, approved, declined
    grant_id text references sign_in_grants(id) on delete cascade,
    ends_at bigint not null
);
create index device_codes_by_address on device_codes(address, ends_at);
create index device_codes_by_end on device_codes(ends_at);

-- How often somebody was wrong, by the SHA-256 of a name, an address, or both together.
create table sign_in_failures (
    id text primary key,
    failures bigint not null,
    last_at bigint not null,
    locked_until bigint not null
);
create index sign_in_failures_by_time on sign_in_failures(last_at);

-- People whose account is elsewhere.
create table outside_accounts (
    issuer text not null,
    subject text not null,
    principal_id text not null references principals(id) on delete cascade,
    created_at bigint not null,
    primary key (issuer, subject)
);
create index outside_accounts_by_principal on outside_accounts(principal_id);

-- Links: who an outside issuer puts into its group is in the group of the directory.
create table outside_groups (
    id text primary key,                    -- another one when the link is made anew
    issuer text not null,
    value text not null,                    -- as in the issuer's tokens
    group_id text not null references principals(id) on delete cascade,
    unique (issuer, value, group_id)
);
create index outside_groups_by_group on outside_groups(group_id);
create trigger outside_groups_changed_by_insert after insert on outside_groups for each row begin
    insert into world_changes(kind, key) values ('membership', new.group_id || ' ' || new.id);
end;
create trigger outside_groups_changed_by_delete after delete on outside_groups for each row begin
    insert into world_changes(kind, key) values ('membership', old.group_id || ' ' || old.id);
end;

-- The memberships that decisions go by: to them a link is a member.
create view memberships as
    select group_id, member_id from group_members union all select group_id, id as member_id from outside_groups;

-- Blobs that a running import has fetched and checked, not yet linked by any repository: they are when all that the image
-- needs is there. Without a reference to the operation, so that none is forgotten when that goes.
create table import_blobs (
    operation_id text not null,
    digest bytea not null references blobs(digest),
    primary key (operation_id, digest)
) without rowid;
create index import_blobs_by_digest on import_blobs(digest);
