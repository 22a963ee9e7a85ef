#include "rbac/condition_program.hpp"

namespace berth::rbac {
namespace {

// The values of one side in one request.
class Side {
public:
    Side(const ConditionOperand& operand, const Attributes& attributes) noexcept {
        if (operand.attribute) {
            of_request_ = operand.attribute->values(attributes);
        } else {
            written_ = operand.literals;
        }
    }
    std::span<const ConditionLiteral> written() const noexcept { return written_; }
    std::size_t size() const noexcept { return written_.empty() ? of_request_.size() : written_.size(); }
    std::optional<ConditionValue> at(std::size_t index, ConditionType type) const noexcept {
        return written_.empty() ? of_request_.at(index, type) : written_[index].value();
    }

private:
    std::span<const ConditionLiteral> written_;
    AttributeValues of_request_;
};

// Whether a value of the left stands so to all values of the right, or to any of them.
bool stands_to(const ConditionValue& value, const Side& right, const ConditionOperator& op, bool all) noexcept {
    for (const auto& literal : right.written()) {
        if (op.compares(value, literal.value()) != all) return !all;
    }
    if (!right.written().empty()) return all;
    for (std::size_t i = 0; i < right.size(); ++i) {
        const auto other = right.at(i, op.type);
        if ((other && op.compares(value, *other)) != all) return !all;
    }
    return all;
}

} // namespace

bool compare(const ConditionComparison& comparison, const Attributes& attributes) noexcept {
    const auto& op = comparison.op;
    const Side left(comparison.left, attributes);
    const Side right(comparison.right, attributes);
    if (left.size() == 0 || right.size() == 0) return false;
    if (comparison.quantifier == ConditionQuantifier::none && (left.size() > 1 || right.size() > 1)) return false;

    const bool all_left =
        comparison.quantifier == ConditionQuantifier::all_of_any || comparison.quantifier == ConditionQuantifier::all_of_all;
    const bool all_right =
        comparison.quantifier == ConditionQuantifier::any_of_all || comparison.quantifier == ConditionQuantifier::all_of_all;
    for (std::size_t i = 0; i < left.size(); ++i) {
        const auto value = left.at(i, op.type);
        if ((value && stands_to(*value, right, op, all_right)) != all_left) return !all_left;
    }
    return all_left;
}

} // namespace berth::rbac
