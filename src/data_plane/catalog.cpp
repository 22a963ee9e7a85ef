#include "data_plane/catalog.hpp"

#include "data_plane/repository_store.hpp"

namespace berth::data_plane {
namespace {

using gateway::Context;
using storage::ReadKind;
using storage::Session;
namespace permissions = gateway::permissions;

// Where anything that the caller may read can be: what narrows down each of the operations narrows down all of them.
rbac::NameSelection readable_names(const Context& context) {
    const auto& policy = *context.world().policy;
    const auto subject = context.caller().subject();
    auto out = rbac::NameSelection::everything();
    for (const auto operation : permissions::pull.operations(context.registry().mode)) {
        out.intersect(policy.repositories_where(subject, operation, context.registry().scope));
    }
    return out;
}

} // namespace

gateway::Entry catalog_entry() {
    return {.kind = gateway::EntryKind::all_or_filter, .permissions = {&permissions::catalog}, .why = {}};
}

std::vector<const gateway::Permission*> catalog_further() { return {&permissions::pull}; }

Task<Result<std::vector<std::string>>> list_catalog(const gateway::Services& services, const Context& context,
                                                    const gateway::Page& page) {
    if (page.limit == 0) co_return std::vector<std::string>{};
    RepositoryFilter filter;
    auto kind = ReadKind::page;
    if (!context.may(permissions::catalog)) {
        filter.where = readable_names(context);
        filter.shows = [&context](std::string_view name) { return context.may_list(permissions::pull, name); };
        // Conditions that no range stands for: every repository may have to be asked about.
        if (filter.where.all) kind = ReadKind::scan;
    }
    const auto read = [&](Session& session) {
        return list_repositories(session, context.registry().row, filter, page.after, page.limit + 1);
    };
    auto reading = services.database.read(kind, read);
    auto names = co_await std::move(reading);
    co_return names;
}

} // namespace berth::data_plane
