#include "rbac/operation.hpp"

#include "base/encoding.hpp"
#include "rbac/operation_table.hpp"

#include <cstdio>
#include <cstdlib>

namespace berth::rbac {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; }

// Where `piece` begins in `text` for the first time, without regard to case; npos if nowhere.
std::size_t find_piece(std::string_view text, std::string_view piece) noexcept {
    auto found = std::ranges::search(text, piece, {}, lower, lower);
    return found.empty() && !piece.empty() ? std::string_view::npos : static_cast<std::size_t>(found.begin() - text.begin());
}

} // namespace

std::optional<Operation> Operation::find(std::string_view name, bool is_data_action) noexcept {
    auto number = OperationTable::instance().find(name, is_data_action);
    if (!number) return std::nullopt;
    return Operation(*number);
}

Operation Operation::known(std::string_view name, bool is_data_action) noexcept {
    auto found = find(name, is_data_action);
    if (!found) {
        std::fprintf(stderr, "berth: the program asks for the %s %.*s, which the table of operations lacks\n",
                     is_data_action ? "data action" : "action", static_cast<int>(name.size()), name.data());
        std::abort();
    }
    return *found;
}

std::size_t Operation::count() noexcept { return OperationTable::instance().entries().size(); }

Operation Operation::at(std::size_t number) noexcept { return Operation(static_cast<std::uint16_t>(number)); }

std::string_view Operation::name() const noexcept { return OperationTable::instance().entries()[number_].name; }

bool Operation::is_data_action() const noexcept { return OperationTable::instance().entries()[number_].is_data_action; }

bool matches_action(std::string_view pattern, std::string_view name) noexcept {
    auto star = pattern.find('*');
    if (star == std::string_view::npos) return equals_ignoring_case(pattern, name);
    if (!starts_with_ignoring_case(name, pattern.substr(0, star))) return false;
    name.remove_prefix(star);
    pattern.remove_prefix(star + 1);
    // Each piece between two stars is taken where it first occurs: a later place can only leave less for the rest.
    for (star = pattern.find('*'); star != std::string_view::npos; star = pattern.find('*')) {
        auto piece = pattern.substr(0, star);
        auto found = find_piece(name, piece);
        if (found == std::string_view::npos) return false;
        name.remove_prefix(found + piece.size());
        pattern.remove_prefix(star + 1);
    }
    return name.size() >= pattern.size() && equals_ignoring_case(name.substr(name.size() - pattern.size()), pattern);
}

bool matches_operation(std::string_view pattern, Operation operation) noexcept {
    if (matches_action(pattern, operation.name())) return true;
    const auto& also = OperationTable::instance().entries()[operation.number()].also_matched_as;
    return !also.empty() && pattern.contains('*') && matches_action(pattern, also);
}

} // namespace berth::rbac
