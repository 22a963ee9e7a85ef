// Faults of the disk at every call in turn, under real work: each operation fails cleanly or is done, reads go on, and
// afterwards nothing is wrong.

#include "checking/check_folder.hpp"
#include "checking/testing/data_store.hpp"
#include "storage/testing/faulty_file_layer.hpp"
#include "storage/testing/faulty_file_system.hpp"
#include "storage/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <latch>
#include <thread>

namespace berth::checking {
namespace {

namespace fs = std::filesystem;
using storage::FaultyFileLayer;
using storage::FaultyFileSystem;

struct Operation {
    std::string name;
    std::function<Result<void>(DataStore&)> run;
    bool at_once = true;
};

std::string layer(unsigned number, std::size_t size) { return DataStore::bytes(size, number); }

// Everything that writes, on a folder that `base_folder` has filled.
const std::vector<Operation>& operations() {
    static const Guid assignment = Guid::random();
    static const std::vector<Operation> all = {
        {"push a small blob", [](DataStore& store) { return store.push_blob("new", layer(1, 3'000)); }},
        {"push a large blob", [](DataStore& store) { return store.push_blob("new", layer(2, 150'000)); }},
        {"push in chunks", [](DataStore& store) { return store.push_blob_in_chunks("new", layer(3, 250'000), 100'000); }},
        {"move a tag",
         [](DataStore& store) {
             return store.push_manifest(
                 "base", "v1", DataStore::image("config of base:v2", layer(12, 80'000), R"(,"annotations":{"a":"b"})"));
         }},
        {"mount", [](DataStore& store) { return store.mount_blob("mounted", layer(12, 80'000)); }},
        {"assign a role", [](DataStore& store) { return store.assign_role(assignment, "AcrPull", Guid::random()); }},
        {"delete a tag", [](DataStore& store) { return store.delete_tag("base", "v2"); }},
        {"delete a repository", [](DataStore& store) { return store.delete_repository("doomed"); }},
        {"collect", [](DataStore& store) { return store.sweep(); }, false},
        {"push again", [](DataStore& store) { return store.push_image("again", "v1", layer(4, 70'000)); }, false},
    };
    return all;
}

const fs::path& base_folder() {
    static const storage::TemporaryFolder folder;
    static const bool made = [] {
        auto store = DataStore::open(folder.path());
        return store && (*store)->push_image("base", "v1", layer(11, 2'000)) &&
               (*store)->push_image("base", "v2", layer(12, 80'000)) && (*store)->push_image("doomed", "v1", layer(13, 90'000));
    }();
    EXPECT_TRUE(made);
    return folder.path();
}

/// A copy of the base folder on a disk with faults.
class FaultyData {
public:
    FaultyData() { fs::copy(base_folder(), folder_.path(), fs::copy_options::recursive); }

    Result<std::unique_ptr<DataStore>> open() {
        return DataStore::open(folder_.path(),
                               {.files = files, .sqlite_layer = layer.name(), .checkpoint_pages = 10, .keys = false});
    }
    std::string check() const {
        auto report = check_folder(folder_.path().string());
        if (!report) return report.error().message;
        std::string out;
        for (const Finding& finding : report->findings) out += fmt::format("{}: {}\n", finding.check, finding.message);
        return out;
    }

    FaultyFileLayer layer;
    FaultyFileSystem files;

private:
    storage::TemporaryFolder folder_;
};

/// What fails, and where.
struct Fault {
    std::string name;
    std::function<void(FaultyData&, std::int64_t call)> begin; ///< a call below 0: nothing fails any more
    std::function<bool(FaultyData&)> happened;
    std::vector<ErrorCode> errors; ///< what operations may fail with
};
std::ostream& operator<<(std::ostream& out, const Fault& fault) { return out << fault.name; }

Fault of_files(std::string name, int code, bool half, ErrorCode error) {
    return {std::move(name),
            [=](FaultyData& data, std::int64_t call) { data.files.fail_call(call, code, half); },
            [](FaultyData& data) { return data.files.fired(); },
            {error}};
}
Fault of_database(std::string name, FaultyFileLayer::Fault fault, std::vector<ErrorCode> errors) {
    return {std::move(name), [=](FaultyData& data, std::int64_t call) { data.layer.fail_call(call, fault); },
            [](FaultyData& data) { return data.layer.fired(); }, std::move(errors)};
}

class DiskFault : public testing::TestWithParam<Fault> {};

// One run, the call with this number failing; false: no call had that number.
bool run_with(const Fault& fault, std::int64_t call) {
    FaultyData data;
    auto opened = data.open();
    EXPECT_TRUE(opened);
    auto facts = (*opened)->facts();
    fault.begin(data, call);
    std::string happened;
    for (const Operation& operation : operations()) {
        const bool before = fault.happened(data);
        auto done = operation.run(**opened);
        const bool hit = fault.happened(data) && !before;
        const auto where = fmt::format("{} at call {}, during '{}'", fault.name, call, operation.name);
        auto now = (*opened)->facts();
        EXPECT_TRUE(now) << where << ": reads do not go on: " << now.error().message;
        if (!now || !facts) return false;
        EXPECT_TRUE(done || hit) << where << ": fails without a fault: " << done.error().message;
        if (!done) {
            EXPECT_TRUE(std::ranges::find(fault.errors, done.error().code) != fault.errors.end())
                << where << ": " << done.error().message;
            if (operation.at_once) {
                EXPECT_EQ(*now, *facts) << where << ": it failed and has changed something";
            }
            // The client tries again.
            auto again = operation.run(**opened);
            EXPECT_TRUE(again) << where << ", again: " << again.error().message;
            now = (*opened)->facts();
        }
        for (const auto& [name, value] : *now) {
            EXPECT_TRUE(!name.starts_with("blob/") || value == "whole") << where << ": " << name << ": " << value;
        }
        facts = now;
    }
    const bool fired = fault.happened(data);
    fault.begin(data, -1);
    EXPECT_EQ(data.check(), "") << fault.name << " at call " << call;
    opened->reset();
    EXPECT_EQ(data.check(), "") << fault.name << " at call " << call << ", closed";
    auto again = data.open();
    EXPECT_TRUE(again);
    EXPECT_EQ((*again)->facts().value_or(Facts{}), *facts) << fault.name << " at call " << call << ", opened again";
    return fired;
}

TEST_P(DiskFault, AtEveryCallFailsCleanlyOrIsNotNoticed) {
    // Each has a share of the calls; with BERTH_EVERY_FAULT=1 all of them.
    const bool all = std::getenv("BERTH_EVERY_FAULT") != nullptr;
    const std::int64_t step = all ? 1 : GetParam().name.starts_with("Files") ? 7 : 23;
    std::int64_t first = 0;
    for (const char letter : GetParam().name) first += letter;
    std::int64_t runs = 0;
    for (std::int64_t call = all ? 0 : first % step; !HasFailure(); call += step, ++runs) {
        if (!run_with(GetParam(), call)) break;
    }
    EXPECT_GT(runs, 3);
    std::printf("%s: a fault at each of %lld calls\n", GetParam().name.c_str(), static_cast<long long>(runs));
}

INSTANTIATE_TEST_SUITE_P(Checking, DiskFault,
                         testing::Values(of_files("FilesErrors", EIO, false, ErrorCode::internal),
                                         of_files("FilesTornWrites", EIO, true, ErrorCode::internal),
                                         of_files("FilesNoRoom", ENOSPC, true, ErrorCode::storage_full),
                                         of_database("DatabaseErrors", FaultyFileLayer::Fault::io_error, {ErrorCode::internal}),
                                         of_database("DatabaseTornWrites", FaultyFileLayer::Fault::torn, {ErrorCode::internal}),
                                         of_database("DatabaseNoRoom", FaultyFileLayer::Fault::full,
                                                     {ErrorCode::storage_full, ErrorCode::internal})),
                         [](const auto& one) { return one.param.name; });

TEST(FullDisk, ReadsGoOnWritesAreRefusedAndItRecovers) {
    FaultyData data;
    auto store = data.open();
    ASSERT_TRUE(store);
    const auto before = (*store)->facts();
    ASSERT_TRUE(before);
    data.files.set_room(0);
    data.layer.limit_size(0);
    for (const Operation& operation : operations()) {
        const auto done = operation.run(**store);
        if (operation.name == "collect") continue; // may have nothing to do
        ASSERT_FALSE(done) << operation.name;
        EXPECT_EQ(done.error().code, ErrorCode::storage_full) << operation.name << ": " << done.error().message;
        EXPECT_EQ((*store)->facts().value_or(Facts{}), *before) << operation.name;
    }
    EXPECT_EQ(data.check(), "");
    data.files.set_room(std::nullopt);
    data.layer.limit_size(INT64_MAX);
    for (const Operation& operation : operations()) {
        const auto done = operation.run(**store);
        EXPECT_TRUE(done) << operation.name << ": " << done.error().message;
    }
    EXPECT_EQ(data.check(), "");
}

/// A disk whose syncs come to no end until they are let go.
class StuckFileSystem final : public storage::FileSystem {
public:
    template <class T>
    using SystemResult = storage::SystemResult<T>;

    SystemResult<FileDescriptor> open(const std::string& path, int flags, unsigned mode) override {
        return real_.open(path, flags, mode);
    }
    SystemResult<FileDescriptor> open_cached(const std::string& path) override { return real_.open_cached(path); }
    SystemResult<storage::FileStatus> status(int file) override { return real_.status(file); }
    SystemResult<std::size_t> read(int file, std::span<std::byte> out, std::uint64_t at) override {
        return real_.read(file, out, at);
    }
    SystemResult<std::size_t> write(int file, std::span<const std::byte> bytes, std::uint64_t at) override {
        return real_.write(file, bytes, at);
    }
    SystemResult<void> set_direct(int file, bool direct) override { return real_.set_direct(file, direct); }
    SystemResult<void> truncate(int file, std::uint64_t size) override { return real_.truncate(file, size); }
    SystemResult<void> start_writing(int, std::uint64_t, std::uint64_t) override { return {}; }
    SystemResult<void> sync(int) override {
        stuck.count_down();
        go.wait();
        return {};
    }
    SystemResult<void> sync_folder(const std::string&) override { return {}; }
    SystemResult<void> rename(const std::string& from, const std::string& to) override { return real_.rename(from, to); }
    SystemResult<void> remove(const std::string& path) override { return real_.remove(path); }
    SystemResult<void> make_folder(const std::string& path) override { return real_.make_folder(path); }
    SystemResult<std::vector<std::string>> list(const std::string& path) override { return real_.list(path); }
    SystemResult<void> lock(int file) override { return real_.lock(file); }

    std::latch stuck{1};
    std::latch go{1};

private:
    storage::FileSystem& real_ = storage::real_file_system();
};

TEST(SlowDisk, APushThatWaitsForTheDiskHoldsUpNobodyElse) {
    storage::TemporaryFolder folder;
    fs::copy(base_folder(), folder.path(), fs::copy_options::recursive);
    StuckFileSystem files;
    auto store = DataStore::open(folder.path(), {.files = files, .keys = false});
    ASSERT_TRUE(store);
    Result<void> pushed;
    std::thread slow([&] { pushed = (*store)->push_blob("slow", layer(1, 500'000)); });
    files.stuck.wait();
    EXPECT_TRUE((*store)->push_blob("quick", layer(2, 1'000)));
    EXPECT_TRUE((*store)->delete_tag("base", "v1"));
    const auto facts = (*store)->facts();
    ASSERT_TRUE(facts);
    EXPECT_TRUE(facts->contains("repository/quick"));
    EXPECT_FALSE(facts->contains("repository/slow")) << "it is visible before it is durable";
    files.go.count_down();
    slow.join();
    EXPECT_TRUE(pushed);
    EXPECT_TRUE((*store)->facts()->contains("repository/slow"));
}

} // namespace
} // namespace berth::checking
