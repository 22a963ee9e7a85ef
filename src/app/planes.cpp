#include "app/planes.hpp"

#include "app/status_routes.hpp"

#include <fmt/format.h>

#include <iterator>

namespace berth::app {

Planes::Planes(Foundation& foundation, tenant::LoginServerNaming naming, http::Server* server,
               const gateway::LimitOptions& limits, const data_plane::UploadLimitOptions& uploads,
               control_plane::PrepareLoginServer prepare_login_server)
    : tenancy_(*foundation.database, std::move(naming)),
      credentials_(*foundation.database, foundation.seal, *foundation.workers, foundation.clock),
      registry_tokens_(*foundation.keys, foundation.clock), directory_tokens_(*foundation.keys, foundation.clock),
      trusted_issuers_(foundation.trusted_issuers, *foundation.outbound, *foundation.workers, foundation.clock),
      importer_({.clock = foundation.clock,
                 .workers = *foundation.workers,
                 .database = *foundation.database,
                 .blobs = *foundation.blobs,
                 .tenancy = tenancy_,
                 .seal = foundation.seal,
                 .credentials = credentials_,
                 .client = *foundation.outbound}),
      services_{.clock = foundation.clock,
                .workers = *foundation.workers,
                .database = *foundation.database,
                .blobs = *foundation.blobs,
                .tenancy = tenancy_,
                .seal = foundation.seal,
                .keys = *foundation.keys,
                .credentials = credentials_,
                .registry_tokens = registry_tokens_,
                .directory_tokens = directory_tokens_,
                .imports = importer_,
                .outbound = *foundation.outbound,
                .trusted_issuers = trusted_issuers_,
                .sign_in_provider = foundation.sign_in_provider ? &*foundation.sign_in_provider : nullptr},
      data_plane_(services_, uploads), control_plane_(services_, std::move(prepare_login_server)), sign_in_(services_),
      directory_(services_) {
    credentials_.set_trusted(foundation.trusted_issuers,
                             foundation.sign_in_provider ? foundation.sign_in_provider->issuer : "");
    std::vector<gateway::Route> table;
    const auto add = [&](std::vector<gateway::Route> routes) { std::ranges::move(routes, std::back_inserter(table)); };
    add(data_plane_.routes());
    add(control_plane_.routes());
    add(sign_in_.routes());
    add(directory_.routes());
    add(status_routes(ready_, [this, server] { return metrics_text(server); }));
    gateway_ = std::make_unique<gateway::Gateway>(services_, std::move(table), limits);
    gateway_->metrics().add_source([this](std::string& out) { data_plane_.open_uploads().write_metrics(out); });
}

std::string Planes::metrics_text(http::Server* server) {
    std::string out = gateway_->metrics().to_text();
    const auto world = tenancy_.world();
    auto to = std::back_inserter(out);
    const auto write = [&](std::string_view name, std::string_view kind, std::string_view what, auto value) {
        fmt::format_to(to, "# HELP {0} {2}\n# TYPE {0} {1}\n{0} {3}\n", name, kind, what, value);
    };
    write("berth_policy_version", "gauge", "Version of roles, assignments and principals that decisions stand on.",
          world->version);
    write("berth_role_assignments", "gauge", "Role assignments in force.", world->policy->assignments().size());
    write("berth_registries", "gauge", "Registries served.", world->registries().size());
    if (server == nullptr) return out;
    const auto m = server->metrics();
    write("berth_connections_open", "gauge", "Connections open now.", m.connections_open);
    write("berth_connections_total", "counter", "Connections accepted.", m.connections_accepted);
    write("berth_refused_heads_total", "counter", "Requests refused for their framing or head.", m.refused_heads);
    write("berth_refused_connections_total", "counter", "Connections refused above the limit, in all or of an address.",
          m.refused_connections);
    write("berth_accept_pauses_total", "counter", "Times that accepting waited for free file descriptors.",
          m.descriptor_pauses);
    write("berth_received_bytes_total", "counter", "Bytes received.", m.bytes_received);
    write("berth_sent_bytes_total", "counter", "Bytes sent.", m.bytes_sent);
    write("berth_loop_stall_seconds", "gauge", "Longest time an event loop was late since the last look.",
          static_cast<double>(m.longest_loop_stall.count()) / 1e6);
    write("berth_loop_block_seconds", "gauge",
          "That, without the time in which the system ran other programs: what requests held up the others.",
          static_cast<double>(m.longest_loop_block.count()) / 1e6);
    return out;
}

} // namespace berth::app
