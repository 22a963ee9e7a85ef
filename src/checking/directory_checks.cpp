#include "checking/check_list.hpp"
#include "identity/seal.hpp"
#include "identity/signing_key_seal.hpp"

namespace berth::checking {
namespace {

using storage::Session;

// Without its key file a database can sign nothing.
Result<void> check_signing_keys(Inspection& inspection) {
    const auto file = inspection.folder() / "keys" / "seal.key";
    std::error_code problem;
    if (!std::filesystem::exists(file, problem)) {
        inspection.wrong("keys/seal.key is missing: nothing that is sealed in the database can be opened.");
        return {};
    }
    const auto seal = identity::Seal::open(file);
    if (!seal) {
        inspection.wrong(seal.error().message);
        return {};
    }
    return inspection.snapshot([&](Session& session) -> Result<void> {
        auto rows = session.query("select id, purpose, sealed_private_key from signing_keys");
        if (!rows) return failure(std::move(rows));
        for (;;) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) return {};
            inspection.saw();
            if (!seal->unseal(identity::signing_key_seal(rows->text(1), rows->text(0)), rows->bytes(2))) {
                inspection.wrong(fmt::format("The signing key {} was not sealed with keys/seal.key.", rows->text(0)));
            }
        }
    });
}

} // namespace

std::vector<Check> directory_checks() {
    return {
        {.name = "signing-keys",
         .promise = "There is a key that signs for each purpose, and keys/seal.key opens all of them.",
         .wrong = {"select 'No key signs ' || p.purpose || ' tokens.' from "
                   "(select 'registry' as purpose union all select 'directory') p left join signing_keys k "
                   "on k.purpose = p.purpose and k.retires_at is null group by p.purpose having count(k.id) = 0"},
         .run = check_signing_keys},
        {.name = "principals",
         .promise = "A service principal has its application, a managed identity its resource.",
         .counted = {"select count(*) from principals", "select count(*) from applications"},
         .wrong = {"select 'The service principal ' || id || ' has no application.' from principals where "
                   "application_id is not null and managed_by is null and application_id not in "
                   "(select application_id from applications)",
                   "select 'The managed identity ' || id || ' is of no resource.' from principals where managed_by is not null "
                   "and managed_by not in (select guid from resources)",
                   "select 'The principal ' || id || ' is of a kind that berth does not know.' from principals "
                   "where kind not in ('User', 'Group', 'ServicePrincipal')",
                   "select 'The principal ' || id || ' has properties or attributes that are no JSON.' from principals "
                   "where not (json_valid(properties) and json_valid(security_attributes))",
                   "select 'The application ' || id || ' has properties that are no JSON.' from applications "
                   "where not json_valid(properties)"}},
        {.name = "credentials",
         .promise = "Secrets, keys and trusted issuers are somebody's.",
         .counted = {"select count(*) from credentials", "select count(*) from key_credentials",
                     "select count(*) from federated_credentials"},
         .wrong =
             {"select 'The secret ' || key_id || ' is of nobody.' from credentials where owner_id not in "
              "(select id from principals union all select id from applications)",
              "select 'The certificate ' || key_id || ' is of nobody.' from key_credentials where owner_id not in "
              "(select id from principals union all select id from applications)",
              "select 'The federated credential ' || id || ' is of nobody.' from federated_credentials where owner_id not in "
              "(select id from principals union all select id from applications)",
              "select 'The secret ' || key_id || ' is kept in a form that berth does not know.' from credentials "
              "where hash not like 'sha256$%' and hash not like 'scrypt$%'"}},
        {.name = "group-members",
         .promise = "Groups, their members, directory roles and owners are in the directory.",
         .counted = {"select count(*) from group_members", "select count(*) from directory_roles",
                     "select count(*) from directory_owners", "select count(*) from outside_groups"},
         .wrong =
             {"select group_id || ' has members and is no group.' from group_members where group_id not in "
              "(select id from principals where kind = 'Group')",
              "select 'The group ' || group_id || ' has the member ' || member_id || ', which there is not.' "
              "from group_members where member_id not in (select id from principals)",
              "select principal_id || ' holds the directory role ' || role || ' and is not in the directory.' "
              "from directory_roles where principal_id not in (select id from principals)",
              "select object_id || ' has an owner and is not in the directory.' from directory_owners where object_id not in "
              "(select id from principals union all select id from applications)",
              "select owner_id || ' owns something and is not in the directory.' from directory_owners where owner_id not in "
              "(select id from principals)",
              "select 'A group of an outside issuer stands for ' || group_id || ', which is no group.' from outside_groups "
              "where group_id not in (select id from principals where kind = 'Group')"}},
    };
}

} // namespace berth::checking
