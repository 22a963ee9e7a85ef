#include "app/serve.hpp"

#include "app/bootstrap_file.hpp"
#include "app/certificates.hpp"
#include "app/foundation.hpp"
#include "app/logging.hpp"
#include "app/planes.hpp"
#include "app/welcome.hpp"
#include "base/encoding.hpp"
#include "data_plane/sweeper.hpp"
#include "gateway/response.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>

namespace berth::app {
namespace {

constexpr timespec housekeeping_interval{.tv_sec = 60, .tv_nsec = 0};

int fail(const Error& error) {
    std::fputs(fmt::format("berth: {}\n", error.message).c_str(), stderr);
    return 1;
}

// Signals are waited for by the main thread alone; threads made later inherit the mask.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signals;
}

Task<http::Response> not_yet() {
    auto response = gateway::json_response(503, boost::json::object{{"status", "starting"}});
    response.headers.add("Retry-After", "1");
    co_return response;
}

std::string host_of(std::string_view host_and_port) {
    return std::string(host_and_port.substr(0, std::min(host_and_port.rfind(':'), host_and_port.size())));
}

class Program {
public:
    explicit Program(const Configuration& configuration) : configuration_(configuration) {}

    Result<void> start() {
        auto foundation = lay_foundation(configuration_);
        if (!foundation) return failure(std::move(foundation));
        foundation_ = std::move(*foundation);
        if (auto opened = open_certificates(); !opened) return opened;
        if (auto listening = listen(); !listening) return listening;
        return open_planes();
    }

    void housekeeping() {
        server_->post([this] { sweep().detach(); });
    }

    void reload(const std::string& log_level) {
        set_log_level(log_level);
        if (auto reloaded = certificates_->reload(); reloaded) {
            server_->reload_certificates();
            spdlog::info("certificates and log level were read again");
        } else {
            spdlog::error("{} The earlier certificate stays in use.", reloaded.error().message);
        }
    }

    void stop() {
        planes_->ready() = false;
        const bool clean = server_->drain(std::chrono::seconds(configuration_.drain_seconds));
        if (clean) {
            spdlog::info("drained; every request has finished");
        } else {
            spdlog::warn("requests still ran after {} s and were ended", configuration_.drain_seconds);
        }
        // Requests refer to the planes, so the loops end before these do.
        server_.reset();
    }

    std::string welcome() const { return welcome_text(bootstrap_file(), foundation_->folder.path()); }

private:
    Result<void> open_certificates() {
        auto opened = Certificates::open(configuration_.tls_certificate, configuration_.tls_key,
                                         foundation_->folder.path_of("tls"), [this](std::string_view host) {
                                             const Planes* planes = serving_.load(std::memory_order_acquire);
                                             if (planes == nullptr) return false;
                                             const auto world = const_cast<Planes*>(planes)->tenancy().world();
                                             return std::ranges::any_of(world->registries(), [&](const auto& registry) {
                                                 return host_of(registry.login_server) == host || registry.login_server == host;
                                             });
                                         });
        if (!opened) return failure(std::move(opened));
        certificates_ = std::move(*opened);
        return {};
    }

    Result<void> listen() {
        http::ServerOptions options;
        options.loops = configuration_.loops;
        options.trusted_proxies = configuration_.trusted_proxies;
        auto server = http::Server::create(
            options,
            [this](http::Request& request) {
                Planes* planes = serving_.load(std::memory_order_acquire);
                return planes != nullptr ? planes->gateway().handle(request) : not_yet();
            },
            [this](unsigned status, std::string_view reason, std::string_view target) {
                Planes* planes = serving_.load(std::memory_order_acquire);
                return planes != nullptr ? planes->gateway().refuse(status, reason, target) : gateway::empty_response(status);
            },
            [this](std::string_view name) { return certificates_->choose(name); });
        if (!server) return failure(std::move(server));
        server_ = std::move(*server);
        if (configuration_.http != "off") {
            auto port = server_->listen({.address = configuration_.http, .tls = false});
            if (!port) return failure(std::move(port));
            http_port_ = *port;
            http_base_ = fmt::format("http://{}:{}", host_of(configuration_.http), *port);
        }
        if (configuration_.https != "off") {
            auto port = server_->listen({.address = configuration_.https, .tls = true});
            if (!port) return failure(std::move(port));
            https_port_ = *port;
            https_base_ = fmt::format("https://{}:{}", host_of(configuration_.https), *port);
        }
        return {};
    }

    Result<void> open_planes() {
        auto external = parse_external_urls(configuration_);
        if (!external) return failure(std::move(external));
        tenant::LoginServerNaming naming;
        naming.domain = to_lower(configuration_.domain);
        naming.port = https_port_ != 0 ? https_port_ : http_port_;
        naming.external_url = std::move(*external);
        planes_ = std::make_unique<Planes>(*foundation_, std::move(naming), server_.get());
        sweeper_ = std::make_unique<data_plane::Sweeper>(
            *foundation_->database, *foundation_->blobs, foundation_->clock,
            data_plane::SweeperOptions{.grace = std::chrono::hours(configuration_.garbage_grace_hours)});
        if (auto refreshed = sync_wait(planes_->tenancy().refresh()); !refreshed) return refreshed;
        planes_->directory_tokens().set_own_addresses(own_addresses());

        if (const auto& registry = foundation_->bootstrap.registry) {
            login_server_ = planes_->tenancy().naming().login_server(registry->name);
        }
        auto written = write_bootstrap_file(foundation_->folder.path_of("bootstrap.json"), bootstrap_file());
        if (!written) return written;
        std::error_code ignored; // a left-over file is harmless while bootstrap.json is there
        std::filesystem::remove(foundation_->folder.path_of(pending_owner_secret), ignored);
        planes_->ready() = true;
        serving_.store(planes_.get(), std::memory_order_release);
        return {};
    }

    BootstrapFile bootstrap_file() const {
        return {.http = http_base_,
                .https = https_base_,
                .authority_file = certificates_->authority_file(),
                .bootstrap = foundation_->bootstrap,
                .login_server = login_server_,
                .owner_secret = foundation_->owner_secret,
                .owner_state = foundation_->owner_state,
                .owner_lacks = role_that_owner_lacks()};
    }

    // What it takes to push to the first registry, as it decides now; empty when the Owner may.
    std::string role_that_owner_lacks() const {
        const auto world = planes_->tenancy().world();
        const auto& bootstrap = foundation_->bootstrap;
        const auto* registry = bootstrap.registry ? world->find_registry(bootstrap.registry->scope) : nullptr;
        if (registry == nullptr || !bootstrap.owner) return "";
        const bool by_repository = registry->mode == tenant::RoleAssignmentMode::repository_permissions;
        const auto push =
            by_repository ? rbac::Operation::known("Microsoft.ContainerRegistry/registries/repositories/content/write", true)
                          : rbac::Operation::known("Microsoft.ContainerRegistry/registries/push/write");
        if (world->policy->decide(bootstrap.owner->principal.id, push, registry->scope).allowed) return "";
        return by_repository ? "Container Registry Repository Writer" : "AcrPush";
    }

    // Every address under which a client may mean this server by "its own".
    std::vector<std::string> own_addresses() const {
        std::vector<std::string> out;
        const auto add = [&](std::string_view scheme, std::string_view host, std::uint16_t port) {
            out.push_back(fmt::format("{}://{}:{}", scheme, host, port));
        };
        for (const std::string_view host : {"127.0.0.1", "localhost", "[::1]"}) {
            if (http_port_ != 0) add("http", host, http_port_);
            if (https_port_ != 0) add("https", host, https_port_);
        }
        for (const std::string& base : {http_base_, https_base_}) {
            if (!base.empty()) out.push_back(base);
        }
        for (const auto& [name, url] : planes_->tenancy().naming().external_url) out.push_back(url);
        for (const auto& registry : planes_->tenancy().world()->registries()) {
            out.push_back("https://" + registry.login_server);
            if (http_port_ != 0) add("http", host_of(registry.login_server), http_port_);
        }
        return out;
    }

    Task<void> sweep() {
        if (sweeping_.exchange(true)) co_return;
        auto rotated = co_await foundation_->keys->rotate_if_due();
        if (!rotated) spdlog::error("signing keys could not be rotated: {}", rotated.error().message);
        auto swept = co_await sweeper_->sweep();
        if (!swept) {
            spdlog::error("the sweeper could not finish: {}", swept.error().message);
        } else if (swept->blobs + swept->objects + swept->uploads > 0) {
            spdlog::info("swept {} blobs, {} objects and {} uploads that nothing referred to", swept->blobs, swept->objects,
                         swept->uploads);
        }
        sweeping_ = false;
    }

    const Configuration& configuration_;
    std::unique_ptr<Foundation> foundation_;
    std::unique_ptr<Certificates> certificates_;
    std::unique_ptr<Planes> planes_;
    std::unique_ptr<data_plane::Sweeper> sweeper_;
    std::unique_ptr<http::Server> server_; // ends before what it serves
    std::atomic<Planes*> serving_ = nullptr;
    std::atomic<bool> sweeping_ = false;
    std::uint16_t http_port_ = 0;
    std::uint16_t https_port_ = 0;
    std::string http_base_;
    std::string https_base_;
    std::string login_server_;
};

} // namespace

int serve(const Configuration& configuration, const std::function<std::string()>& reread_log_level) {
    const sigset_t signals = block_signals();
    set_up_logging(configuration.log_level);
    if (auto checked = check(configuration); !checked) return fail(checked.error());

    Program program(configuration);
    if (auto started = program.start(); !started) return fail(started.error());
    std::fputs(program.welcome().c_str(), stdout);
    std::fflush(stdout);

    while (true) {
        const int signal = sigtimedwait(&signals, nullptr, &housekeeping_interval);
        if (signal == SIGTERM || signal == SIGINT) break;
        if (signal == SIGHUP) program.reload(reread_log_level());
        if (signal == -1 && errno == EAGAIN) program.housekeeping();
    }
    program.stop();
    return 0;
}

} // namespace berth::app
