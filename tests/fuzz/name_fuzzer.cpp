// Names, tags, digests, ids and addresses as paths, bodies and settings bring them. What is accepted is written as it was
// read, and holds nothing that could lead anywhere else.

#include "base/digest.hpp"
#include "base/guid.hpp"
#include "base/ip_address.hpp"
#include "base/names.hpp"
#include "base/percent.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace berth;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto is_plain = [](std::string_view value) {
        return std::ranges::all_of(value, [](char c) { return c > 0x20 && c < 0x7F; }) && !value.contains("..") &&
               !value.contains('%') && !value.contains('\\');
    };
    if (const auto name = RepositoryName::parse(text)) {
        const std::string& value = name->value();
        if (value != text || value.empty() || value.size() > 255 || !is_plain(value) || value.starts_with('/') ||
            value.ends_with('/') || value.contains("//"))
            std::abort();
    }
    if (const auto tag = Tag::parse(text)) {
        if (tag->value() != text || text.empty() || text.size() > 128 || text.contains('/') || text.contains(':') ||
            text.starts_with('.') || text.starts_with('-'))
            std::abort();
    }
    const auto digest = Digest::parse(text);
    if (digest && digest->to_string() != text) std::abort();
    const auto reference = parse_reference(text);
    if (reference.has_value() != (digest.has_value() || (!text.contains(':') && Tag::parse(text).has_value()))) std::abort();
    if (is_registry_name(text) && (text.size() < 5 || text.size() > 50 || !is_plain(text))) std::abort();
    if (is_resource_group_name(text) && (text.empty() || text.size() > 90 || text.ends_with('.'))) std::abort();

    if (const auto id = Guid::parse(text)) {
        if (Guid::parse(id->value()) != id) std::abort();
    }
    if (const auto address = IpAddress::parse(text)) {
        const auto again = IpAddress::parse(address->to_string());
        const auto alone = IpNetwork::parse(address->to_string());
        if (!again || *again != *address || !alone || !alone->contains(*address)) std::abort();
    }
    static_cast<void>(IpNetwork::parse(text));

    if (const auto decoded = percent_decode(text)) {
        if (decoded->contains('\0') || percent_decode(percent_encode(*decoded)) != decoded) std::abort();
    }
    if (const auto parameters = Parameters::parse(text)) {
        if (parameters->pairs().size() > 256) std::abort();
        for (const auto& [name, value] : parameters->pairs()) {
            if (!parameters->find(name) || name.contains('\0') || value.contains('\0')) std::abort();
        }
    }
    return 0;
}
