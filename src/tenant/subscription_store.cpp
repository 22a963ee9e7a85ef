#include "tenant/subscription_store.hpp"

#include "base/encoding.hpp"
#include "tenant/columns.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

std::unexpected<Error> no_such_subscription(const Guid& id) {
    return failure(ErrorCode::subscription_not_found, fmt::format("The subscription '{}' could not be found.", id.value()));
}

// What a statement did to one subscription.
Result<void> done_once(const Guid& id, const Result<std::int64_t>& changed) {
    if (!changed) return std::unexpected(changed.error());
    if (*changed == 0) return no_such_subscription(id);
    return {};
}

Result<SubscriptionAlias> alias_of(const Rows& rows) {
    auto subscription = guid_column(rows, 1, "subscription of an alias");
    if (!subscription) return failure(std::move(subscription));
    return SubscriptionAlias{std::string(rows.text(0)), std::move(*subscription), rows.time(2), std::string(rows.text(3))};
}

} // namespace

Result<void> create_subscription(Session& session, const Guid& tenant, const Guid& id, std::string_view display_name,
                                 Timestamp now) {
    auto count = integer(session, "select count(*) from subscriptions where tenant_id = ?1", tenant.value());
    if (!count) return failure(std::move(count));
    if (*count >= max_subscriptions) {
        return failure(ErrorCode::limit_exceeded,
                       fmt::format("There are {} subscriptions, and no more can be created.", *count));
    }
    auto made = session.execute("insert into subscriptions(id, tenant_id, display_name, created_at) values (?1, ?2, ?3, ?4)",
                                id.value(), tenant.value(), display_name, now);
    if (!made) return failure(std::move(made));
    return {};
}

Result<void> rename_subscription(Session& session, const Guid& id, std::string_view display_name) {
    return done_once(id, session.execute("update subscriptions set display_name = ?2 where id = ?1", id.value(), display_name));
}

Result<void> enable_subscription(Session& session, const Guid& id, bool enabled) {
    return done_once(id, session.execute("update subscriptions set state = ?2 where id = ?1", id.value(),
                                         std::string_view(enabled ? "Enabled" : "Disabled")));
}

Result<boost::json::object> subscription_tags(Session& session, const Guid& id) {
    auto tags = find(
        session, "select tags from subscriptions where id = ?1",
        [](const Rows& rows) { return json_object_column(rows, 0, "tags of a subscription"); }, id.value());
    if (!tags) return failure(std::move(tags));
    if (!*tags) return no_such_subscription(id);
    return std::move(**tags);
}

Result<void> set_subscription_tags(Session& session, const Guid& id, const boost::json::object& tags) {
    return done_once(
        id, session.execute("update subscriptions set tags = ?2 where id = ?1", id.value(), boost::json::serialize(tags)));
}

Result<void> create_alias(Session& session, const SubscriptionAlias& alias) {
    auto taken = exists(session, "select 1 from subscription_aliases where name_key = ?1", to_lower(alias.name));
    if (!taken) return failure(std::move(taken));
    if (*taken) {
        return failure(ErrorCode::already_exists, fmt::format("The subscription alias '{}' is taken.", alias.name));
    }
    auto made =
        session.execute("insert into subscription_aliases(name_key, name, subscription_id, created_at, created_by) "
                        "values (?1, ?2, ?3, ?4, ?5)",
                        to_lower(alias.name), alias.name, alias.subscription.value(), alias.created_at, alias.created_by);
    if (!made) return failure(std::move(made));
    return {};
}

Result<std::optional<SubscriptionAlias>> find_alias(Session& session, std::string_view name) {
    return find(session, "select name, subscription_id, created_at, created_by from subscription_aliases where name_key = ?1",
                alias_of, to_lower(name));
}

Result<bool> delete_alias(Session& session, std::string_view name) {
    auto deleted = session.execute("delete from subscription_aliases where name_key = ?1", to_lower(name));
    if (!deleted) return failure(std::move(deleted));
    return *deleted != 0;
}

Result<std::vector<SubscriptionAlias>> list_aliases(Session& session) {
    return collect(session, "select name, subscription_id, created_at, created_by from subscription_aliases order by name_key",
                   alias_of);
}

} // namespace berth::tenant
