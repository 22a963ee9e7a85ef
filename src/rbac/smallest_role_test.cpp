#include "rbac/policy.hpp"

#include "rbac/operation_set.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace berth::rbac {
namespace {

// A data action is written with a leading "data:"; what has no provider is below a registry.
Operation operation(std::string_view text) {
    bool data = text.starts_with("data:");
    if (data) text.remove_prefix(5);
    std::string name(text);
    if (!text.starts_with("Microsoft.")) name = "Microsoft.ContainerRegistry/registries/" + name;
    return Operation::known(name, data);
}

struct Row {
    std::vector<std::string_view> operations;
    std::optional<std::string_view> role; ///< nullopt where no built-in role would do
};

TEST(SmallestRole, IsTheOneForTheJob) {
    const Row table[] = {
        {{"pull/read"}, "AcrPull"},
        {{"push/write"}, "AcrPush"},
        {{"push/write", "pull/read"}, "AcrPush"},
        {{"artifacts/delete"}, "AcrDelete"},
        {{"sign/write", "data:trustedCollections/write"}, "AcrImageSigner"},
        {{"importImage/action", "read"}, "Container Registry Data Importer and Data Reader"},
        {{"importImage/action", "read", "pull/read"}, "Container Registry Data Importer and Data Reader"},
        {{"quarantine/read"}, "AcrQuarantineReader"},
        {{"quarantine/write"}, "AcrQuarantineWriter"},
        {{"data:quarantinedArtifacts/write"}, "AcrQuarantineWriter"},
        {{"data:repositories/content/read"}, "Container Registry Repository Reader"},
        {{"data:repositories/metadata/read"}, "Container Registry Repository Reader"},
        {{"data:repositories/content/write", "data:repositories/content/read"}, "Container Registry Repository Writer"},
        {{"data:repositories/content/delete"}, "Container Registry Repository Contributor"},
        {{"data:catalog/read"}, "Container Registry Repository Catalog Lister"},
        {{"data:catalog/read", "data:repositories/content/read"}, "Defender For Container Registries Operator"},
        {{"read"}, "Container Registry Connected Registry Reader"},
        {{"write"}, "Container Registry Contributor and Data Access Configuration Administrator"},
        {{"delete"}, "Container Registry Contributor and Data Access Configuration Administrator"},
        {{"listCredentials/action"}, "Container Registry Configuration Reader and Data Access Configuration Reader"},
        {{"generateCredentials/action"}, "Container Registry Connected Registry Administrator"},
        {{"regenerateCredential/action"}, "Container Registry Contributor and Data Access Configuration Administrator"},
        {{"cacheRules/read"}, "Container Registry Cache Rule Reader"},
        {{"cacheRules/write"}, "Container Registry Cache Rule Administrator"},
        {{"credentialSets/delete"}, "Container Registry Credential Set Administrator"},
        {{"tasks/write"}, "Container Registry Tasks Contributor"},
        {{"pipelineRuns/write"}, "Container Registry Transfer Pipeline Contributor"},
        // What no role for registries has: the broad roles, the one that changes nothing first.
        {{"listUsages/read"}, "Reader"},
        {{"deleted/read"}, "Reader"},
        // Rather much to see than anything to change: the roles for these also write, or show the admin password.
        {{"runs/read"}, "Reader"},
        {{"exportPipelines/read"}, "Reader"},
        {{"webhooks/read"}, "Reader"},
        {{"tokens/read"}, "Container Registry Connected Registry Reader"},
        {{"deleted/restore/action"}, "Contributor"},
        {{"updatePolicies/write"}, "Contributor"},
        {{"metadata/write"}, "Contributor"},
        {{"Microsoft.Resources/subscriptions/resourceGroups/read"}, "Reader"},
        {{"Microsoft.Resources/subscriptions/resourceGroups/write"}, "Contributor"},
        {{"Microsoft.Resources/deployments/write"}, "Contributor"},
        {{"Microsoft.Authorization/roleAssignments/read"}, "Reader"},
        {{"Microsoft.Authorization/roleAssignments/write"}, "Role Based Access Control Administrator"},
        {{"Microsoft.Authorization/roleDefinitions/write"}, "User Access Administrator"},
        {{"Microsoft.Authorization/roleAssignments/write", "write"}, "Owner"},
        // No built-in role has these together, or at all.
        {{"sign/write", "data:trustedCollections/write", "push/write"}, std::nullopt},
        {{"data:connectedRegistries/config/read"}, std::nullopt},
        {{"artifacts/delete", "data:quarantinedArtifacts/read"}, std::nullopt},
        {{}, std::nullopt},
    };
    for (const auto& row : table) {
        std::vector<Operation> operations;
        std::string asked;
        for (auto name : row.operations) {
            operations.push_back(operation(name));
            asked += std::string(name) + " ";
        }
        const auto* role = smallest_role(operations);
        if (!row.role) {
            EXPECT_EQ(role, nullptr) << asked << role->name;
            continue;
        }
        ASSERT_TRUE(role) << asked;
        EXPECT_EQ(role->name, *row.role) << asked;
    }
}

TEST(SmallestRole, AlwaysGrantsWhatWasAskedFor) {
    for (std::size_t i = 0; i < Operation::count(); ++i) {
        const auto one = Operation::at(i);
        const auto* role = smallest_role(std::span(&one, 1));
        // Owner has every action, so only a data action can be without a role.
        if (!role) {
            EXPECT_TRUE(one.is_data_action()) << one.name();
            continue;
        }
        EXPECT_TRUE(role->built_in);
        EXPECT_TRUE(operations_of(*role).contains(one)) << one.name() << " " << role->name;
    }
}

} // namespace
} // namespace berth::rbac
