// A role in a file, as the command line takes it: what it makes of one is stable, and every document can be shown.

#include "app/client/output.hpp"
#include "app/client/role_document.hpp"

#include <boost/json/serialize.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth::app;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    auto role = RoleDocument::parse(text, "/subscriptions/s");
    if (!role) return 0;
    for (const char* format : {"table", "json", "yaml"}) {
        static_cast<void>(
            render({.document = role->properties}, {{"name", "roleName"}, {"permissions", "permissions"}}, format));
    }
    auto again = RoleDocument::parse(boost::json::serialize(role->properties), "/other");
    if (!again) std::abort();
    // What is in the permissions is the server's to check; numbers that do not belong there may lose their last digit.
    role->properties.erase("permissions");
    again->properties.erase("permissions");
    if (again->properties != role->properties) std::abort();
    return 0;
}
