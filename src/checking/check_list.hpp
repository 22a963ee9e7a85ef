#pragma once

#include "checking/inspection.hpp"

#include <array>
#include <span>
#include <string_view>

namespace berth::checking {

/// One check as data.
struct Check {
    std::string_view name;
    std::string_view promise;                   ///< what holds when nothing is wrong
    std::array<std::string_view, 4> counted{};  ///< SQL: each gives the number of things looked at
    std::array<std::string_view, 10> wrong{};   ///< SQL: each row is one thing that is wrong, its first column the sentence
    Result<void> (*run)(Inspection&) = nullptr; ///< what SQL alone cannot say
};

/// All checks, in the order in which they run.
std::vector<Check> all_checks();

// Where each of them is described.
std::vector<Check> database_checks();      ///< the database as a file, the schema, the version of rows
std::vector<Check> blob_checks();          ///< blobs, their files, the files without blobs, uploads
std::vector<Check> manifest_checks();      ///< manifests, what they list, tags
std::vector<Check> garbage_checks();       ///< what waits to be collected
std::vector<Check> resource_checks();      ///< resources and what they lie in
std::vector<Check> directory_checks();     ///< principals, credentials, groups, keys
std::vector<Check> authorization_checks(); ///< roles, assignments, deny assignments, locks

} // namespace berth::checking
