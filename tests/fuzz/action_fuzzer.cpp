// The first line is an action pattern, the rest a name. The matcher must agree with a plain one, and with the sets that
// roles are compiled to.

#include "base/encoding.hpp"
#include "rbac/operation_set.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

// By filling in, for each piece of the pattern, which prefixes of the text it can match.
bool plain_match(const std::string& pattern, const std::string& text) {
    std::vector<bool> reached(text.size() + 1);
    reached[0] = true;
    for (char p : pattern) {
        std::vector<bool> next(text.size() + 1);
        bool open = false;
        for (std::size_t i = 0; i <= text.size(); ++i) {
            if (p == '*') {
                open = open || reached[i];
                next[i] = open;
            } else if (i > 0) {
                next[i] = reached[i - 1] && text[i - 1] == p;
            }
        }
        reached = next;
    }
    return reached[text.size()];
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth::rbac;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    if (size > 2048) return 0;
    auto line = text.find('\n');
    auto pattern = text.substr(0, line);
    auto name = line == std::string_view::npos ? std::string_view{} : text.substr(line + 1);
    if (matches_action(pattern, name) != plain_match(berth::to_lower(pattern), berth::to_lower(name))) std::abort();

    for (bool data_action : {false, true}) {
        auto set = operations_matching(pattern, data_action);
        for (std::size_t i = 0; i < Operation::count(); ++i) {
            auto operation = Operation::at(i);
            bool expected = operation.is_data_action() == data_action && matches_action(pattern, operation.name());
            if (set.contains(operation) != expected) std::abort();
        }
    }
    return 0;
}
