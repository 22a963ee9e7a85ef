#pragma once

#include "storage/migrations.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace berth::storage {

/// How a SQLite database is used. The defaults are what berth runs with.
struct SqliteOptions {
    /// Threads for scans and for reads that turned out to be long.
    unsigned scan_threads = 2;
    /// Writes in one durable commit, at most.
    std::size_t group_limit = 256;
    /// Steps of SQLite's virtual machine (some 20 ns each) that a read may take on the thread of its caller.
    std::int64_t point_budget = 10'000;
    std::int64_t page_budget = 100'000;
    /// Pages in the write-ahead log from which on it is moved into the file, between two commits. What changes again and
    /// again is moved once: with 4,000 a push of small images under load takes a quarter more. Reading a log of that
    /// size after a crash takes some 15 ms.
    int checkpoint_pages = 12000;
    /// How long to wait for another program that holds the database.
    std::chrono::milliseconds busy_timeout{2000};
    /// The name of SQLite's layer for files; empty is its default. Tests put their own there.
    std::string file_layer{};
    /// The steps of the schema.
    std::span<const Migration> steps = migrations();
};

} // namespace berth::storage
