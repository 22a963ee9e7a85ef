#include "storage/files/upload_state.hpp"

#include "base/encoding.hpp"

#include <charconv>

namespace berth::storage {
namespace {

// "<name> <value>\n" at the front of `text`, taken off.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view name) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (!line.starts_with(name)) return std::nullopt;
    line.remove_prefix(name.size());
    if (!line.starts_with(' ')) return std::nullopt;
    return line.substr(1);
}

} // namespace

std::string encode(const UploadState& state) {
    std::string out = fmt::format("berth-upload 2\nboot {}\noffset {}\nhash {}\nowner {}\n", state.boot, state.offset,
                                  to_hex(as_bytes(state.hasher.save())), state.owner);
    out += fmt::format("sum {}\n", Digest::of(as_bytes(out)).hex());
    return out;
}

std::optional<UploadState> decode_upload_state(std::string_view text) {
    std::string_view rest = text;
    if (take_line(rest, "berth-upload") != "2") return std::nullopt;
    const auto boot = take_line(rest, "boot");
    const auto offset = take_line(rest, "offset");
    const auto hash = take_line(rest, "hash");
    const auto owner = take_line(rest, "owner");
    const auto summed = text.substr(0, text.size() - rest.size());
    const auto sum = take_line(rest, "sum");
    if (!boot || !offset || !hash || !owner || !sum || !rest.empty()) return std::nullopt;
    if (*sum != Digest::of(as_bytes(summed)).hex()) return std::nullopt;

    std::uint64_t number = 0;
    const auto parsed = std::from_chars(offset->data(), offset->data() + offset->size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != offset->data() + offset->size()) return std::nullopt;
    const auto saved = from_hex(*hash);
    if (!saved) return std::nullopt;
    auto hasher = Hasher::restore(as_text(*saved));
    if (!hasher) return std::nullopt;
    return UploadState{std::string(*boot), number, *hasher, std::string(*owner)};
}

} // namespace berth::storage
