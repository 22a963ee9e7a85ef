#include "base/encoding.hpp"
#include "rbac/condition_program.hpp"
#include "rbac/like_pattern.hpp"

namespace berth::rbac {
namespace {

// Repository names are lower case: an operand that is not can equal none, unless case does not count.
bool can_be_in_name(std::string_view text, bool ignore_case) { return ignore_case || to_lower(text) == text; }

// The names that stand to one value as the relation says; nullopt if that cannot be told from it.
std::optional<NameSelection> names_that_stand(const ConditionOperator& op, std::string_view value, bool name_is_left) {
    if (op.relation == ConditionRelation::equals) {
        if (!can_be_in_name(value, op.ignore_case)) return NameSelection::nothing();
        return NameSelection::name(to_lower(value));
    }
    if (!name_is_left) return std::nullopt;
    if (op.relation == ConditionRelation::starts_with) {
        if (!can_be_in_name(value, op.ignore_case)) return NameSelection::nothing();
        return NameSelection::prefix(to_lower(value));
    }
    if (op.relation == ConditionRelation::like) {
        const auto beginning = beginning_of_like(value);
        if (!can_be_in_name(beginning.text, op.ignore_case)) return NameSelection::nothing();
        return beginning.whole ? NameSelection::name(to_lower(beginning.text))
                               : NameSelection::prefix(to_lower(beginning.text));
    }
    return std::nullopt;
}

} // namespace

NameSelection names_with(const ConditionComparison& comparison, bool outcome) {
    const auto& op = comparison.op;
    const bool name_is_left = comparison.left.attribute && comparison.left.attribute->is_repository_name();
    const auto& name = name_is_left ? comparison.left : comparison.right;
    const auto& other = name_is_left ? comparison.right : comparison.left;
    if (!name.attribute || !name.attribute->is_repository_name() || other.attribute) return NameSelection::everything();

    // The name is one value: only the quantifier of the other side counts.
    const auto quantifier = comparison.quantifier;
    const bool every = name_is_left
                           ? quantifier == ConditionQuantifier::any_of_all || quantifier == ConditionQuantifier::all_of_all
                           : quantifier == ConditionQuantifier::all_of_any || quantifier == ConditionQuantifier::all_of_all;
    // "Every value compares so" is false when some value does not, and the other way round.
    const bool intersection = every == outcome;
    const bool stand = outcome != op.negated;
    NameSelection out = intersection ? NameSelection::everything() : NameSelection::nothing();
    for (const auto& literal : other.literals) {
        auto names = stand ? names_that_stand(op, literal.text, name_is_left) : std::nullopt;
        if (!names) names = NameSelection::everything();
        if (intersection) {
            out.intersect(*names);
        } else {
            out.unite(*names);
        }
    }
    return out;
}

} // namespace berth::rbac
