// Conditions come with role assignments and role definitions. What is read keeps its text, decides the same each time,
// decides the opposite under NOT, and lets no repository through that its selection of names lacks.

#include "rbac/condition.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace berth;
using namespace berth::rbac;

struct Requests {
    std::vector<SecurityAttribute> security{{.name = "Set_A", .values = {"a", "1", "true"}},
                                            {.name = "Set_B", .values = {"a"}}};
    AssignmentAttributes assignment{.role_definition = *Guid::parse("7f951dda-4ed3-4680-a7ca-43fe172d538d"),
                                    .principal = *Guid::parse("28c35fea-2099-4cf5-8ad9-473547bc9423"),
                                    .principal_type = "Group"};
    std::array<Attributes, 6> all{
        Attributes{},
        Attributes{.repository = "a"},
        Attributes{.repository = "team/app", .principal = security, .now = from_microseconds(1'795'381'200'000'000)},
        Attributes{.requested_assignment = &assignment},
        Attributes{.existing_assignment = &assignment, .principal = security},
        Attributes{.repository = "hello-world", .requested_assignment = &assignment, .existing_assignment = &assignment}};
    std::array<Operation, 3> operations{
        Operation::known("Microsoft.ContainerRegistry/registries/repositories/content/read", true),
        Operation::known("Microsoft.ContainerRegistry/registries/pull/read"),
        Operation::known("Microsoft.Authorization/roleAssignments/write")};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Requests requests;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto condition = Condition::parse(text);
    if (!condition) {
        // Nothing of a text that may be long comes back whole.
        if (condition.error().message.empty() || condition.error().message.size() > 1000) std::abort();
        return 0;
    }
    if ((*condition)->text() != text || text.size() > Condition::longest) std::abort();
    const auto again = Condition::parse((*condition)->text());
    if (!again) std::abort();
    // One level deeper and a few bytes longer is refused where the limits are reached, and nowhere else.
    const auto negated = Condition::parse("NOT(" + std::string(text) + ")");
    for (const auto operation : requests.operations) {
        const auto names = (*condition)->repositories(operation);
        if (names.all && (!names.names.empty() || !names.prefixes.empty())) std::abort();
        for (const auto& attributes : requests.all) {
            const bool holds = (*condition)->holds(operation, attributes);
            if (holds != (*condition)->holds(operation, attributes)) std::abort();
            if (holds != (*again)->holds(operation, attributes)) std::abort();
            if (negated && holds == (*negated)->holds(operation, attributes)) std::abort();
            if (holds && !attributes.repository.empty() && !names.contains(attributes.repository)) std::abort();
        }
    }
    return 0;
}
