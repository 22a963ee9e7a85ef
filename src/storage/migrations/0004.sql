-- Version 4: collecting and checking what is stored, backups of a running server.

-- Manifests that no tag names, and since when: what a policy may take. A row may outlive its reason (the manifest got a
-- tag again); whoever takes one looks again.
create table untagged_manifests (
    repository_id integer not null,
    digest bytea not null,
    untagged_at bigint not null,
    primary key (repository_id, digest),
    foreign key (repository_id, digest) references manifests(repository_id, digest) on delete cascade
) without rowid;
create index untagged_manifests_by_time on untagged_manifests(untagged_at);
insert into untagged_manifests(repository_id, digest, untagged_at)
    select repository_id, digest, updated_at from manifests where not exists
        (select 1 from tags where tags.repository_id = manifests.repository_id and tags.digest = manifests.digest);

-- Why something may have become garbage: `unreferenced`, what referred to it was deleted; `unlisted`, it was pushed or
-- mounted and no manifest has listed it yet.
alter table garbage_candidates add column reason text not null default 'unreferenced';
drop index garbage_candidates_by_age;
create index garbage_candidates_by_reason on garbage_candidates(reason, queued_at);
insert into garbage_candidates(digest, repository_id, queued_at, reason)
    select digest, repository_id, created_at, 'unlisted' from repository_blobs where not exists
        (select 1 from manifest_references where manifest_references.repository_id = repository_blobs.repository_id and
            manifest_references.digest = repository_blobs.digest)
    on conflict (digest, repository_id) do nothing;

-- While one of these holds, no object of the blob store is removed: somebody copies them.
create table collection_holds (
    id text primary key,
    holder text not null,                   -- what for, for people
    until bigint not null                   -- renewed while it goes on, so that none outlives a crash for long
);

-- What the server that serves this folder counts as garbage, and the last run that somebody asked for: one row.
create table collection_state (
    id integer primary key,                 -- 1
    grace_seconds bigint not null,
    unlisted_blobs integer not null,        -- whether blobs that no manifest has listed yet are collected, too
    untagged_seconds bigint,                -- null: untagged manifests are kept
    asked_run_ended_at bigint,
    asked_run text                          -- JSON: what it took, or why it could not end
);

-- Content whose bytes are not what its digest says. In `blobs` such a row has neither key nor content, in `manifests`
-- empty content: nobody is given it, and a new push puts whole bytes there and takes the row away.
create table quarantined_content (
    digest bytea not null,
    repository_id bigint not null default 0, -- of a manifest; 0 for a blob
    storage_key text,                       -- the damaged object
    content bytea,                          -- the damaged bytes, when they were in the database
    reason text not null,
    found_at bigint not null,
    primary key (digest, repository_id)
) without rowid;

-- How far the check of all stored content has come: one row.
create table content_check (
    id integer primary key,                 -- 1
    part text not null,                     -- blobs, manifests
    repository_id bigint not null,          -- what was checked last of that part
    digest bytea not null,
    begun_at bigint not null,               -- this round
    ended_at bigint                         -- null while it goes on
);
