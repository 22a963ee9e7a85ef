#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "storage/database.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The rows of predefined tags: names, with values, that a subscription's people are to choose from. They bind nobody.
/// Functions for closures of `Database::read` and `write`.
namespace berth::tenant {

/// Names and values of a subscription together.
inline constexpr std::int64_t max_predefined_tags = 5000;

struct PredefinedTag {
    std::string name;
    std::vector<std::string> values; ///< in their order
    bool operator==(const PredefinedTag&) const = default;
};

/// True when it is new. Names are the same without regard to case. `limit_exceeded`, as of the next.
Result<bool> put_predefined_tag(storage::Session& session, const Guid& subscription, std::string_view name);
/// True when it is new. Values differ by case. `not_found` when the name is not there.
Result<bool> put_predefined_tag_value(storage::Session& session, const Guid& subscription, std::string_view name,
                                      std::string_view value);
/// False when it was not there. `in_use` while it has values.
Result<bool> delete_predefined_tag(storage::Session& session, const Guid& subscription, std::string_view name);
/// False when it was not there.
Result<bool> delete_predefined_tag_value(storage::Session& session, const Guid& subscription, std::string_view name,
                                         std::string_view value);
/// In the order of their names in lower case.
Result<std::vector<PredefinedTag>> list_predefined_tags(storage::Session& session, const Guid& subscription);

} // namespace berth::tenant
