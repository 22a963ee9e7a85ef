#pragma once

#include "rbac/hash_index.hpp"
#include "rbac/operation_set.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::rbac {

/// The known operations, read once from the compiled-in data; the numbers of `Operation` are its indexes. Inside this
/// room only.
class OperationTable {
public:
    struct Entry {
        std::string name; ///< as Azure spells it
        std::string key;  ///< in lower case
        bool is_data_action;
        /// What a pattern with a `*` may match instead of the name; empty for nearly all. Azure's Managed Identity Operator
        /// has `userAssignedIdentities/*/assign/action`, with the `*` for the identity's name, which the name lacks.
        std::string also_matched_as;
    };

    /// Reads the data on the first call, from any thread.
    static const OperationTable& instance();
    OperationTable(const OperationTable&) = delete;
    OperationTable& operator=(const OperationTable&) = delete;

    const std::vector<Entry>& entries() const noexcept { return entries_; }
    /// The numbers of those that patterns may match as something else.
    const std::vector<std::uint16_t>& matched_as_others() const noexcept { return matched_as_others_; }
    std::optional<std::uint16_t> find(std::string_view name, bool is_data_action) const noexcept;
    /// The entries of one namespace whose key begins with `prefix` (in lower case): they stand side by side.
    std::pair<std::size_t, std::size_t> range(std::string_view prefix, bool is_data_action) const noexcept;

private:
    OperationTable();
    std::vector<Entry> entries_; // actions by key, then data actions by key
    std::vector<std::uint16_t> matched_as_others_;
    std::size_t actions_ = 0;
    HashIndex by_key_;
};

} // namespace berth::rbac
