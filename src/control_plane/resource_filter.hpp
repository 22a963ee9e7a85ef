#pragma once

#include "base/result.hpp"
#include "gateway/filter.hpp"
#include "tenant/resource_store.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace berth::control_plane {

/// The `$filter` of generic resource lists and of resource groups: `resourceType`, `name`, `resourceGroup`, `location`,
/// `tagName` and `tagValue` with eq, ne or in, `substringof('text', name)`, `startswith(name, 'text')` (of `tagName` too),
/// joined by and, or, not. Texts are compared without regard to case, values of tags with it. A `tagValue` belongs to the
/// `tagName` that is asked for beside it.
class ResourceFilter {
public:
    /// `invalid_parameter` for what is no filter, and for conditions that lists do not know.
    static Result<ResourceFilter> parse(std::string_view text);

    bool matches(const tenant::Resource& resource) const;
    /// The type that everything must be of, if the filter says so at its top: lists then walk over that type alone.
    std::optional<std::string> only_type() const;

private:
    explicit ResourceFilter(gateway::FilterExpression expression) : expression_(std::move(expression)) {}
    gateway::FilterExpression expression_;
    std::optional<std::string> tag_name_; // the one that values of tags are asked of
};

} // namespace berth::control_plane
