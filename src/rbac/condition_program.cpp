#include "rbac/condition_program.hpp"

#include <utility>

namespace berth::rbac {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

} // namespace

ConditionProgram::ConditionProgram(std::string_view text, ConditionNode&& tree) : Condition(text) {
    first_ = place(std::move(tree), held, not_held);
}

// From the last test to the first, so that each knows where it leads. The depth is bounded by the parser's.
ConditionProgram::Place ConditionProgram::place(ConditionNode&& node, Place if_true, Place if_false) {
    return std::visit(Overloaded{
                          [&](AllOf&& all) {
                              auto next = if_true;
                              for (auto it = all.operands.rbegin(); it != all.operands.rend(); ++it)
                                  next = place(std::move(*it), next, if_false);
                              return next;
                          },
                          [&](AnyOf&& any) {
                              auto next = if_false;
                              for (auto it = any.operands.rbegin(); it != any.operands.rend(); ++it)
                                  next = place(std::move(*it), if_true, next);
                              return next;
                          },
                          [&](Negation&& negation) { return place(std::move(*negation.operand), if_false, if_true); },
                          [&](ActionMatches&& action) {
                              actions_.push_back(operations_matching(action.pattern, false));
                              actions_.back() |= operations_matching(action.pattern, true);
                              return append(Kind::action, actions_.size() - 1, if_true, if_false);
                          },
                          [&](SubOperationMatches&&) { return if_false; },
                          [&](Exists&& exists) {
                              attributes_.push_back(std::move(exists.attribute));
                              return append(Kind::exists, attributes_.size() - 1, if_true, if_false);
                          },
                          [&](ConditionComparison&& comparison) {
                              if (!comparison.left.attribute && !comparison.right.attribute) {
                                  return compare(comparison, {}) ? if_true : if_false;
                              }
                              comparisons_.push_back(std::move(comparison));
                              return append(Kind::comparison, comparisons_.size() - 1, if_true, if_false);
                          },
                      },
                      std::move(node.what));
}

ConditionProgram::Place ConditionProgram::append(Kind kind, std::size_t index, Place if_true, Place if_false) {
    static_assert(Condition::longest < not_held, "a test takes more than one byte of the text");
    tests_.push_back({.kind = kind, .if_true = if_true, .if_false = if_false, .index = static_cast<std::uint32_t>(index)});
    return static_cast<Place>(tests_.size() - 1);
}

bool ConditionProgram::holds(Operation operation, const Attributes& attributes) const noexcept {
    auto at = first_;
    while (at < tests_.size()) {
        const auto& test = tests_[at];
        bool outcome = false;
        switch (test.kind) {
        case Kind::action: outcome = actions_[test.index].contains(operation); break;
        case Kind::exists: outcome = attributes_[test.index].values(attributes).size() > 0; break;
        case Kind::comparison: outcome = compare(comparisons_[test.index], attributes); break;
        }
        at = outcome ? test.if_true : test.if_false;
    }
    return at == held;
}

NameSelection ConditionProgram::repositories(Operation operation) const {
    // What can still get through from each place on; tests lead to lower places, which are known already.
    std::vector<NameSelection> through(tests_.size());
    const auto from = [&](Place place) {
        if (place == held) return NameSelection::everything();
        if (place == not_held) return NameSelection::nothing();
        return through[place];
    };
    for (std::size_t i = 0; i < tests_.size(); ++i) {
        const auto& test = tests_[i];
        switch (test.kind) {
        case Kind::action: through[i] = from(actions_[test.index].contains(operation) ? test.if_true : test.if_false); break;
        case Kind::exists:
            through[i] = from(test.if_true);
            // A request for a repository always has its name.
            if (!attributes_[test.index].is_repository_name()) through[i].unite(from(test.if_false));
            break;
        case Kind::comparison: {
            const auto& comparison = comparisons_[test.index];
            through[i] = from(test.if_true).intersect(names_with(comparison, true));
            auto otherwise = from(test.if_false);
            through[i].unite(otherwise.intersect(names_with(comparison, false)));
            break;
        }
        }
    }
    return from(first_);
}

} // namespace berth::rbac
