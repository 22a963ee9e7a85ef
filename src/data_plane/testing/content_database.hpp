#pragma once

#include "base/encoding.hpp"
#include "data_plane/blob_rows.hpp"
#include "data_plane/manifest_store.hpp"
#include "data_plane/repository_store.hpp"
#include "storage/testing/temporary_database.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::data_plane {

/// A new database with one registry in it, and short ways to put content there and look at it.
class ContentDatabase : public testing::Test {
protected:
    static constexpr std::int64_t registry = 1;
    static constexpr std::string_view image_type = "application/vnd.oci.image.manifest.v1+json";
    static constexpr std::string_view index_type = "application/vnd.oci.image.index.v1+json";

    template <class Work>
    auto try_write(Work work) {
        return sync_wait(database_->write(std::move(work)));
    }
    template <class Work>
    auto try_read(Work work) {
        return sync_wait(database_->read(storage::ReadKind::page, std::move(work)));
    }
    /// The value of a write that has to succeed.
    template <class Work>
    auto write(Work work) {
        auto result = try_write(std::move(work));
        if (!result) ADD_FAILURE() << result.error().message;
        return std::move(result).value();
    }
    template <class Work>
    auto read(Work work) {
        auto result = try_read(std::move(work));
        if (!result) ADD_FAILURE() << result.error().message;
        return std::move(result).value();
    }
    void SetUp() override {
        write([](storage::Session& session) -> Result<void> {
            for (const std::string_view sql :
                 {"insert into tenants(id, display_name, created_at) values ('t', 't', 0)",
                  "insert into subscriptions(id, tenant_id, display_name, created_at) values ('s', 't', 's', 0)",
                  "insert into resources(id, guid, tenant_id, subscription_id, resource_group_key, type_key, name, "
                  "name_key, scope, scope_key, location, tags, properties, created_at, created_by, updated_at, updated_by) "
                  "values (1, 'g', 't', 's', 'g', 'microsoft.containerregistry/registries', 'r', 'r', '/r', '/r', 'here', "
                  "'{}', '{}', 0, '', 0, '')"}) {
                if (auto done = session.execute(sql); !done) return failure(std::move(done));
            }
            return {};
        });
    }

    std::int64_t count(std::string_view sql) {
        return read([&](storage::Session& session) -> Result<std::int64_t> {
            auto rows = session.query(sql);
            if (!rows) return failure(std::move(rows));
            if (auto found = rows->next(); !found) return failure(std::move(found));
            return rows->integer(0);
        });
    }
    /// `sql` has to be a literal.
    template <class... Arguments>
    void execute(std::string_view sql, const Arguments&... arguments) {
        write([&](storage::Session& session) { return session.execute(sql, arguments...); });
    }

    Timestamp now() const { return from_microseconds(now_); }
    void pass(std::chrono::microseconds time) { now_ += time.count(); }

    /// A blob in the database, linked by the repository.
    Digest push_blob(std::string_view repository, std::string_view content) {
        const Digest digest = Digest::of(as_bytes(content));
        write([&](storage::Session& session) -> Result<void> {
            auto pushed = push_to_repository(session, registry, repository, now());
            if (!pushed) return failure(std::move(pushed));
            auto made = insert_blob(session,
                                    {.digest = digest, .size = content.size(), .key = {}, .content = as_bytes(content)}, now());
            if (!made) return failure(std::move(made));
            return link_blob(session, pushed->repository.row, digest, now());
        });
        return digest;
    }

    static std::string descriptor(const Digest& digest, std::size_t size, std::string_view media_type) {
        return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}}})", media_type, digest.to_string(), size);
    }
    /// An image manifest with that config and layer; `more` is put before its end (`,"subject":…`).
    static std::string image(std::string_view config, std::string_view layer, std::string_view more = {}) {
        return fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]{}}})", image_type,
                           descriptor(Digest::of(as_bytes(config)), config.size(), "application/vnd.example.config"),
                           descriptor(Digest::of(as_bytes(layer)), layer.size(), "application/vnd.example.layer"), more);
    }

    static inline const ImagePlatform no_platform;
    Result<void> try_push(std::string_view repository, std::string_view reference, std::string_view content,
                          const Precondition& precondition = {}, std::vector<Tag> more_tags = {},
                          const ImagePlatform* platform = &no_platform) {
        auto document = parse_manifest(std::nullopt, content);
        if (!document) return failure(std::move(document));
        const auto parsed = parse_reference(reference);
        const Digest digest = Digest::of(as_bytes(content));
        if (const auto* tag = std::get_if<Tag>(&*parsed)) more_tags.push_back(*tag);
        return try_write([&](storage::Session& session) -> Result<void> {
            auto pushed = push_manifest(session, {.registry = registry,
                                                  .repository = repository,
                                                  .digest = digest,
                                                  .document = *document,
                                                  .content = content,
                                                  .platform = platform,
                                                  .reference = *parsed,
                                                  .precondition = precondition,
                                                  .tags = more_tags,
                                                  .now = now()});
            if (!pushed) return failure(std::move(pushed));
            return {};
        });
    }
    /// The blobs and the manifest of an image; its digest.
    Digest push_image(std::string_view repository, std::string_view reference, std::string_view layer,
                      std::string_view more = {}) {
        push_blob(repository, "config");
        push_blob(repository, layer);
        const std::string content = image("config", layer, more);
        const Digest digest = Digest::of(as_bytes(content));
        auto pushed = try_push(repository, reference.empty() ? digest.to_string() : std::string(reference), content);
        if (!pushed) ADD_FAILURE() << pushed.error().message;
        return digest;
    }
    std::int64_t row_of(std::string_view repository) {
        return read([&](storage::Session& session) { return find_repository(session, registry, repository); }).row;
    }
    Result<StoredManifest> try_get(std::string_view repository, std::string_view reference) {
        const auto parsed = parse_reference(reference);
        return try_read([&](storage::Session& session) { return read_manifest(session, registry, repository, *parsed, true); });
    }

    storage::TemporaryDatabase database_;

private:
    std::int64_t now_ = 1'700'000'000'000'000;
};

} // namespace berth::data_plane
