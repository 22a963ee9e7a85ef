#pragma once

#include <span>
#include <string_view>

namespace berth::storage {

/// One step from data version `version - 1` to `version`: statements separated by semicolons, written in the words that
/// `0001.sql` uses; each engine's runner puts its own in their place.
struct Migration {
    int version;
    std::string_view sql;
};

/// The steps that this program knows, from 1 on without a gap: the files of `migrations/`, embedded at build time.
std::span<const Migration> migrations() noexcept;

} // namespace berth::storage
