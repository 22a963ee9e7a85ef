#include "checking/testing/data_store.hpp"

#include "base/encoding.hpp"
#include "data_plane/blob_commit.hpp"
#include "data_plane/blob_rows.hpp"
#include "data_plane/collection/sweeper.hpp"
#include "data_plane/manifest_deletion.hpp"
#include "data_plane/manifest_store.hpp"
#include "data_plane/repository_deletion.hpp"
#include "data_plane/repository_store.hpp"
#include "data_plane/tag_store.hpp"
#include "identity/key_ring.hpp"
#include "identity/seal.hpp"
#include "rbac/role_definition.hpp"
#include "storage/files/file_blob_store.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tenant/authorization_store.hpp"
#include "tenant/deny_assignment_store.hpp"
#include "tenant/lock_store.hpp"
#include "tenant/management_group_store.hpp"
#include "tenant/operation_store.hpp"

#include <fcntl.h>

#include <random>

namespace berth::checking {

using namespace data_plane;
using storage::Event;
using storage::Session;

namespace {

// Hours after everything that the store's own clock says.
class LateClock final : public Clock {
public:
    explicit LateClock(Timestamp now) : now_(now + std::chrono::hours(48)) {}
    Timestamp now() const noexcept override { return now_; }

private:
    Timestamp now_;
};

Digest digest_of(std::string_view content) { return Digest::of(as_bytes(content)); }

std::string descriptor(std::string_view type, const std::string& content) {
    return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}}})", type, digest_of(content).to_string(), content.size());
}

} // namespace

Result<std::unique_ptr<DataStore>> DataStore::open(const std::filesystem::path& folder, const DataLayers& layers) {
    std::unique_ptr<DataStore> out(new DataStore());
    out->folder_ = folder;
    std::error_code ignored;
    std::filesystem::create_directory(folder / "keys", ignored);
    auto seal = identity::Seal::open(folder / "keys" / "seal.key");
    if (!seal) return failure(std::move(seal));
    storage::SqliteOptions options;
    options.file_layer = layers.sqlite_layer;
    options.checkpoint_pages = layers.checkpoint_pages;
    options.scan_threads = 1;
    auto database = storage::open_sqlite((folder / "berth.db").string(), options);
    if (!database) return failure(std::move(database));
    out->database_ = std::move(*database);
    out->workers_ = std::make_unique<WorkerPool>(2);
    // So that layers of some 100 kB go straight to the disk, as the large ones of a registry do.
    const storage::FileBlobOptions files{.piece_size = 64 * 1024, .direct_from = 64 * 1024};
    auto blobs = storage::FileBlobStore::open(folder.string(), *out->workers_, files, layers.files);
    if (!blobs) return failure(std::move(blobs));
    out->blobs_ = std::move(*blobs);

    const tenant::CredentialInfo info{Guid::random(), "abc", std::nullopt, out->now(), out->now() + std::chrono::days(36500)};
    auto made = sync_wait(tenant::bootstrap(*out->database_, {}, info, "sha256$00", out->now()));
    if (!made) return failure(std::move(made));
    out->bootstrap_.emplace(std::move(*made));
    if (!layers.keys) return out;
    const Clock clock;
    auto keys = sync_wait(identity::KeyRing::load(*out->database_, *seal, clock, std::chrono::days(90)));
    if (!keys) return failure(std::move(keys));
    return out;
}

namespace {

BlobPush push_of(std::int64_t registry, const std::string& repository, const Digest& digest, Timestamp now) {
    return {.registry = registry,
            .repository = repository,
            .digest = digest,
            .now = now,
            .pushed = Event{"blob.push", registry, "test", {{"repository", repository}, {"digest", digest.to_string()}}},
            .repository_created = Event{"repository.create", registry, "test", {{"repository", repository}}}};
}

} // namespace

Result<void> DataStore::push_blob(const std::string& repository, const std::string& content) {
    if (content.size() > most_small_blob_bytes) return push_blob_in_chunks(repository, content, content.size());
    return sync_wait(
        commit_small_blob(*database_, push_of(registry(), repository, digest_of(content), now()), as_bytes(content)));
}

Result<void> DataStore::push_blob_in_chunks(const std::string& repository, const std::string& content, std::size_t chunk) {
    const auto id = storage::UploadId::random();
    const auto all = as_bytes(content);
    for (std::size_t at = 0;;) {
        auto upload = sync_wait(blobs_->open_upload(id, DigestAlgorithm::sha256, at == 0));
        if (!upload) return failure(std::move(upload));
        const auto part = all.subspan(at, std::min(chunk, all.size() - at));
        if (auto done = sync_wait((*upload)->append(part)); !done) return done;
        at += part.size();
        if (at == all.size()) {
            auto digest = sync_wait((*upload)->digest(DigestAlgorithm::sha256));
            if (!digest) return failure(std::move(digest));
            auto stored =
                sync_wait(commit_upload(*database_, *blobs_, push_of(registry(), repository, *digest, now()), **upload));
            if (!stored) return failure(std::move(stored));
            if (*stored) return {};
            return sync_wait(blobs_->discard_upload(id)); // its bytes were known
        }
        if (auto done = sync_wait((*upload)->pause()); !done) return done;
    }
}

Result<void> DataStore::push_manifest(const std::string& repository, const std::string& reference, const std::string& content) {
    auto document = parse_manifest(std::nullopt, content);
    if (!document) return failure(std::move(document));
    auto parsed = parse_reference(reference);
    if (!parsed) return failure(std::move(parsed));
    std::vector<Tag> tags;
    if (const auto* tag = std::get_if<Tag>(&*parsed)) tags.push_back(*tag);
    const Digest digest = digest_of(content);
    const ImagePlatform no_platform;
    return write([&](Session& session) -> Result<void> {
        auto pushed = data_plane::push_manifest(session, {.registry = registry(),
                                                          .repository = repository,
                                                          .digest = digest,
                                                          .document = *document,
                                                          .content = content,
                                                          .platform = &no_platform,
                                                          .reference = *parsed,
                                                          .precondition = {},
                                                          .tags = tags,
                                                          .now = now()});
        if (!pushed) return failure(std::move(pushed));
        return storage::append_event(session, now(), {"manifest.push", registry(), "test", {{"repository", repository}}});
    });
}

Result<void> DataStore::push_image(const std::string& repository, const std::string& tag, const std::string& layer) {
    const std::string config = "config of " + repository + ':' + tag;
    if (auto done = push_blob(repository, config); !done) return done;
    if (auto done = push_blob(repository, layer); !done) return done;
    return push_manifest(repository, tag, image(config, layer));
}

Result<void> DataStore::mount_blob(const std::string& repository, const std::string& content) {
    const BlobPush push = push_of(registry(), repository, digest_of(content), now());
    return write([&](Session& session) { return link_pushed_blob(session, push); });
}

namespace {

template <class Change>
Result<void> in_repository(Session& session, std::int64_t registry, const std::string& name, Change change) {
    auto repository = find_repository(session, registry, name);
    if (!repository) return failure(std::move(repository));
    auto changed = change(repository->row);
    if (!changed) return failure(std::move(changed));
    return {};
}

} // namespace

Result<void> DataStore::delete_blob(const std::string& repository, const std::string& content) {
    const Digest digest = digest_of(content);
    return write([&](Session& session) -> Result<void> {
        auto done = in_repository(session, registry(), repository,
                                  [&](std::int64_t row) { return unlink_blob(session, row, digest, now()); });
        if (!done) return done;
        return storage::append_event(
            session, now(), {"blob.delete", registry(), "test", {{"repository", repository}, {"digest", digest.to_string()}}});
    });
}

Result<void> DataStore::delete_manifest(const std::string& repository, const std::string& content) {
    return write([&](Session& session) {
        return in_repository(session, registry(), repository, [&](std::int64_t row) {
            return data_plane::delete_manifest(session, row, digest_of(content), now());
        });
    });
}

Result<void> DataStore::delete_tag(const std::string& repository, const std::string& tag) {
    return write([&](Session& session) {
        return in_repository(session, registry(), repository,
                             [&](std::int64_t row) { return data_plane::delete_tag(session, row, *Tag::parse(tag), now()); });
    });
}

Result<void> DataStore::delete_repository(const std::string& repository) {
    return write([&](Session& session) -> Result<void> {
        auto deleted = data_plane::delete_repository(session, registry(), repository, now());
        if (!deleted) return failure(std::move(deleted));
        return {};
    });
}

Result<void> DataStore::assign_role(const Guid& id, std::string_view role, const Guid& principal) {
    const rbac::RoleAssignment assignment{.id = id,
                                          .scope = bootstrap_->registry->scope,
                                          .role_definition = rbac::find_built_in_role(role)->id,
                                          .principal = principal,
                                          .principal_type = "User",
                                          .condition = {},
                                          .description = {},
                                          .created_at = now(),
                                          .created_by = {},
                                          .updated_at = now(),
                                          .updated_by = {}};
    return write([&](Session& session) { return tenant::put_role_assignment(session, bootstrap_->tenant, assignment); });
}

Result<void> DataStore::remove_assignment(const Guid& id) {
    return write([&](Session& session) { return tenant::delete_role_assignment(session, id); });
}

Result<void> DataStore::add_directory_and_rules() {
    const Guid tenant = bootstrap_->tenant;
    const rbac::Scope scope = bootstrap_->registry->scope;
    const Timestamp at = now();
    return write([&](Session& session) -> Result<void> {
        auto user = tenant::create_user(session, tenant, "Ada", "ada@example.org", at);
        if (!user) return failure(std::move(user));
        auto group = tenant::create_group(session, tenant, "Pullers", at);
        if (!group) return failure(std::move(group));
        if (auto done = tenant::add_group_member(session, group->id, user->id); !done) return done;
        const rbac::RoleDefinition role{
            .id = Guid::random(),
            .name = "Puller",
            .description = "pulls",
            .permissions = {{.actions = {"*/read"}, .not_actions = {}, .data_actions = {}, .not_data_actions = {}}},
            .assignable_scopes = {scope},
            .created_at = at,
            .created_by = {},
            .updated_at = at,
            .updated_by = {}};
        if (auto done = tenant::put_role_definition(session, tenant, role); !done) return done;
        const rbac::DenyAssignment denied{.id = Guid::random(),
                                          .name = "no",
                                          .description = {},
                                          .permissions = role.permissions,
                                          .scope = scope,
                                          .principals = {{.id = user->id, .type = "User"}},
                                          .excluded_principals = {},
                                          .created_at = at,
                                          .created_by = {},
                                          .updated_at = at,
                                          .updated_by = {}};
        if (auto done = tenant::put_deny_assignment(session, tenant, denied); !done) return done;
        auto locked = tenant::put_lock(session, tenant, {.name = "keep", .scope = scope, .created_at = at, .updated_at = at});
        if (!locked) return failure(std::move(locked));
        auto grouped = tenant::put_management_group(
            session, tenant,
            {.name = "platform", .display_name = "Platform", .parent = tenant.value(), .actor = {}, .now = at});
        if (!grouped) return failure(std::move(grouped));
        return {};
    });
}

Result<void> DataStore::leave_upload(const std::string& content) {
    auto upload = sync_wait(blobs_->open_upload(storage::UploadId::random(), DigestAlgorithm::sha256, true));
    if (!upload) return failure(std::move(upload));
    if (auto done = sync_wait((*upload)->append(as_bytes(content))); !done) return done;
    if (auto done = sync_wait((*upload)->pause()); !done) return done;
    // As a process leaves it that ends while it makes the file a blob.
    return write([&](Session& session) { return insert_pending_object(session, storage::StorageKey::random(), now()); });
}

Result<void> DataStore::begin_operation() {
    const tenant::Operation operation{.tenant = bootstrap_->tenant,
                                      .kind = "importImage",
                                      .scope = bootstrap_->registry->scope,
                                      .resource_row = registry(),
                                      .actor = "test",
                                      .started_at = now(),
                                      .updated_at = now()};
    return write([&](Session& session) { return tenant::create_operation(session, operation); });
}

Result<void> DataStore::sweep() {
    const LateClock clock(now());
    Sweeper sweeper(*database_, *blobs_, clock,
                    {.grace = std::chrono::hours(1), .upload_rest = std::chrono::hours(24 * 365 * 100)});
    auto swept = sync_wait(sweeper.sweep());
    if (!swept) return failure(std::move(swept));
    return {};
}

namespace {

constexpr std::string_view facts_sql =
    "select 'repository/' || name, attributes from repositories union all "
    "select 'tag/' || r.name || '/' || t.name, lower(hex(t.digest)) from tags t join repositories r on r.id = t.repository_id "
    "union all select 'manifest/' || r.name || '/' || lower(hex(m.digest)), m.content from manifests m "
    "join repositories r on r.id = m.repository_id union all "
    "select 'referrer/' || r.name || '/' || lower(hex(m.subject)) || '/' || lower(hex(m.digest)), m.artifact_type "
    "from manifests m join repositories r on r.id = m.repository_id where m.subject is not null union all "
    "select 'principal/' || id, kind || ' ' || enabled from principals union all "
    "select 'assignment/' || id, scope_key || ' ' || role_definition_id || ' ' || principal_id from role_assignments union all "
    "select 'deny/' || id, scope_key from deny_assignments union all select 'lock/' || id, scope_key from resource_locks union "
    "all "
    "select 'resource/' || scope_key, guid from resources";

struct LinkedBlob {
    std::string repository;
    Digest digest;
    std::string key;
    std::string content;
};

Result<std::vector<LinkedBlob>> read_links(Session& session) {
    auto rows =
        session.query("select r.name, b.digest, b.storage_key, b.content from repository_blobs l join repositories r on "
                      "r.id = l.repository_id join blobs b on b.digest = l.digest");
    if (!rows) return failure(std::move(rows));
    std::vector<LinkedBlob> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        auto digest = rows->digest(1);
        if (!digest) return failure(std::move(digest));
        out.push_back(
            {std::string(rows->text(0)), *digest, rows->optional_text(2).value_or(""), std::string(as_text(rows->bytes(3)))});
    }
}

Result<Bytes> read_object(const std::filesystem::path& folder, const std::string& key) {
    auto& files = storage::real_file_system();
    auto file = files.open((folder / "blobs" / key.substr(0, 2) / key).string(), O_RDONLY, 0);
    if (!file) return failure(ErrorCode::internal, "no file");
    const auto status = files.status(file->get());
    Bytes out(status ? status->size : 0);
    const auto got = files.read(file->get(), out, 0);
    if (!got || *got != out.size()) return failure(ErrorCode::internal, "too short");
    return out;
}

} // namespace

Result<Facts> DataStore::facts() {
    Facts out;
    auto read = sync_wait(database_->read(storage::ReadKind::scan, [&](Session& session) -> Result<std::vector<LinkedBlob>> {
        out.clear();
        auto rows = session.query(facts_sql);
        if (!rows) return failure(std::move(rows));
        for (;;) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) break;
            out.emplace(rows->text(0), rows->text(1));
        }
        return read_links(session);
    }));
    if (!read) return failure(std::move(read));
    for (const LinkedBlob& blob : *read) {
        Bytes bytes(as_bytes(blob.content).begin(), as_bytes(blob.content).end());
        std::string problem;
        if (!blob.key.empty()) {
            auto object = read_object(folder_, blob.key);
            if (object) bytes = std::move(*object);
            if (!object) problem = object.error().message;
        }
        if (problem.empty() && Digest::of(bytes, blob.digest.algorithm()) != blob.digest) problem = "other bytes";
        out.emplace("blob/" + blob.repository + '/' + blob.digest.hex(), problem.empty() ? "whole" : problem);
    }
    return out;
}

std::string DataStore::image(const std::string& config, const std::string& layer, const std::string& more) {
    return fmt::format(
        R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[{}]{}}})",
        descriptor("application/vnd.example.config", config), descriptor("application/vnd.example.layer", layer), more);
}

std::string DataStore::bytes(std::size_t size, unsigned number) {
    std::mt19937 random(number);
    std::string out(size, '\0');
    for (char& byte : out) byte = static_cast<char>(random() & 0xffU);
    return out;
}

} // namespace berth::checking
