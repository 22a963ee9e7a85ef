#include "gateway/network_access.hpp"

#include <fmt/format.h>

namespace berth::gateway {
namespace {

// What would let the client in, as az's words.
std::string advice(const tenant::Registry& registry, std::string_view address) {
    if (registry.network.public_access) {
        return fmt::format("The network rules of the registry '{0}' deny it; a rule for this address lets it in: az acr "
                           "network-rule add --name {0} --ip-address {1}",
                           registry.name, address);
    }
    // az denies by default, too, when it disables the network.
    auto enabled = registry.network;
    enabled.public_access = true;
    return fmt::format("Public network access to the registry '{0}' is disabled, and berth has no private endpoints; this lets "
                       "clients in again: az acr update --name {0} --public-network-enabled true{1}",
                       registry.name, enabled.admits(address) ? "" : " --default-action Allow");
}

} // namespace

Result<void> check_network(const tenant::Registry& registry, std::string_view address) {
    if (registry.network.admits(address)) return {};
    // acr-data-plane reference, section 1.2: clients and people look for these words.
    return failure(
        ErrorCode::network_forbidden,
        fmt::format("client with IP '{}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access. {}", address,
                    advice(registry, address)));
}

} // namespace berth::gateway
