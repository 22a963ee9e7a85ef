// Lists of entity tags: a list that is made of the tag matches it.
#include "http/body.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view list(reinterpret_cast<const char*>(data), size);
    const std::string tag = "\"sha256:0\"";
    const bool matches = berth::http::matches_entity_tag(list, tag);
    if (matches && !list.contains(tag) && !list.contains('*')) std::abort();
    if (!berth::http::matches_entity_tag("W/" + tag + ", " + std::string(list), tag)) std::abort();
    return 0;
}
