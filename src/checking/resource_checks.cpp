#include "checking/check_list.hpp"

namespace berth::checking {

std::vector<Check> resource_checks() {
    return {
        {.name = "resources",
         .promise = "Each resource lies in a resource group, a child in its parent, and its JSON can be read.",
         .counted = {"select count(*) from resources"},
         .wrong = {"select 'The resource ' || scope || ' is known under another scope: ' || scope_key from resources "
                   "where scope_key <> lower(scope)",
                   "select 'The resource ' || scope || ' is known under another name: ' || name_key from resources "
                   "where name_key <> lower(name)",
                   "select 'The resource ' || scope || ' lies in no resource group.' from resources r "
                   "where type_key <> 'microsoft.resources/resourcegroups' and not exists (select 1 from resources g where "
                   "g.scope_key = '/subscriptions/' || r.subscription_id || '/resourcegroups/' || r.resource_group_key)",
                   "select 'The resource ' || scope || ' is not where its subscription and resource group are.' from resources "
                   "where scope_key <> '/subscriptions/' || subscription_id || '/resourcegroups/' || resource_group_key and "
                   "substr(scope_key, 1, length('/subscriptions/' || subscription_id || '/resourcegroups/' || "
                   "resource_group_key || '/')) <> '/subscriptions/' || subscription_id || '/resourcegroups/' || "
                   "resource_group_key || '/'",
                   "select 'The resource ' || scope || ' hangs on a registry that there is not.' from resources r "
                   "where type_key like 'microsoft.containerregistry/registries/%' and not exists (select 1 from resources p "
                   "where p.type_key = 'microsoft.containerregistry/registries' and "
                   "substr(r.scope_key, 1, length(p.scope_key) + 1) = p.scope_key || '/')",
                   "select 'The resource ' || scope || ' has properties, tags or identities that are no JSON.' from resources "
                   "where not (json_valid(properties) and json_valid(tags) and json_valid(identity))",
                   "select 'The resource ' || scope || ' is of another tenant than its subscription.' from resources r "
                   "join subscriptions s on s.id = r.subscription_id where s.tenant_id <> r.tenant_id"}},
        {.name = "content-owners",
         .promise = "Repositories, passwords and token passwords belong to registries and tokens.",
         .counted = {"select (select count(*) from repositories) + (select count(*) from registry_passwords) + "
                     "(select count(*) from token_passwords)"},
         .wrong =
             {"select 'The repository ' || name || ' belongs to no registry.' from repositories where registry_id not in "
              "(select id from resources where type_key = 'microsoft.containerregistry/registries')",
              "select 'A password of an admin user belongs to no registry.' from registry_passwords where registry_id not in "
              "(select id from resources where type_key = 'microsoft.containerregistry/registries')",
              "select 'A password belongs to no token.' from token_passwords where token_id not in "
              "(select id from resources where type_key = 'microsoft.containerregistry/registries/tokens')"}},
        {.name = "management-groups",
         .promise = "Management groups form one tree for each tenant, and subscriptions lie in it.",
         .counted = {"select count(*) from management_groups", "select count(*) from subscriptions"},
         .wrong =
             {"select 'The tenant ' || id || ' has no root management group.' from tenants t where not exists "
              "(select 1 from management_groups g where g.tenant_id = t.id and g.parent_key is null and g.name_key = t.id)",
              "select 'The management group ' || name || ' has no parent and is not the root.' from management_groups "
              "where parent_key is null and name_key <> tenant_id",
              "select 'The management group ' || name || ' does not hang on the root group of its tenant.' "
              "from management_groups where name_key not in (with recursive reached(name_key, depth) as "
              "(select id, 0 from tenants union select g.name_key, r.depth + 1 from management_groups g "
              "join reached r on g.parent_key = r.name_key where r.depth < 100) select name_key from reached)",
              "select 'The subscription ' || id || ' lies in the management group ' || management_group_key || "
              "', which there is not.' from subscriptions where management_group_key is not null and "
              "management_group_key not in (select name_key from management_groups)",
              "select 'The subscription ' || id || ' has tags that are no JSON.' from subscriptions where not "
              "json_valid(tags)"}},
    };
}

} // namespace berth::checking
