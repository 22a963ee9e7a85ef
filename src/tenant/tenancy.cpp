#include "tenant/tenancy.hpp"

#include "base/encoding.hpp"
#include "tenant/world_reader.hpp"

#include <fmt/format.h>

namespace berth::tenant {

std::string LoginServerNaming::login_server(std::string_view registry_name) const {
    const std::string name = to_lower(registry_name);
    if (const auto found = external_url.find(name); found != external_url.end()) {
        std::string_view url = found->second;
        const bool secure = !starts_with_ignoring_case(url, "http://");
        if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
        url = url.substr(0, url.find('/'));
        const std::string_view default_port = secure ? ":443" : ":80";
        if (url.ends_with(default_port)) url.remove_suffix(default_port.size());
        return to_lower(url);
    }
    if (port == 443) return fmt::format("{}.{}", name, to_lower(domain));
    return fmt::format("{}.{}:{}", name, to_lower(domain), port);
}

Tenancy::Tenancy(storage::Database& database, LoginServerNaming naming) : database_(database), naming_(std::move(naming)) {}

Result<std::shared_ptr<const World>> Tenancy::world_in(storage::Session& session,
                                                       const std::shared_ptr<const World>& known) const {
    return read_world(session, naming_, known);
}

Task<Result<void>> Tenancy::refresh() {
    SharedRefresh::Turn turn(line_);
    co_await turn;
    if (!turn.leads()) co_return turn.result();
    auto previous = world();
    auto read = [this, previous](storage::Session& session) { return read_world(session, naming_, previous); };
    auto reading = database_.read(storage::ReadKind::scan, std::move(read));
    auto fresh = co_await std::move(reading);
    Result<void> done;
    if (fresh) {
        world_.store(std::move(*fresh));
    } else {
        done = failure(std::move(fresh));
    }
    line_.finish(turn, done);
    co_return done;
}

} // namespace berth::tenant
