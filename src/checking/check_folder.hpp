#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Walks a data folder and says what is wrong with it.
namespace berth::checking {

struct CheckOptions {
    /// Whether the bytes of all blobs are read and hashed; without it their sizes alone are compared.
    bool digests = true;
};

/// One thing that is wrong.
struct Finding {
    std::string_view check; ///< the name of the check that found it
    std::string message;    ///< a sentence for people
};

/// What became of one check.
struct CheckResult {
    std::string_view name;    ///< `blob-objects`
    std::string_view promise; ///< what holds when nothing is wrong, as a sentence
    std::uint64_t seen = 0;   ///< how many things were looked at
    std::uint64_t wrong = 0;
};

struct CheckReport {
    std::vector<CheckResult> checks;
    std::vector<Finding> findings; ///< at most `most_findings` of each check

    bool is_sound() const noexcept { return findings.empty(); }
};

/// Findings of one check that are told; further ones are only counted.
inline constexpr std::size_t most_findings = 100;

/// Runs every check of `check_list.hpp` on the data folder. It changes nothing. The folder may be in use by a server: each
/// check looks at consistent snapshots, and what goes or comes meanwhile is not taken for damage. `not_found` for a folder
/// that holds no data of berth, `conflict` for data of another version than this program's, `storage_read_only` for files
/// that may not be read; what is damaged is no failure but a finding.
Result<CheckReport> check_folder(const std::string& folder, const CheckOptions& options = {});

} // namespace berth::checking
