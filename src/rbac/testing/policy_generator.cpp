#include "rbac/testing/policy_generator.hpp"

#include "rbac/testing/policy_draft.hpp"

#include "base/time.hpp"

#include <cctype>
#include <cstdlib>
#include <string_view>

namespace berth::rbac::testing {
namespace {

// As registries have them: in lower case, on which the ranges of lists rely.
constexpr const char* repositories[] = {"app", "apps", "app/web", "application", "team/x", "team/y", "tools"};
constexpr const char* moments[] = {"2026-11-22T21:10:27Z", "2026-11-23T00:00:00Z", "2027-01-01T12:00:00Z"};
constexpr const char* principal_types[] = {"User", "ServicePrincipal", "Group"};
constexpr const char* repository_name[] = {"@Request[Microsoft.ContainerRegistry/registries/repositories:name]",
                                           "@Resource[Microsoft.ContainerRegistry/registries/repositories:name]"};
const std::string security_attribute = "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:";
const std::string of_assignment = "Microsoft.Authorization/roleAssignments:";

} // namespace

Attributes GeneratedRequest::attributes() const {
    Attributes out{.repository = repository,
                   .requested_assignment = requested ? &*requested : nullptr,
                   .existing_assignment = existing ? &*existing : nullptr,
                   .principal = security_attributes};
    if (!now.empty()) out.now = *parse_rfc3339(now);
    return out;
}

NaiveRequest GeneratedRequest::naive() const {
    NaiveRequest out{.principal = principal.value(),
                     .action = std::string(operation.name()),
                     .is_data_action = operation.is_data_action(),
                     .scope = scope.value(),
                     .attributes = {}};
    for (const auto& link : links) out.links.insert(link.value());
    if (!repository.empty()) {
        for (const auto* name : repository_name) out.attributes[folded(name)] = {repository};
    }
    auto add = [&](const char* source, const std::optional<AssignmentAttributes>& assignment) {
        if (!assignment) return;
        const auto name = [&](const char* last) { return folded(source + of_assignment + last + "]"); };
        out.attributes[name("RoleDefinitionId")] = {assignment->role_definition.value()};
        out.attributes[name("PrincipalId")] = {assignment->principal.value()};
        out.attributes[name("PrincipalType")] = {std::string(assignment->principal_type)};
    };
    add("@Request[", requested);
    add("@Resource[", existing);
    for (const auto& attribute : security_attributes) {
        out.attributes[folded(security_attribute + attribute.name + "]")] = attribute.values;
    }
    if (!now.empty()) out.attributes["@environment[utcnow]"] = {now};
    return out;
}

// Ids 0.. are principals, 100.. groups, 200.. custom roles.
Guid PolicyGenerator::principal() { return id(below(4)); }
Guid PolicyGenerator::group() { return id(100 + below(4)); }
Guid PolicyGenerator::link() { return id(300 + below(4)); }
Guid PolicyGenerator::role() { return one_in(3) ? any_of(built_in_roles()).id : id(200 + below(7)); }

// Those that conditions are made for come more often.
Operation PolicyGenerator::operation() {
    if (one_in(3)) {
        constexpr const char* often[] = {"content/read", "content/write", "metadata/read"};
        return registry_data(std::string("repositories/") + any_of(often));
    }
    if (one_in(8)) return Operation::known("Microsoft.Authorization/roleAssignments/write");
    return Operation::at(below(Operation::count()));
}

std::string PolicyGenerator::scramble(std::string text) {
    if (!one_in(3)) return text;
    for (auto& c : text) {
        if (one_in(4)) c = static_cast<char>(std::isupper(static_cast<unsigned char>(c)) ? std::tolower(c) : std::toupper(c));
    }
    return text;
}

std::string PolicyGenerator::management_group() {
    return scramble("/providers/Microsoft.Management/managementGroups/m" + std::to_string(below(4)));
}

std::string PolicyGenerator::scope() {
    if (one_in(10)) return "/";
    if (one_in(6)) return management_group();
    std::string out = "/subscriptions/s" + std::to_string(below(2));
    if (one_in(6)) return scramble(out);
    if (one_in(10)) return scramble(out + "/providers/Microsoft.Authorization/roleDefinitions/r");
    constexpr const char* groups[] = {"rg1", "rg10", "rg2"};
    out += std::string("/resourceGroups/") + any_of(groups);
    if (one_in(4)) return scramble(out);
    constexpr const char* registries[] = {"reg", "reg1", "other"};
    out += std::string("/providers/Microsoft.ContainerRegistry/registries/") + any_of(registries);
    if (one_in(5)) out += "/tokens/t" + std::to_string(below(2));
    if (one_in(10)) out += "/providers/Microsoft.Authorization/roleAssignments/a";
    return scramble(out);
}

std::string PolicyGenerator::pattern(bool data_action) {
    auto picked = operation();
    while (picked.is_data_action() != data_action && !one_in(4)) picked = operation();
    const std::string name(picked.name());
    const auto first = below(name.size() + 1);
    const auto second = first + below(name.size() - first + 1);
    switch (below(8)) {
    case 0: return "*";
    case 1: return "*/read";
    case 2: return scramble(name.substr(0, first) + "*");
    case 3: return scramble("*" + name.substr(first));
    case 4: return scramble(name.substr(0, first) + "*" + name.substr(second));
    case 5: return name.substr(0, first) + "*" + name.substr(second) + "*";
    default: return scramble(name);
    }
}

std::vector<std::string> PolicyGenerator::patterns(bool data_action, std::size_t most) {
    std::vector<std::string> out(below(most + 1));
    for (auto& each : out) each = pattern(data_action);
    return out;
}

ConditionPointer PolicyGenerator::condition(NaiveConditions& known) {
    if (one_in(20)) return Condition::never("@Request[x:y] StringEquals 'z'");
    const auto tree = condition_tree(3);
    const auto text = tree.print(static_cast<unsigned>(below(30)));
    auto parsed = Condition::parse(text);
    if (!parsed) {
        std::fprintf(stderr, "a condition that the parser refuses: %s\n%s\n", text.c_str(), parsed.error().message.c_str());
        std::abort();
    }
    known.emplace(text, tree);
    return *parsed;
}

NaiveCondition PolicyGenerator::condition_tree(std::size_t depth) {
    using Kind = NaiveCondition::Kind;
    NaiveCondition out;
    if (depth > 0 && !one_in(3)) {
        constexpr Kind kinds[] = {Kind::all_of, Kind::any_of, Kind::any_of, Kind::negation};
        out.kind = any_of(kinds);
        for (auto count = out.kind == Kind::negation ? 1 : 2 + below(2); count > 0; --count) {
            out.parts.push_back(condition_tree(depth - 1));
        }
        return out;
    }
    switch (below(10)) {
    case 0:
    case 1:
    case 2:
        out.kind = Kind::action_matches;
        out.text = pattern(!one_in(4));
        return out;
    case 3:
        out.kind = Kind::exists;
        out.text = scramble(any_of(repository_name));
        return out;
    case 4:
        if (!one_in(3)) return comparison();
        out.kind = Kind::sub_operation_matches;
        out.text = "Blob.List";
        return out;
    default: return comparison();
    }
}

NaiveCondition PolicyGenerator::comparison() {
    NaiveCondition out;
    out.kind = NaiveCondition::Kind::comparison;
    std::vector<std::string> attributes;
    std::vector<std::string> values;
    std::vector<std::string> relations{"Equals", "NotEquals"};
    std::vector<std::string> ordering{"Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"};
    std::string family = "String";
    const auto security = [&] { return security_attribute + "Set_a" + std::to_string(below(3)) + "]"; };
    const bool request = one_in(2);
    const std::string assignment = (request ? "@Request[" : "@Resource[") + of_assignment;
    switch (below(9)) {
    case 0:
        family = "Guid";
        attributes = {assignment + "RoleDefinitionId]", assignment + "PrincipalId]", security()};
        values = {id(200).value(), id(1).value(), built_in("Owner").value(), scramble(built_in("AcrPull").value())};
        break;
    case 1:
        family = "DateTime";
        attributes = {"@Environment[UtcNow]", security()};
        relations = ordering;
        values.assign(std::begin(moments), std::end(moments));
        break;
    case 2:
        family = "Numeric";
        attributes = {security()};
        relations = ordering;
        values = {"-2", "0", "1.5", "10", "10.0"};
        break;
    case 3:
        family = "Bool";
        attributes = {security()};
        values = {"true", "false", "TRUE"};
        break;
    case 4:
        attributes = {assignment + "PrincipalType]", security(), "@Request[Some.Provider/things:color]"};
        values = {"User", "user", "Group", "it's", "back\\slash"};
        break;
    default:
        attributes.assign(std::begin(repository_name), std::end(repository_name));
        values.assign(std::begin(repositories), std::end(repositories));
        values.insert(values.end(), {"team/", "APP", "App", "a"});
        break;
    }
    if (family == "String") relations = {"Equals", "NotEquals", "StartsWith", "NotStartsWith", "Like", "NotLike"};
    out.op = family + any_of(relations);
    if (family == "String" && one_in(2)) out.op += "IgnoreCase";
    constexpr const char* quantifiers[] = {"ForAnyOfAnyValues", "ForAllOfAnyValues", "ForAnyOfAllValues", "ForAllOfAllValues"};
    if (one_in(3)) out.quantifier = any_of(quantifiers);

    const auto write = [&](NaiveCondition::Side& side, bool is_pattern) {
        auto pool = values;
        if (is_pattern) pool = {"app", "app*", "*", "t?am/*", "*/web", "a\\*p", "a\\?p*", "it\\'s", "team/?", "APP*"};
        for (auto count = out.quantifier.empty() ? 1 : 1 + below(3); count > 0; --count) side.values.push_back(any_of(pool));
        side.braces = side.values.size() > 1 || one_in(4);
    };
    out.left.attribute = scramble(any_of(attributes));
    if (one_in(8)) {
        out.right.attribute = any_of(attributes);
    } else {
        write(out.right, out.op.find("Like") != std::string::npos);
    }
    if (one_in(8)) {
        // The attribute behind, and what was written in front of it; as a pattern it could not stand there.
        out.right = {.attribute = out.left.attribute, .values = {}};
        out.left = {};
        write(out.left, false);
    }
    return out;
}

Permission PolicyGenerator::permission(NaiveConditions& known) {
    Permission out{patterns(false, 4), patterns(false, 2), patterns(true, 3), patterns(true, 2)};
    if (one_in(3)) out.condition = condition(known);
    return out;
}

RoleDefinition PolicyGenerator::role_definition(std::size_t number, NaiveConditions& known) {
    RoleDefinition out{.id = id(200 + number),
                       .name = "role " + std::to_string(number),
                       .built_in = false,
                       .description = {},
                       .permissions = {},
                       .assignable_scopes = {},
                       .created_at = {},
                       .created_by = {},
                       .updated_at = {},
                       .updated_by = {}};
    // Now and then one that takes a built-in role's id: it must change nothing.
    if (one_in(20)) out.id = any_of(built_in_roles()).id;
    for (auto objects = 1 + below(3); objects > 0; --objects) out.permissions.push_back(permission(known));
    return out;
}

RoleAssignment PolicyGenerator::assignment(std::size_t number, NaiveConditions& known) {
    return {.id = id(1000 + number),
            .scope = *Scope::parse(scope()),
            .role_definition = role(),
            .principal = one_in(2) ? principal() : group(),
            .principal_type = "ServicePrincipal",
            .condition = one_in(3) ? condition(known) : nullptr,
            .description = {},
            .created_at = {},
            .created_by = {},
            .updated_at = {},
            .updated_by = {}};
}

std::vector<DeniedPrincipal> PolicyGenerator::denied_principals(std::size_t most, bool excluded) {
    std::vector<DeniedPrincipal> out;
    for (auto count = excluded ? below(most + 1) : 1 + below(most); count > 0; --count) {
        switch (below(excluded ? 3 : 5)) {
        case 0: out.push_back({group(), "Group"}); break;
        case 3: out.push_back(everyone); break;
        case 4: out.push_back({everyone.id, one_in(2) ? "User" : "SystemDefined"}); break;
        default: out.push_back({principal(), one_in(5) ? "SystemDefined" : "User"}); break;
        }
    }
    return out;
}

DenyAssignment PolicyGenerator::deny_assignment(std::size_t number) {
    DenyAssignment out{.id = id(3000 + number),
                       .name = "deny " + std::to_string(number),
                       .description = {},
                       .permissions = {},
                       .scope = *Scope::parse(scope()),
                       .does_not_apply_to_child_scopes = one_in(3),
                       .principals = denied_principals(2, false),
                       .excluded_principals = denied_principals(2, true),
                       .created_by = {},
                       .updated_by = {}};
    for (auto objects = 1 + below(2); objects > 0; --objects) {
        out.permissions.push_back({patterns(false, 2), patterns(false, 2), patterns(true, 1), patterns(true, 1)});
        if (one_in(2)) out.permissions.back().actions = out.permissions.back().data_actions = {"*"};
    }
    return out;
}

GeneratedPolicy PolicyGenerator::policy() {
    GeneratedPolicy out;
    auto& input = out.input;
    for (std::size_t i = 0, count = below(6); i < count; ++i) input.custom_roles.push_back(role_definition(i, out.conditions));
    for (std::size_t i = 0, count = below(20); i < count; ++i) input.assignments.push_back(assignment(i, out.conditions));
    for (auto count = below(12); count > 0; --count) input.memberships.push_back({group(), one_in(2) ? principal() : group()});
    for (auto count = below(4); count > 0; --count) input.memberships.push_back({group(), link()});
    if (one_in(2)) {
        for (std::size_t i = 0, count = below(4); i < count; ++i) input.deny_assignments.push_back(deny_assignment(i));
    }
    for (auto count = below(6); count > 0; --count) {
        const auto member = one_in(2) ? management_group() : scramble("/subscriptions/s" + std::to_string(below(2)));
        input.management_groups.push_back({*Scope::parse(member), *Scope::parse(management_group())});
    }
    return out;
}

void PolicyGenerator::change(GeneratedPolicy& policy) {
    auto& input = policy.input;
    if (!input.custom_roles.empty() && one_in(3)) {
        const auto at = below(input.custom_roles.size());
        input.custom_roles.edit(at, [&](RoleDefinition& role) { role.permissions = {permission(policy.conditions)}; });
    } else if (!input.deny_assignments.empty() && one_in(3)) {
        input.deny_assignments.replace(below(input.deny_assignments.size()), deny_assignment(7));
    } else if (!input.assignments.empty() && one_in(2)) {
        input.assignments.replace(below(input.assignments.size()), assignment(77, policy.conditions));
    } else {
        input.assignments.push_back(assignment(50 + input.assignments.size(), policy.conditions));
    }
}

GeneratedRequest PolicyGenerator::request(const PolicyInput& policy) {
    GeneratedRequest out{.principal = one_in(40) ? id(99) : principal(),
                         .links = {},
                         .operation = operation(),
                         .scope = *Scope::parse(scope()),
                         .repository = {},
                         .requested = {},
                         .existing = {},
                         .security_attributes = {},
                         .now = {}};
    while (one_in(3)) out.links.push_back(one_in(4) ? group() : link());
    // Near an assignment, or there are few that hit.
    if (!policy.assignments.empty() && one_in(2)) {
        const auto& near = any_of(policy.assignments).scope.value();
        auto parsed = Scope::parse(near == "/" || one_in(3) ? near : near + "/tokens/t1");
        if (parsed->kind() != ScopeKind::other) out.scope = *parsed;
    }
    if (!one_in(6)) out.repository = any_of(repositories);
    const auto attributes = [&] {
        return AssignmentAttributes{.role_definition = one_in(2) ? id(200) : built_in("AcrPull"),
                                    .principal = principal(),
                                    .principal_type = any_of(principal_types)};
    };
    if (one_in(2)) out.requested = attributes();
    if (one_in(2)) out.existing = attributes();
    constexpr const char* values[] = {"user",  "it's",
                                      "10",    "1.5",
                                      "-2",    "true",
                                      "app",   "2026-11-23T00:00:00Z",
                                      "Group", "00000000-0000-4000-8000-000000000001"};
    for (std::size_t i = 0; i < 3; ++i) {
        if (one_in(2)) continue;
        SecurityAttribute attribute{.name = "Set_a" + std::to_string(i), .values = {}};
        for (auto count = 1 + below(2); count > 0; --count) attribute.values.emplace_back(any_of(values));
        out.security_attributes.push_back(std::move(attribute));
    }
    if (!one_in(4)) out.now = any_of(moments);
    return out;
}

} // namespace berth::rbac::testing
