#include "app/backup_folder.hpp"

#include "storage/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

namespace berth::app {
namespace {

namespace fs = std::filesystem;

TEST(WholeFolder, IsFilledByOneAtATimeUntilItHasItsName) {
    const storage::TemporaryFolder temporary;
    for (int round = 0; round < 10; ++round) {
        const fs::path path = temporary.path() / std::to_string(round);
        std::atomic<bool> done = false;
        std::atomic<int> refused = 0;
        std::thread other([&] {
            while (!done) {
                auto begun = WholeFolder::begin(path);
                if (!begun) ++refused;
            }
        });
        while (true) {
            auto mine = WholeFolder::begin(path);
            if (!mine) continue; // the other has it for a moment
            std::ofstream(mine->filling() / "file") << "whole";
            const int before = refused;
            while (refused == before) std::this_thread::yield();
            const auto finished = mine->finish();
            done = true;
            EXPECT_TRUE(finished) << finished.error().message;
            break;
        }
        other.join();
        EXPECT_TRUE(fs::exists(path / "file")) << "another emptied what was said to be whole, in round " << round;
        EXPECT_FALSE(fs::exists(path.string() + ".incomplete"));
    }
}

TEST(WholeFolder, IsRefusedWhileAnotherFillsIt) {
    const storage::TemporaryFolder temporary;
    const fs::path path = temporary.path() / "backup";
    fs::create_directory(path.string() + ".incomplete");
    std::ofstream(path.string() + ".incomplete/left") << "by an interrupted run";
    {
        auto first = WholeFolder::begin(path);
        ASSERT_TRUE(first) << first.error().message;
        EXPECT_TRUE(fs::is_empty(first->filling()));
        auto second = WholeFolder::begin(path);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, ErrorCode::conflict);
        EXPECT_NE(second.error().message.find("Another process is filling"), std::string::npos) << second.error().message;
        EXPECT_TRUE(fs::exists(first->filling())) << "the refused one leaves it alone";
    }
    EXPECT_FALSE(fs::exists(path.string() + ".incomplete"));
    EXPECT_TRUE(WholeFolder::begin(path)) << "the lock ends with its holder";
}

} // namespace
} // namespace berth::app
