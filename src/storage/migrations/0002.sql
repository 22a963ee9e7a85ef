-- Version 2: deny assignments, management groups, passwords of repository tokens, attributes of principals, and a record
-- of what changed, from which a process brings its view of the world up to date without reading everything.

create table deny_assignments (
    id text primary key,
    tenant_id text not null references tenants(id),
    name text not null,
    description text not null,
    permissions text not null,              -- JSON as Azure writes it
    scope text not null,
    scope_key text not null,
    does_not_apply_to_child_scopes integer not null,
    principals text not null,               -- JSON array of {"id", "type"}
    excluded_principals text not null,
    system_protected integer not null,
    created_at bigint not null,
    created_by text not null,
    updated_at bigint not null,
    updated_by text not null
);
create index deny_assignments_by_scope on deny_assignments(scope_key);

-- Each tenant has a root group, which bears the tenant's id and has no parent.
create table management_groups (
    name_key text primary key,
    tenant_id text not null references tenants(id),
    name text not null,
    display_name text not null,
    parent_key text references management_groups(name_key),
    created_at bigint not null,
    created_by text not null,
    updated_at bigint not null,
    updated_by text not null
);
create index management_groups_by_parent on management_groups(parent_key);
insert into management_groups(name_key, tenant_id, name, display_name, parent_key, created_at, created_by, updated_at,
                              updated_by)
    select id, id, id, 'Tenant Root Group', null, created_at, '', created_at, '' from tenants;

-- Null: directly in the root group.
alter table subscriptions add column management_group_key text;

-- The two passwords of a repository token: hashes, shown once.
create table token_passwords (
    token_id integer not null references resources(id) on delete cascade,
    name text not null,                     -- password1, password2
    hash text not null,                     -- as in credentials
    created_at bigint not null,
    ends_at bigint,                         -- null: it does not end
    primary key (token_id, name)
) without rowid;

-- Of a registry: how often its role assignment mode was switched. A registry token of another epoch is refused.
alter table resources add column mode_epoch bigint not null default 0;

-- Custom security attributes: JSON object of "{set}_{name}" to an array of texts.
alter table principals add column security_attributes text not null default '{}';

-- What changed of all that a decision depends on: the kind of thing and its key; a later look finds the row as it is now,
-- or gone. Written by triggers, so that no change can be forgotten, in the transaction of the change. The newest 4,096
-- are kept: who saw nothing since then reads everything.
create table world_changes (
    sequence integer primary key autoincrement,
    kind text not null,
    key text not null
);
create trigger world_changes_pruned after insert on world_changes for each row begin
    delete from world_changes where sequence <= new.sequence - 4096;
end;
create trigger tenants_changed_by_insert after insert on tenants for each row begin
    insert into world_changes(kind, key) values ('place', new.id);
end;
create trigger tenants_changed_by_update after update on tenants for each row begin
    insert into world_changes(kind, key) values ('place', new.id);
end;
create trigger tenants_changed_by_delete after delete on tenants for each row begin
    insert into world_changes(kind, key) values ('place', old.id);
end;
create trigger subscriptions_changed_by_insert after insert on subscriptions for each row begin
    insert into world_changes(kind, key) values ('place', new.id);
end;
create trigger subscriptions_changed_by_update after update on subscriptions for each row begin
    insert into world_changes(kind, key) values ('place', new.id);
end;
create trigger subscriptions_changed_by_delete after delete on subscriptions for each row begin
    insert into world_changes(kind, key) values ('place', old.id);
end;
create trigger management_groups_changed_by_insert after insert on management_groups for each row begin
    insert into world_changes(kind, key) values ('place', new.name_key);
end;
create trigger management_groups_changed_by_update after update on management_groups for each row begin
    insert into world_changes(kind, key) values ('place', new.name_key);
end;
create trigger management_groups_changed_by_delete after delete on management_groups for each row begin
    insert into world_changes(kind, key) values ('place', old.name_key);
end;
create trigger resources_changed_by_insert after insert on resources for each row begin
    insert into world_changes(kind, key) values (new.type_key, cast(new.id as text));
end;
create trigger resources_changed_by_update after update on resources for each row begin
    insert into world_changes(kind, key) values (new.type_key, cast(new.id as text));
end;
create trigger resources_changed_by_delete after delete on resources for each row begin
    insert into world_changes(kind, key) values (old.type_key, cast(old.id as text));
end;
create trigger principals_changed_by_insert after insert on principals for each row begin
    insert into world_changes(kind, key) values ('principal', new.id);
end;
create trigger principals_changed_by_update after update on principals for each row begin
    insert into world_changes(kind, key) values ('principal', new.id);
end;
create trigger principals_changed_by_delete after delete on principals for each row begin
    insert into world_changes(kind, key) values ('principal', old.id);
end;
create trigger directory_roles_changed_by_insert after insert on directory_roles for each row begin
    insert into world_changes(kind, key) values ('principal', new.principal_id);
end;
create trigger directory_roles_changed_by_update after update on directory_roles for each row begin
    insert into world_changes(kind, key) values ('principal', new.principal_id);
end;
create trigger directory_roles_changed_by_delete after delete on directory_roles for each row begin
    insert into world_changes(kind, key) values ('principal', old.principal_id);
end;
create trigger group_members_changed_by_insert after insert on group_members for each row begin
    insert into world_changes(kind, key) values ('membership', new.group_id || ' ' || new.member_id);
end;
create trigger group_members_changed_by_update after update on group_members for each row begin
    insert into world_changes(kind, key) values ('membership', new.group_id || ' ' || new.member_id);
end;
create trigger group_members_changed_by_delete after delete on group_members for each row begin
    insert into world_changes(kind, key) values ('membership', old.group_id || ' ' || old.member_id);
end;
create trigger role_definitions_changed_by_insert after insert on role_definitions for each row begin
    insert into world_changes(kind, key) values ('role definition', new.id);
end;
create trigger role_definitions_changed_by_update after update on role_definitions for each row begin
    insert into world_changes(kind, key) values ('role definition', new.id);
end;
create trigger role_definitions_changed_by_delete after delete on role_definitions for each row begin
    insert into world_changes(kind, key) values ('role definition', old.id);
end;
create trigger role_assignments_changed_by_insert after insert on role_assignments for each row begin
    insert into world_changes(kind, key) values ('role assignment', new.id);
end;
create trigger role_assignments_changed_by_update after update on role_assignments for each row begin
    insert into world_changes(kind, key) values ('role assignment', new.id);
end;
create trigger role_assignments_changed_by_delete after delete on role_assignments for each row begin
    insert into world_changes(kind, key) values ('role assignment', old.id);
end;
create trigger deny_assignments_changed_by_insert after insert on deny_assignments for each row begin
    insert into world_changes(kind, key) values ('deny assignment', new.id);
end;
create trigger deny_assignments_changed_by_update after update on deny_assignments for each row begin
    insert into world_changes(kind, key) values ('deny assignment', new.id);
end;
create trigger deny_assignments_changed_by_delete after delete on deny_assignments for each row begin
    insert into world_changes(kind, key) values ('deny assignment', old.id);
end;
