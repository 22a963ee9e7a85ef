#include "gateway/filter.hpp"

#include <cstdint>
#include <cstdlib>

// What was read must survive being written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto terms = berth::gateway::parse_filter(text);
    const auto expression = berth::gateway::parse_filter_expression(text);
    if (expression && expression->kind == berth::gateway::FilterExpression::Kind::none && expression->parts.size() != 1)
        std::abort();
    if (!terms) return 0;
    for (const auto& term : *terms) {
        if (term.kind == berth::gateway::FilterTerm::Kind::function) continue;
        if (term.values.size() != 1 || term.operation.size() != 2) std::abort();
        if (term.values.front().contains('\'')) continue; // to_string is for people and does not double quotes
        const auto again = berth::gateway::parse_filter(term.to_string());
        if (!again || again->size() != 1 || again->front().name != term.name || again->front().values != term.values) {
            if (term.to_string().size() <= 2048) std::abort();
        }
    }
    return 0;
}
