#pragma once

#include "base/guid.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "storage/database.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The rows of subscriptions and of their aliases: functions for closures of `Database::read` and `write`. Reading them all
/// and moving them among management groups is in `management_group_store.hpp`.
namespace berth::tenant {

inline constexpr std::int64_t max_subscriptions = 1000; ///< in a tenant

/// The name that a subscription was asked for with: asking again gives the same one.
struct SubscriptionAlias {
    std::string name;
    Guid subscription;
    Timestamp created_at{};
    std::string created_by;
};

/// Makes a subscription, directly in the root group. `limit_exceeded` above 1,000.
Result<void> create_subscription(storage::Session& session, const Guid& tenant, const Guid& id, std::string_view display_name,
                                 Timestamp now);
/// `subscription_not_found`, as of the next two.
Result<void> rename_subscription(storage::Session& session, const Guid& id, std::string_view display_name);
/// A disabled one can be read and what is in it deleted; nothing in it can be changed.
Result<void> enable_subscription(storage::Session& session, const Guid& id, bool enabled);
Result<boost::json::object> subscription_tags(storage::Session& session, const Guid& id);
Result<void> set_subscription_tags(storage::Session& session, const Guid& id, const boost::json::object& tags);

/// `already_exists` for a name that is taken, without regard to case.
Result<void> create_alias(storage::Session& session, const SubscriptionAlias& alias);
/// Without regard to case; nullopt if there is none.
Result<std::optional<SubscriptionAlias>> find_alias(storage::Session& session, std::string_view name);
/// False if there was none. The subscription stays.
Result<bool> delete_alias(storage::Session& session, std::string_view name);
/// In the order of their names in lower case.
Result<std::vector<SubscriptionAlias>> list_aliases(storage::Session& session);

} // namespace berth::tenant
