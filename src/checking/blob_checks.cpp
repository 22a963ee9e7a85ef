#include "base/encoding.hpp"
#include "base/file_descriptor.hpp"
#include "base/guid.hpp"
#include "base/hasher.hpp"
#include "checking/check_list.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <unordered_set>

namespace berth::checking {
namespace {

namespace fs = std::filesystem;
using storage::Session;

constexpr std::uint64_t rows_at_once = 1000;
constexpr std::size_t reading_step = 1024 * 1024;

struct BlobRow {
    Bytes digest;
    std::uint64_t size = 0;
    std::optional<std::string> key;
    std::optional<Bytes> content;
    bool quarantined = false;

    std::string name() const { return fmt::format("The blob {}", digest_text(digest)); }
};

// The next rows behind a digest, in its order.
Result<std::vector<BlobRow>> read_rows(Inspection& inspection, std::span<const std::byte> behind) {
    const auto read = [&](Session& session) -> Result<std::vector<BlobRow>> {
        auto rows = session.query("select digest, size, storage_key, content, exists(select 1 from quarantined_content q where "
                                  "q.digest = blobs.digest and q.repository_id = 0) from blobs where digest > ?1 "
                                  "order by digest limit ?2",
                                  behind, rows_at_once);
        if (!rows) return failure(std::move(rows));
        std::vector<BlobRow> out;
        for (;;) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) return out;
            BlobRow& row = out.emplace_back();
            row.digest.assign(rows->bytes(0).begin(), rows->bytes(0).end());
            row.size = static_cast<std::uint64_t>(rows->integer(1));
            row.key = rows->optional_text(2);
            if (!rows->is_null(3)) row.content.emplace(rows->bytes(3).begin(), rows->bytes(3).end());
            row.quarantined = rows->boolean(4);
        }
    };
    return inspection.snapshot(read);
}

template <class Look>
Result<void> for_each_blob(Inspection& inspection, Look look) {
    Bytes behind;
    for (;;) {
        auto rows = read_rows(inspection, behind);
        if (!rows) return failure(std::move(rows));
        if (rows->empty()) return {};
        for (const BlobRow& row : *rows) {
            if (auto done = look(row); !done) return done;
        }
        behind = rows->back().digest;
    }
}

// Whether the row is as it was read: a running server may have collected the blob meanwhile.
Result<bool> is_still_there(Inspection& inspection, const BlobRow& row) {
    return inspection.snapshot([&](Session& session) -> Result<bool> {
        auto rows = session.query("select 1 from blobs where digest = ?1 and storage_key is ?2", row.digest, row.key);
        if (!rows) return failure(std::move(rows));
        return rows->next();
    });
}

fs::path path_of(const Inspection& inspection, std::string_view key) { return inspection.blobs() / key.substr(0, 2) / key; }

Result<void> check_object(Inspection& inspection, const BlobRow& row) {
    inspection.saw();
    if (!Digest::from_stored(row.digest)) {
        inspection.wrong(fmt::format("{} is kept under a digest that berth does not know.", row.name()));
    }
    if (row.quarantined && !row.key && !row.content) return {}; // told by a check of its own
    if (row.key.has_value() == row.content.has_value()) {
        inspection.wrong(fmt::format("{} has {} a file and bytes in the database.", row.name(), row.key ? "both" : "neither"));
        return {};
    }
    if (row.content) {
        if (row.content->size() != row.size) {
            inspection.wrong(
                fmt::format("{} has {} bytes in the database instead of {}.", row.name(), row.content->size(), row.size));
        }
        return {};
    }
    const auto key = Guid::parse(*row.key);
    if (!key || key->value() != *row.key) {
        inspection.wrong(fmt::format("{} names a file in a way that berth does not.", row.name()));
        return {};
    }
    std::error_code problem;
    const auto size = fs::file_size(path_of(inspection, *row.key), problem);
    if (!problem && size == row.size) return {};
    auto there = is_still_there(inspection, row);
    if (!there) return failure(std::move(there));
    if (!*there) return {};
    const std::string file = "blobs/" + row.key->substr(0, 2) + '/' + *row.key;
    inspection.wrong(problem ? fmt::format("{} has no file: {}: {}.", row.name(), file, problem.message())
                             : fmt::format("{} has {} bytes in {} instead of {}.", row.name(), size, file, row.size));
    return {};
}

Result<void> check_objects(Inspection& inspection) {
    return for_each_blob(inspection, [&](const BlobRow& row) { return check_object(inspection, row); });
}

// The digest of a file, or what the system said.
std::expected<Digest, int> digest_of_file(const fs::path& path, DigestAlgorithm algorithm, Bytes& buffer) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) return std::unexpected(errno);
    Hasher hasher(algorithm);
    for (;;) {
        const auto got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::unexpected(errno);
        if (got == 0) return hasher.digest();
        hasher.update(std::span(buffer).first(static_cast<std::size_t>(got)));
    }
}

Result<void> check_digests(Inspection& inspection) {
    if (!inspection.options().digests) return {};
    Bytes buffer(reading_step);
    return for_each_blob(inspection, [&](const BlobRow& row) -> Result<void> {
        const auto digest = Digest::from_stored(row.digest);
        if (!digest || row.key.has_value() == row.content.has_value()) return {}; // said already
        inspection.saw();
        if (row.content) {
            if (Digest::of(*row.content, digest->algorithm()) != *digest) {
                inspection.wrong(fmt::format("{} has other bytes in the database than it was pushed with.", row.name()));
            }
            return {};
        }
        const auto found = digest_of_file(path_of(inspection, *row.key), digest->algorithm(), buffer);
        if (found && *found == *digest) return {};
        if (!found && found.error() == ENOENT) return {}; // said already, or gone meanwhile
        auto there = is_still_there(inspection, row);
        if (!there) return failure(std::move(there));
        if (!*there) return {};
        const std::string file = "blobs/" + row.key->substr(0, 2) + '/' + *row.key;
        inspection.wrong(found ? fmt::format("{} has other bytes in {} than it was pushed with.", row.name(), file)
                               : fmt::format("{} cannot be read: {}: {}.", row.name(), file, std::strerror(found.error())));
        return {};
    });
}

bool is_object_folder(std::string_view name) noexcept {
    return name.size() == 2 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

struct ObjectFiles {
    std::vector<std::string> keys;
    std::vector<std::string> strangers; ///< below the data folder
};

Result<ObjectFiles> list_object_files(const Inspection& inspection) {
    ObjectFiles out;
    std::error_code problem;
    for (fs::directory_iterator folder(inspection.blobs(), problem), end; !problem && folder != end;
         folder.increment(problem)) {
        const std::string name = folder->path().filename().string();
        if (!is_object_folder(name) || !folder->is_directory(problem)) {
            out.strangers.push_back("blobs/" + name);
            continue;
        }
        for (fs::directory_iterator file(folder->path(), problem); !problem && file != end; file.increment(problem)) {
            const std::string key = file->path().filename().string();
            const auto parsed = Guid::parse(key);
            if (parsed && parsed->value() == key && key.starts_with(name)) {
                out.keys.push_back(key);
            } else {
                out.strangers.push_back("blobs/" + name + '/' + key);
            }
        }
        if (problem == std::errc::no_such_file_or_directory) problem.clear();
    }
    if (problem == std::errc::no_such_file_or_directory) return out;
    if (problem) return failure(ErrorCode::internal, fmt::format("blobs/ cannot be listed: {}", problem.message()));
    return out;
}

Result<std::unordered_set<std::string>> known_keys(Session& session) {
    auto rows = session.query("select storage_key from blobs where storage_key is not null union all "
                              "select storage_key from pending_objects union all "
                              "select storage_key from quarantined_content where storage_key is not null");
    if (!rows) return failure(std::move(rows));
    std::unordered_set<std::string> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        out.emplace(rows->text(0));
    }
}

// The files first, then who knows them: the note of a file is there before it and goes after it.
Result<void> check_files(Inspection& inspection) {
    auto files = list_object_files(inspection);
    if (!files) return failure(std::move(files));
    auto known = inspection.snapshot(known_keys);
    if (!known) return failure(std::move(known));
    for (const std::string& stranger : files->strangers) {
        inspection.wrong(fmt::format("{} is no file that berth makes.", stranger));
    }
    for (const std::string& key : files->keys) {
        inspection.saw();
        std::error_code problem;
        if (known->contains(key) || !fs::exists(path_of(inspection, key), problem)) continue;
        inspection.wrong(
            fmt::format("blobs/{}/{} belongs to no blob, and no note says that it may go.", key.substr(0, 2), key));
    }
    return {};
}

// Uploads come and go, and what a dead process left of them is cleared away; but nothing else belongs there.
Result<void> check_uploads(Inspection& inspection) {
    std::error_code problem;
    for (fs::directory_iterator file(inspection.uploads(), problem), end; !problem && file != end; file.increment(problem)) {
        inspection.saw();
        const std::string name = file->path().filename().string();
        const std::size_t dot = std::min(name.find('.'), name.size());
        const std::string_view suffix = std::string_view(name).substr(dot);
        if (!Guid::parse(name.substr(0, dot)) || (suffix != "" && suffix != ".state" && suffix != ".state.new")) {
            inspection.wrong(fmt::format("uploads/{} is no file that berth makes.", name));
        }
    }
    if (problem == std::errc::no_such_file_or_directory) return {};
    if (problem) return failure(ErrorCode::internal, fmt::format("uploads/ cannot be listed: {}", problem.message()));
    return {};
}

} // namespace

std::vector<Check> blob_checks() {
    return {
        {.name = "blob-objects",
         .promise = "Each blob has its bytes, all of them: in the database or in one file of its own.",
         .wrong = {"select 'The file ' || storage_key || ' belongs to ' || count(*) || ' blobs.' from blobs "
                   "where storage_key is not null group by storage_key having count(*) > 1"},
         .run = check_objects},
        {.name = "blob-digests", .promise = "The bytes of each blob are those of its digest.", .run = check_digests},
        {.name = "blob-links",
         .promise = "What a repository links is a blob that is known.",
         .counted = {"select count(*) from repository_blobs"},
         .wrong = {"select 'The repository ' || ifnull(r.name, 'number ' || l.repository_id) || ' links the blob ' || "
                   "lower(hex(l.digest)) || ', which is not known.' from repository_blobs l left join repositories r "
                   "on r.id = l.repository_id where not exists (select 1 from blobs b where b.digest = l.digest)",
                   "select 'The repository number ' || repository_id || ' links a blob and is not there.' "
                   "from repository_blobs where repository_id not in (select id from repositories)"}},
        {.name = "blob-files", .promise = "Each file below blobs/ belongs to a blob or is noted to go.", .run = check_files},
        {.name = "object-notes",
         .promise = "A file that is noted to be written or to go belongs to no blob.",
         .counted = {"select count(*) from pending_objects"},
         .wrong =
             {"select 'The file ' || n.storage_key || ' is noted to go and belongs to the blob ' || lower(hex(b.digest)) || "
              "'.' from pending_objects n join blobs b on b.storage_key = n.storage_key",
              "select 'A note names the file ' || quote(storage_key) || ', which berth would not.' from pending_objects "
              "where length(storage_key) <> 36 or storage_key glob '*[^0-9a-f-]*'"}},
        {.name = "quarantine",
         .promise = "No content was found damaged and waits to be pushed again.",
         .counted = {"select (select count(*) from blobs) + (select count(*) from manifests)"},
         .wrong =
             {"select 'The ' || iif(repository_id = 0, 'blob ', 'manifest ') || lower(hex(digest)) || ' was found damaged ('"
              " || reason || ') and is not served: push it again.' from quarantined_content",
              "select 'The file ' || q.storage_key || ' was found damaged and belongs to the blob ' || lower(hex(b.digest)) || "
              "'.' from quarantined_content q join blobs b on b.storage_key = q.storage_key"}},
        {.name = "uploads", .promise = "uploads/ holds uploads and nothing else.", .run = check_uploads},
    };
}

} // namespace berth::checking
