#include "base/strict_json.hpp"
#include "control_plane/activity_log.hpp"
#include "control_plane/api_version.hpp"
#include "control_plane/locks.hpp"
#include "control_plane/resource_filter.hpp"

#include <cstdint>
#include <cstdlib>

// Bodies of locks, filters of lists and of the activity log, api-versions: whatever is accepted is what it says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth;
    using namespace berth::control_plane;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto json = parse_json(text)) {
        const auto lock = parse_lock_body(*json);
        if (lock && lock->notes && lock->notes->size() > 512) std::abort();
    }
    if (const auto filter = ResourceFilter::parse(text)) {
        const tenant::Resource resource{.guid = Guid::random(),
                                        .tenant = Guid::random(),
                                        .subscription = Guid::random(),
                                        .resource_group = "g",
                                        .type = "Microsoft.ContainerRegistry/registries",
                                        .name = "n",
                                        .scope = rbac::Scope::root(),
                                        .location = "local",
                                        .tags = {{"a", "b"}},
                                        .sku = std::nullopt,
                                        .properties = {},
                                        .created_by = {},
                                        .updated_by = {}};
        if (filter->matches(resource) != filter->matches(resource)) std::abort();
    }
    (void)parse_activity_filter(text);
    if (is_served_version("Microsoft.ContainerRegistry", text) && !is_api_version(text)) std::abort();
    return 0;
}
