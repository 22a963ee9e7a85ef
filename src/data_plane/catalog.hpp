#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "gateway/context.hpp"
#include "gateway/paging.hpp"
#include "gateway/services.hpp"

#include <string>
#include <vector>

namespace berth::data_plane {

/// The entry of routes that list repositories: all for who holds `catalog`, and with repository permissions what they may
/// read for everybody else.
gateway::Entry catalog_entry();
/// What such a route may ask for besides.
std::vector<const gateway::Permission*> catalog_further();

/// One page of the repositories that the caller may see, and one name more if there is a next page. Names alone: seeing one
/// grants nothing.
Task<Result<std::vector<std::string>>> list_catalog(const gateway::Services& services, const gateway::Context& context,
                                                    const gateway::Page& page);

} // namespace berth::data_plane
