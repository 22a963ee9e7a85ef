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
