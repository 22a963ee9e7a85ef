#pragma once

#include "base/digest.hpp"
#include "base/percent.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "gateway/context.hpp"
#include "gateway/services.hpp"

#include <string>

namespace berth::data_plane {

/// Mounts a blob that another repository of the registry links (`?mount=<digest>[&from=<name>]`; OCI distribution
/// specification, "Mounting a blob from another repository"). False: it cannot be mounted, and an upload shall begin. That
/// is the answer whether the blob is not there, its repository is not there, or the caller may not read it: a mount tells
/// nobody what exists. `forbidden` if the caller's token was not asked for the source, whatever the caller may do.
Task<Result<bool>> mount_blob(const gateway::Services& services, gateway::Context& context, const Digest& digest);

/// The scopes that the challenge of such a request names beside its own: the source's, or that of any repository when the
/// registry shall look for the blob. Empty for other requests.
std::string mount_scope(const Parameters& query);

} // namespace berth::data_plane
