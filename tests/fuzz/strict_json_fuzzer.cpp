// JSON from outside. What is accepted is what any other parser reads there, can be written and read again, and has no key
// twice in one object: with one pair more that is there already it is refused.

#include "base/strict_json.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    boost::json::monotonic_resource memory;
    const auto value = berth::parse_json(text, {.depth = 16}, &memory);
    if (!value) return 0;

    boost::system::error_code error;
    boost::json::parse_options options;
    options.max_depth = 16;
    const auto theirs = boost::json::parse(text, error, {}, options);
    if (error || theirs != *value) std::abort();
    const std::string written = boost::json::serialize(*value);
    // Not more: the library rounds some doubles otherwise each time.
    if (!berth::parse_json(written, {.depth = 16})) std::abort();

    if (const auto* object = value->if_object(); object != nullptr && !object->empty()) {
        const std::string pair = boost::json::serialize(boost::json::string(object->begin()->key())) + ":0,";
        std::string twice = written;
        twice.insert(1, pair);
        if (berth::parse_json(twice, {.depth = 16})) std::abort();
    }
    return 0;
}
