#include "tenant/network_rules.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"

#include <algorithm>

namespace berth::tenant {

bool NetworkRules::admits(std::string_view address) const noexcept {
    if (!public_access) return false;
    if (allowed_by_default) return true;
    const auto parsed = IpAddress::parse(address);
    return parsed && std::ranges::any_of(allowed, [&](const IpNetwork& block) { return block.contains(*parsed); });
}

NetworkRules network_rules_of(const boost::json::value& properties) {
    NetworkRules out;
    out.public_access = equals_ignoring_case(find_string(properties, "publicNetworkAccess").value_or("Enabled"), "Enabled");
    const auto* set = find_member(properties, "networkRuleSet");
    if (set == nullptr || set->is_null()) return out;
    out.allowed_by_default = equals_ignoring_case(find_string(*set, "defaultAction").value_or("Allow"), "Allow");
    const auto* rules = find_member(*set, "ipRules");
    if (rules == nullptr || !rules->is_array()) return out;
    for (const auto& rule : rules->get_array()) {
        if (const auto block = IpNetwork::parse(find_string(rule, "value").value_or(""))) out.allowed.push_back(*block);
    }
    return out;
}

} // namespace berth::tenant
