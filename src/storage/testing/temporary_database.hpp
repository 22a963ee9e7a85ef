#pragma once

#include "storage/sqlite/sqlite_database.hpp"
#include "storage/testing/temporary_folder.hpp"

#include <cstdio>

namespace berth::storage {

/// An empty database of the newest version in a folder of its own: for the tests of the rooms above.
class TemporaryDatabase {
public:
    TemporaryDatabase() {
        auto opened = open_sqlite((folder_.path() / "berth.db").string());
        if (!opened) {
            std::fputs(opened.error().message.c_str(), stderr);
            std::abort();
        }
        database_ = std::move(*opened);
    }

    Database& operator*() const noexcept { return *database_; }
    Database* operator->() const noexcept { return database_.get(); }

private:
    TemporaryFolder folder_;
    std::unique_ptr<Database> database_;
};

} // namespace berth::storage
