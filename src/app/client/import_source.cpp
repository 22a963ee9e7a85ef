#include "app/client/import_source.hpp"

#include "base/strict_json.hpp"

#include <fmt/format.h>

namespace berth::app {

Result<ImportSource> parse_import_source(std::string_view text, bool registry_is_known) {
    const auto invalid = [&] {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("'{}' names no image: write {}.", text,
                                   registry_is_known ? "repository:tag or repository@sha256:…"
                                                     : "host/repository:tag or host/repository@sha256:…, or name a registry of "
                                                       "this server with --source-registry"));
    };
    ImportSource out;
    std::string_view image = text;
    if (!registry_is_known) {
        const std::size_t slash = text.find('/');
        const std::string_view host = text.substr(0, slash);
        // As docker tells a host from a folder: by its period, its port, or its being this machine.
        const bool is_host = host.find_first_of(".:") != std::string_view::npos || host == "localhost";
        if (slash == std::string_view::npos || !is_host) return invalid();
        out.host = host;
        image = text.substr(slash + 1);
    }
    const std::size_t at = image.find('@');
    const std::size_t colon = image.find(':');
    out.digest = at != std::string_view::npos;
    out.repository = image.substr(0, out.digest ? std::min(at, colon) : colon);
    if (out.repository.empty() || out.repository.ends_with('/') || out.repository.starts_with('/')) return invalid();
    const std::size_t end = out.digest ? at : colon;
    if (end != std::string_view::npos && end + 1 == image.size()) return invalid();
    out.image = image;
    if (end == std::string_view::npos) out.image += ":latest";
    return out;
}

std::string progress_line(const boost::json::value& status) {
    std::string out(find_string(status, "status").value_or(""));
    const auto* percent = find_member(status, "percentComplete");
    if (percent != nullptr && percent->is_number() && !out.empty()) {
        out += fmt::format(", {:.0f} %", percent->to_number<double>());
    }
    return out;
}

} // namespace berth::app
