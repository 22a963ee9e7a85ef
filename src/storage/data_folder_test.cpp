#include "storage/data_folder.hpp"

#include "storage/testing/faulty_file_system.hpp"
#include "storage/testing/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace berth::storage {
namespace {

namespace fs = std::filesystem;

TEST(DataFolder, MakesAFolderForItsOwnerOnly) {
    TemporaryFolder temporary;
    const auto path = temporary.path() / "deep" / "data";
    auto folder = DataFolder::open(path.string() + "/");
    ASSERT_TRUE(folder) << folder.error().message;
    EXPECT_EQ(folder->path(), path.string());
    EXPECT_EQ(folder->database(), (path / "berth.db").string());
    EXPECT_EQ(folder->path_of("bootstrap.json"), (path / "bootstrap.json").string());
    for (const auto& made : {path, path.parent_path()}) {
        EXPECT_EQ(fs::status(made).permissions(), fs::perms::owner_all) << made;
    }
}

TEST(DataFolder, IsOpenedByOneAtATime) {
    TemporaryFolder temporary;
    {
        auto first = DataFolder::open(temporary.path().string());
        ASSERT_TRUE(first);
        auto second = DataFolder::open(temporary.path().string());
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, ErrorCode::conflict);
        EXPECT_NE(second.error().message.find(fmt::format("process {}", ::getpid())), std::string::npos)
            << second.error().message;
    }
    EXPECT_TRUE(DataFolder::open(temporary.path().string())) << "the lock ends with its holder";
}

TEST(DataFolder, TakesNoNonsenseForTheProcessThatHoldsIt) {
    TemporaryFolder temporary;
    auto first = DataFolder::open(temporary.path().string());
    ASSERT_TRUE(first);
    for (const char* text : {"", "-4", "x", "99999999999999999999999"}) {
        std::ofstream(temporary.path() / "lock") << text;
        auto second = DataFolder::open(temporary.path().string());
        ASSERT_FALSE(second);
        EXPECT_NE(second.error().message.find("process unknown"), std::string::npos) << second.error().message;
    }
}

TEST(DataFolder, RefusesWhatIsNoFolder) {
    TemporaryFolder temporary;
    std::ofstream(temporary.path() / "file") << "x";
    for (const auto& path :
         {(temporary.path() / "file").string(), (temporary.path() / "file" / "below").string(), std::string()}) {
        auto folder = DataFolder::open(path);
        ASSERT_FALSE(folder) << path;
        EXPECT_EQ(folder.error().code, ErrorCode::invalid_parameter) << folder.error().message;
    }
}

TEST(DataFolder, SaysThatItCannotWrite) {
    TemporaryFolder temporary;
    const auto expect_read_only = [&](FileSystem& files) {
        auto folder = DataFolder::open(temporary.path().string(), files);
        ASSERT_FALSE(folder);
        EXPECT_EQ(folder.error().code, ErrorCode::storage_read_only);
        EXPECT_NE(folder.error().message.find(temporary.path().string()), std::string::npos);
    };
    FaultyFileSystem files;
    ASSERT_TRUE(DataFolder::open(temporary.path().string(), files));
    const auto calls = files.take_calls();
    int opens = 0;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        if (calls[i] != "open") continue;
        ++opens;
        files.fail_call(static_cast<std::int64_t>(i), EROFS);
        expect_read_only(files);
    }
    EXPECT_EQ(opens, 3);
    files.fail_call(-1, 0);
    if (::geteuid() != 0) { // who may do anything is not stopped by permissions
        ASSERT_EQ(::chmod(temporary.path().c_str(), 0500), 0);
        expect_read_only(real_file_system());
        ASSERT_EQ(::chmod(temporary.path().c_str(), 0700), 0);
    }
    EXPECT_TRUE(DataFolder::open(temporary.path().string(), files));
}

TEST(DataFolder, OpensOnAFullDisk) {
    TemporaryFolder temporary;
    FaultyFileSystem files;
    files.set_room(0);
    EXPECT_TRUE(DataFolder::open(temporary.path().string(), files)) << "what is there can still be read";
}

} // namespace
} // namespace berth::storage
