#include "checking/check_folder.hpp"

#include "base/encoding.hpp"
#include "checking/check_list.hpp"
#include "checking/testing/data_store.hpp"
#include "storage/testing/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <set>

namespace berth::checking {
namespace {

namespace fs = std::filesystem;

const std::string large_layer = DataStore::bytes(200'000, 1);
const std::string small_layer = DataStore::bytes(2'000, 2);

std::string image_of(const std::string& repository, const std::string& tag, const std::string& layer) {
    return DataStore::image("config of " + repository + ':' + tag, layer);
}

std::string subject_of(const std::string& manifest) {
    return fmt::format(R"(,"subject":{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":{}}})",
                       Digest::of(as_bytes(manifest)).to_string(), manifest.size());
}

// A bit of everything, some of it deleted again.
Result<void> fill(DataStore& store) {
    const Guid assignment = Guid::random();
    const std::string large = image_of("large", "v1", large_layer);
    const std::string referrer = DataStore::image("config of large:v1", small_layer, subject_of(large));
    const std::vector<std::function<Result<void>()>> steps = {
        [&] { return store.push_image("large", "v1", large_layer); },
        [&] { return store.push_image("small", "v1", small_layer); },
        [&] { return store.push_image("small", "v2", DataStore::bytes(70'000, 3)); },
        [&] { return store.push_blob("large", small_layer); },
        [&] { return store.push_manifest("large", Digest::of(as_bytes(referrer)).to_string(), referrer); },
        [&] { return store.mount_blob("other", large_layer); },
        [&] { return store.push_image("gone", "v1", DataStore::bytes(100'000, 4)); },
        [&] { return store.delete_repository("gone"); },
        [&] { return store.push_image("half", "v1", DataStore::bytes(100'000, 5)); },
        [&] { return store.delete_manifest("half", image_of("half", "v1", DataStore::bytes(100'000, 5))); },
        [&] { return store.push_image("holed", "v1", DataStore::bytes(100, 6)); },
        [&] { return store.delete_blob("holed", DataStore::bytes(100, 6)); },
        [&] { return store.delete_tag("small", "v2"); },
        [&] { return store.leave_upload(DataStore::bytes(90'000, 7)); },
        [&] { return store.add_directory_and_rules(); },
        [&] { return store.begin_operation(); },
        [&] { return store.assign_role(assignment, "AcrPull", Guid::random()); },
        [&] { return store.remove_assignment(assignment); },
    };
    for (const auto& step : steps) {
        if (auto done = step(); !done) return done;
    }
    return {};
}

// One filled folder, made once; each test damages a copy.
const fs::path& filled_folder() {
    static const storage::TemporaryFolder folder;
    static const bool made = [] {
        auto store = DataStore::open(folder.path());
        if (!store) {
            ADD_FAILURE() << store.error().message;
            return false;
        }
        auto filled = fill(**store);
        if (!filled) ADD_FAILURE() << filled.error().message;
        return filled.has_value();
    }();
    EXPECT_TRUE(made);
    return folder.path();
}

class FolderCopy {
public:
    FolderCopy() { fs::copy(filled_folder(), path(), fs::copy_options::recursive); }
    fs::path path() const { return folder_.path(); }

    /// Changes rows behind the back of everything that would keep them right.
    void run(const std::string& sql) const {
        sqlite3* handle = nullptr;
        ASSERT_EQ(sqlite3_open((path() / "berth.db").c_str(), &handle), SQLITE_OK);
        char* problem = nullptr;
        sqlite3_exec(handle, ("pragma foreign_keys = off; pragma ignore_check_constraints = on;" + sql).c_str(), nullptr,
                     nullptr, &problem);
        EXPECT_EQ(problem, nullptr) << problem;
        EXPECT_GT(sqlite3_total_changes(handle) + (sql.find("drop ") != std::string::npos), 0) << "it damages nothing: " << sql;
        sqlite3_free(problem);
        sqlite3_close(handle);
    }
    std::vector<fs::path> objects() const {
        std::vector<fs::path> out;
        for (const auto& entry : fs::recursive_directory_iterator(path() / "blobs")) {
            if (entry.is_regular_file()) out.push_back(entry.path());
        }
        std::ranges::sort(out);
        return out;
    }
    /// The file of the layer that is certainly referred to.
    fs::path object() const {
        for (const auto& file : objects()) {
            if (fs::file_size(file) == large_layer.size()) return file;
        }
        ADD_FAILURE() << "no object";
        return {};
    }

private:
    storage::TemporaryFolder folder_;
};

CheckReport check(const fs::path& folder, const CheckOptions& options = {}) {
    auto report = check_folder(folder.string(), options);
    EXPECT_TRUE(report) << report.error().message;
    return report ? std::move(*report) : CheckReport{};
}

std::set<std::string> checks_that_failed(const CheckReport& report) {
    std::set<std::string> out;
    for (const Finding& finding : report.findings) out.emplace(finding.check);
    return out;
}

std::string text_of(const CheckReport& report) {
    std::string out;
    for (const Finding& finding : report.findings) out += fmt::format("{}: {}\n", finding.check, finding.message);
    return out;
}

void write_file(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

void flip_byte(const fs::path& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(at);
    file.put(byte);
}

/// One damage, and the check that has to find it.
struct Damage {
    std::string name;
    std::string_view check;
    std::function<void(const FolderCopy&)> make;
};

Damage rows(std::string name, std::string_view check, std::string sql) {
    return {std::move(name), check, [sql = std::move(sql)](const FolderCopy& copy) { copy.run(sql); }};
}

std::ostream& operator<<(std::ostream& out, const Damage& damage) { return out << damage.name; }

const std::string a_blob = "(select digest from blobs where size = 200000)";
const std::string a_small_blob = "(select digest from blobs where size = 2000)";
const std::string a_repository = "(select id from repositories where name = 'large')";

std::vector<Damage> damages() {
    return {
        // The database as a file
        {"APageOfTheDatabase", "database-file",
         [](const FolderCopy& copy) {
             // The root page of an index, past its header.
             sqlite3* handle = nullptr;
             sqlite3_open((copy.path() / "berth.db").c_str(), &handle);
             sqlite3_stmt* statement = nullptr;
             sqlite3_prepare_v2(handle, "select rootpage from sqlite_schema where name = 'tags_by_digest'", -1, &statement,
                                nullptr);
             sqlite3_step(statement);
             const int page = sqlite3_column_int(statement, 0);
             sqlite3_finalize(statement);
             sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
             sqlite3_close(handle);
             flip_byte(copy.path() / "berth.db", (page - 1) * 4096 + 4095);
         }},
        {"TheDatabasesHeader", "database-file",
         [](const FolderCopy& copy) { write_file(copy.path() / "berth.db", std::string(8192, 'x')); }},
        {"ACutDatabase", "database-file",
         [](const FolderCopy& copy) {
             fs::resize_file(copy.path() / "berth.db", fs::file_size(copy.path() / "berth.db") / 2);
         }},
        rows("AMissingTrigger", "schema", "drop trigger role_assignments_changed_by_delete"),
        rows("AMissingIndex", "schema", "drop index tags_by_digest"),
        rows("AStrangeTable", "schema", "create table strange(a); insert into strange values (1)"),
        rows("AReferenceToNothing", "foreign-keys", "update subscriptions set tenant_id = 'nobody'"),
        rows("ANumberToBeGivenAgain", "row-numbers", "update sqlite_sequence set seq = 0 where name = 'repositories'"),
        // Blobs
        {"AMissingFile", "blob-objects", [](const FolderCopy& copy) { fs::remove(copy.object()); }},
        {"ACutFile", "blob-objects", [](const FolderCopy& copy) { fs::resize_file(copy.object(), 100); }},
        {"AGrownFile", "blob-objects", [](const FolderCopy& copy) { fs::resize_file(copy.object(), 300'000); }},
        {"AFlippedBitInAFile", "blob-digests", [](const FolderCopy& copy) { flip_byte(copy.object(), 1234); }},
        {"AnotherFileInItsPlace", "blob-digests",
         [](const FolderCopy& copy) { write_file(copy.object(), std::string(200'000, 'z')); }},
        rows("AnotherSizeInTheRow", "blob-objects", "update blobs set size = size + 1 where size = 2000"),
        rows("ARowWithoutBytes", "blob-objects", "update blobs set content = null where size = 2000"),
        rows("ARowWithBoth", "blob-objects", "update blobs set content = x'00' where size = 200000"),
        rows("AKeyThatIsNone", "blob-objects", "update blobs set storage_key = '../../etc/passwd' where size = 200000"),
        rows("ADigestThatIsNone", "blob-objects", "update blobs set digest = x'09' where size = 200000"),
        rows(
            "OneFileForTwoBlobs", "blob-objects",
            "update blobs set storage_key = (select storage_key from blobs where size = 200000), size = 200000, content = null "
            "where size = 70000"),
        rows("AFlippedBitInTheDatabase", "blob-digests",
             "update blobs set content = x'00' || substr(content, 2) where size = 2000"),
        rows("ALinkToNothing", "blob-links", "delete from blobs where size = 2000"),
        rows("ALinkOfNobody", "blob-links",
             "update repository_blobs set repository_id = 999 where repository_id = " + a_repository),
        {"AFileOfNobody", "blob-files",
         [](const FolderCopy& copy) {
             fs::create_directories(copy.path() / "blobs" / "ab");
             write_file(copy.path() / "blobs" / "ab" / "abcdef01-0000-4000-8000-000000000000", "orphan");
         }},
        {"AStrangeFile", "blob-files",
         [](const FolderCopy& copy) { write_file(copy.path() / "blobs" / "notes.txt", "hello"); }},
        rows("ANoteOnALiveFile", "object-notes",
             "insert into pending_objects select storage_key, 1 from blobs where size = 200000"),
        rows("ABlobInQuarantine", "quarantine",
             "insert into quarantined_content(digest, storage_key, reason, found_at) select digest, storage_key, 'other "
             "bytes', 1 "
             "from blobs where size = 200000; update blobs set storage_key = null where size = 200000"),
        rows("ANoteOfNoFile", "object-notes", "insert into pending_objects values ('../keys/seal.key', 1)"),
        {"AStrangeUpload", "uploads", [](const FolderCopy& copy) { write_file(copy.path() / "uploads" / "core", "dump"); }},
        // Manifests and tags
        rows("ARepositorysName", "repositories", "update repositories set name = 'Large/../x' where name = 'other'"),
        rows("AChangedManifest", "manifests", "update manifests set content = content || ' '"),
        rows("AManifestOfAnotherType", "manifests",
             "update manifests set media_type = 'application/vnd.oci.image.index.v1+json' where subject is null"),
        rows("ALostSubject", "referrers", "update manifests set subject = null where subject is not null"),
        rows("AnotherSubject", "referrers", "update manifests set subject = digest where subject is not null"),
        rows("AnotherArtifactType", "referrers",
             "update manifests set artifact_type = 'application/evil' where subject is not null"),
        rows("OtherAnnotations", "referrers", "update manifests set annotations = '{\"a\":\"b\"}'"),
        rows("AnotherImageSize", "referrers", "update manifests set image_size = 1"),
        rows("AForgottenReference", "manifest-references", "delete from manifest_references where digest = " + a_blob),
        rows("AReferenceThatIsNone", "manifest-references",
             "insert into manifest_references select repository_id, digest, x'01', 0 from manifests limit 1"),
        rows("ABlobTakenForAManifest", "manifest-references",
             "update manifest_references set is_manifest = 1 where digest = " + a_small_blob),
        rows("ALostLink", "manifest-blobs",
             "delete from repository_blobs where digest = " + a_blob + " and repository_id = " + a_repository),
        rows("ATagOfNothing", "tags", "update tags set digest = x'01' || zeroblob(32) where name = 'v1'"),
        rows("ATagsName", "tags", "update tags set name = 'a b' where repository_id = " + a_repository),
        rows("LocksThatAreNone", "attributes", "update manifests set attributes = 77"),
        // Garbage
        rows("AForgottenBlob", "garbage", "delete from garbage_candidates"),
        rows("AStrangeCandidate", "garbage",
             "insert into garbage_candidates(digest, repository_id, queued_at) values (x'ff', 0, 1)"),
        rows("ACandidateOfNobody", "garbage",
             "insert into garbage_candidates(digest, repository_id, queued_at) select digest, 4711, 1 from blobs limit 1"),
        rows("AForgottenManifest", "untagged", "delete from untagged_manifests"),
        rows("AnOperationThatNeverEnds", "operations",
             "insert into operations(id, tenant_id, kind, scope, scope_key, actor, status, request, progress, started_at, "
             "updated_at) "
             "select 'x', id, 'importImage', '/', '/', 'a', 'Succeeded', '{}', '{}', 1, 1 from tenants"),
        // Resources
        rows("AResourceWithoutGroup", "resources",
             "delete from resources where type_key = 'microsoft.resources/resourcegroups'"),
        rows("AResourceElsewhere", "resources",
             "update resources set scope_key = scope_key || 'x' where scope like '%registries/berth0'"),
        rows("PropertiesThatAreNone", "resources",
             "update resources set properties = '{' where scope like '%registries/berth0'"),
        rows("ARepositoryOfNoRegistry", "content-owners",
             "update repositories set registry_id = (select id from resources where "
             "type_key = 'microsoft.resources/resourcegroups')"),
        rows("ALostRootGroup", "management-groups", "delete from management_groups where parent_key is null"),
        rows("ACircleOfGroups", "management-groups",
             "update management_groups set parent_key = name_key where name = 'platform'"),
        rows("ASubscriptionInNoGroup", "management-groups", "update subscriptions set management_group_key = 'nowhere'"),
        // The directory
        rows("ALostSigningKey", "signing-keys", "delete from signing_keys where purpose = 'registry'"),
        {"AnotherSealKey", "signing-keys",
         [](const FolderCopy& copy) {
             fs::remove(copy.path() / "keys" / "seal.key");
             EXPECT_TRUE(DataStore::open(storage::TemporaryFolder().path()));
             storage::TemporaryFolder other;
             EXPECT_TRUE(DataStore::open(other.path()));
             fs::copy(other.path() / "keys" / "seal.key", copy.path() / "keys" / "seal.key");
         }},
        {"ALostSealKey", "signing-keys", [](const FolderCopy& copy) { fs::remove(copy.path() / "keys" / "seal.key"); }},
        rows("AServicePrincipalWithoutApplication", "principals", "delete from applications"),
        rows("AManagedIdentityOfNothing", "principals", "update principals set managed_by = 'nothing' where kind = 'User'"),
        rows("ASecretOfNobody", "credentials", "update credentials set owner_id = 'nobody'"),
        rows("AMemberWhoIsNot", "group-members", "update group_members set member_id = 'nobody'"),
        rows("AMembershipInAUser", "group-members",
             "update group_members set group_id = (select id from principals where kind = 'User')"),
        rows("AnAdministratorWhoIsNot", "group-members", "update directory_roles set principal_id = 'nobody'"),
        // Rights
        rows("AnAssignmentAtNothing", "role-assignments",
             "update role_assignments set scope = '/subscriptions/x', scope_key = '/subscriptions/x'"),
        rows("AnAssignmentOfNoRole", "role-assignments",
             "update role_assignments set role_definition_id = '00000000-0000-0000-0000-000000000001'"),
        rows("AConditionThatIsNone", "role-assignments", "update role_assignments set condition = '((('"),
        rows("ARoleThatIsNone", "role-definitions", "update role_definitions set permissions = '['"),
        rows("ADenyAssignmentAtNothing", "deny-assignments", "update deny_assignments set scope_key = '/subscriptions/x'"),
        rows("ALockAtNothing", "locks", "update resource_locks set scope_key = '/subscriptions/x'"),
        rows("ALockOfNoKind", "locks", "update resource_locks set level = 'Sometimes'"),
    };
}

TEST(CheckFolder, FindsNothingInAHealthyFolder) {
    const FolderCopy copy;
    const auto report = check(copy.path());
    EXPECT_TRUE(report.is_sound()) << text_of(report);
    EXPECT_EQ(report.checks.size(), all_checks().size());
    for (const CheckResult& one : report.checks) EXPECT_GT(one.seen, 0U) << one.name << " has looked at nothing";
}

TEST(CheckFolder, FindsNothingInAnEmptyRegistryNorAfterCollection) {
    storage::TemporaryFolder folder;
    {
        ASSERT_TRUE(DataStore::open(folder.path()));
        const auto empty = check(folder.path());
        EXPECT_TRUE(empty.is_sound()) << text_of(empty);
    }
    const FolderCopy copy;
    auto store = DataStore::open(copy.path());
    ASSERT_TRUE(store);
    const auto files = copy.objects().size();
    auto swept = (*store)->sweep();
    ASSERT_TRUE(swept) << swept.error().message;
    EXPECT_LT(copy.objects().size(), files);
    const auto report = check(copy.path());
    EXPECT_TRUE(report.is_sound()) << text_of(report);
}

class SeededDamage : public testing::TestWithParam<Damage> {};

// A policy strikes them off when it meets them.
TEST(CheckFolder, FindsNothingWhereAPolicyPassedOverReferrersAndChildren) {
    const FolderCopy copy;
    copy.run("delete from untagged_manifests where digest in (select digest from manifests where subject is not null)");
    {
        auto store = DataStore::open(copy.path());
        ASSERT_TRUE(store);
        const std::string child = image_of("small", "v1", small_layer);
        const std::string index = fmt::format(
            R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"mediaType":)"
            R"("application/vnd.oci.image.manifest.v1+json","digest":"{}","size":{}}}]}})",
            Digest::of(as_bytes(child)).to_string(), child.size());
        ASSERT_TRUE((*store)->push_manifest("small", "index", index));
        ASSERT_TRUE((*store)->delete_tag("small", "v1"));
    }
    copy.run("delete from untagged_manifests where digest in (select digest from manifest_references where is_manifest = 1)");
    const auto report = check(copy.path());
    EXPECT_TRUE(report.is_sound()) << text_of(report);
}

TEST_P(SeededDamage, IsFound) {
    const FolderCopy copy;
    GetParam().make(copy);
    const auto report = check(copy.path());
    EXPECT_THAT(checks_that_failed(report), testing::Contains(std::string(GetParam().check))) << text_of(report);
}

INSTANTIATE_TEST_SUITE_P(CheckFolder, SeededDamage, testing::ValuesIn(damages()),
                         [](const auto& one) { return one.param.name; });

TEST(CheckFolder, EveryCheckHasADamageThatItFinds) {
    std::set<std::string_view> proven;
    for (const Damage& damage : damages()) proven.insert(damage.check);
    for (const Check& one : all_checks()) EXPECT_TRUE(proven.contains(one.name)) << one.name;
}

TEST(CheckFolder, ChangesNothing) {
    const FolderCopy copy;
    const auto snapshot = [&] {
        std::map<std::string, std::pair<std::uintmax_t, fs::file_time_type>> out;
        for (const auto& entry : fs::recursive_directory_iterator(copy.path())) {
            if (entry.is_regular_file() && entry.path().extension() != ".db-shm") {
                out[entry.path().string()] = {entry.file_size(), entry.last_write_time()};
            }
        }
        return out;
    };
    {
        // A log that is not empty, as a server that was killed leaves it.
        auto store = DataStore::open(copy.path());
        ASSERT_TRUE(store && (*store)->push_image("more", "v1", small_layer));
        fs::copy(copy.path() / "berth.db-wal", copy.path() / "kept");
    }
    fs::rename(copy.path() / "kept", copy.path() / "berth.db-wal");
    const auto before = snapshot();
    check(copy.path());
    const auto after = snapshot();
    EXPECT_EQ(before.size() + (after.contains((copy.path() / "berth.db-shm").string()) ? 1U : 0U), after.size());
    for (const auto& [path, facts] : before) EXPECT_EQ(after.at(path), facts) << path;
}

TEST(CheckFolder, TellsOnlyTheFirstOfMany) {
    const FolderCopy copy;
    for (int i = 0; i < 150; ++i) write_file(copy.path() / "uploads" / ("stray" + std::to_string(i)), "x");
    const auto report = check(copy.path());
    EXPECT_EQ(report.findings.size(), most_findings);
    const auto uploads = std::ranges::find(report.checks, std::string_view("uploads"), &CheckResult::name);
    EXPECT_EQ(uploads->wrong, 150U);
}

TEST(CheckFolder, ReadsNoBytesWhenNotAsked) {
    const FolderCopy copy;
    flip_byte(copy.object(), 77);
    EXPECT_TRUE(check(copy.path(), {.digests = false}).is_sound());
}

TEST(CheckFolder, RefusesWhatIsNoDataOfItsVersion) {
    storage::TemporaryFolder folder;
    auto none = check_folder(folder.path().string());
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
    for (const char* version : {"1", "1000"}) {
        const FolderCopy copy;
        copy.run("update resources set name = name; pragma user_version = " + std::string(version));
        auto other = check_folder(copy.path().string());
        ASSERT_FALSE(other);
        EXPECT_EQ(other.error().code, ErrorCode::conflict);
        EXPECT_THAT(other.error().message, testing::HasSubstr("data version " + std::string(version)));
    }
}

TEST(CheckFolder, FindsNothingWhileTheFolderIsInUse) {
    const FolderCopy copy;
    auto store = DataStore::open(copy.path());
    ASSERT_TRUE(store);
    std::atomic<bool> stop = false;
    std::thread pusher([&] {
        for (unsigned i = 100; !stop; ++i) {
            const std::string repository = "busy" + std::to_string(i % 3);
            const std::string layer = DataStore::bytes(70'000, i);
            EXPECT_TRUE((*store)->push_image(repository, "v", layer));
            if (i % 4 == 0) {
                EXPECT_TRUE((*store)->delete_repository(repository));
            }
            if (i % 7 == 0) {
                EXPECT_TRUE((*store)->sweep());
            }
        }
    });
    for (int round = 0; round < 10; ++round) {
        const auto report = check(copy.path());
        EXPECT_TRUE(report.is_sound()) << text_of(report);
    }
    stop = true;
    pusher.join();
}

} // namespace
} // namespace berth::checking
