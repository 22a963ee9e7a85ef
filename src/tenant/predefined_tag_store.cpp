#include "tenant/predefined_tag_store.hpp"

#include "base/encoding.hpp"
#include "tenant/columns.hpp"

#include <fmt/format.h>

namespace berth::tenant {
namespace {

using storage::Rows;
using storage::Session;

// A row without a value is the name itself.
Result<bool> put(Session& session, const Guid& subscription, std::string_view name, std::string_view value) {
    auto put = session.execute("insert into predefined_tags(subscription_id, name_key, value, name) values (?1, ?2, ?3, ?4) "
                               "on conflict do nothing",
                               subscription.value(), to_lower(name), value, name);
    if (!put) return failure(std::move(put));
    if (*put == 0) return false;
    auto count = integer(session, "select count(*) from predefined_tags where subscription_id = ?1", subscription.value());
    if (!count) return failure(std::move(count));
    if (*count <= max_predefined_tags) return true;
    return failure(ErrorCode::limit_exceeded,
                   fmt::format("A subscription has at most {} predefined names and values of tags. Delete some first.",
                               max_predefined_tags));
}

Result<bool> remove(Session& session, const Guid& subscription, std::string_view name, std::string_view value) {
    auto removed = session.execute("delete from predefined_tags where subscription_id = ?1 and name_key = ?2 and value = ?3",
                                   subscription.value(), to_lower(name), value);
    if (!removed) return failure(std::move(removed));
    return *removed != 0;
}

} // namespace

Result<bool> put_predefined_tag(Session& session, const Guid& subscription, std::string_view name) {
    return put(session, subscription, name, "");
}

Result<bool> put_predefined_tag_value(Session& session, const Guid& subscription, std::string_view name,
                                      std::string_view value) {
    auto known = exists(session, "select 1 from predefined_tags where subscription_id = ?1 and name_key = ?2 and value = ''",
                        subscription.value(), to_lower(name));
    if (!known) return failure(std::move(known));
    if (!*known) {
        return failure(ErrorCode::not_found, fmt::format("The predefined tag '{}' was not found. Make the name first.", name));
    }
    return put(session, subscription, name, value);
}

Result<bool> delete_predefined_tag(Session& session, const Guid& subscription, std::string_view name) {
    auto has_values =
        exists(session, "select 1 from predefined_tags where subscription_id = ?1 and name_key = ?2 and value <> ''",
               subscription.value(), to_lower(name));
    if (!has_values) return failure(std::move(has_values));
    if (*has_values) {
        return failure(ErrorCode::in_use,
                       fmt::format("The predefined tag '{}' has values. Delete them first, then the name.", name));
    }
    return remove(session, subscription, name, "");
}

Result<bool> delete_predefined_tag_value(Session& session, const Guid& subscription, std::string_view name,
                                         std::string_view value) {
    return remove(session, subscription, name, value);
}

Result<std::vector<PredefinedTag>> list_predefined_tags(Session& session, const Guid& subscription) {
    auto rows = session.query("select name, value from predefined_tags where subscription_id = ?1 order by name_key, value",
                              subscription.value());
    if (!rows) return failure(std::move(rows));
    std::vector<PredefinedTag> out;
    while (true) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        if (rows->text(1).empty()) {
            out.push_back({std::string(rows->text(0)), {}});
        } else if (!out.empty()) {
            out.back().values.emplace_back(rows->text(1));
        }
    }
}

} // namespace berth::tenant
