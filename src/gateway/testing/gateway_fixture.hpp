#pragma once

#include "base/encoding.hpp"
#include "gateway/gateway.hpp"
#include "identity/testing/identity_fixture.hpp"
#include "storage/files/file_blob_store.hpp"
#include "tenant/authorization_store.hpp"
#include "tenant/testing/tenant_database.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::gateway {

/// Text as a request's body.
class TextSource final : public ByteSource {
public:
    explicit TextSource(std::string text) : text_(std::move(text)) {}
    Task<Result<std::size_t>> read(std::span<std::byte> out) override {
        const std::size_t count = std::min(out.size(), text_.size() - at_);
        std::ranges::copy(as_bytes(text_).subspan(at_, count), out.begin());
        at_ += count;
        co_return count;
    }

private:
    std::string text_;
    std::size_t at_ = 0;
};

/// A gateway over a database after the first start, without a socket: for the tests of the rooms whose routes it serves.
class GatewayFixture {
public:
    static constexpr std::string_view arm = "https://management.azure.com";
    static constexpr std::string_view graph = "https://graph.microsoft.com";

    explicit GatewayFixture(const std::function<std::vector<Route>(const Services&)>& make_routes)
        : blobs_(*storage::FileBlobStore::open(folder_.path().string(), workers_)), tenancy_(*database, naming()),
          credentials_(*database, seal_, workers_, clock), registry_tokens_(identity::shared_keys(), clock),
          directory_tokens_(identity::shared_keys(), clock), services{.clock = clock,
                                                                      .workers = workers_,
                                                                      .database = *database,
                                                                      .blobs = *blobs_,
                                                                      .tenancy = tenancy_,
                                                                      .seal = seal_,
                                                                      .keys = identity::shared_keys(),
                                                                      .credentials = credentials_,
                                                                      .registry_tokens = registry_tokens_,
                                                                      .directory_tokens = directory_tokens_,
                                                                      .imports = imports,
                                                                      .outbound = outbound,
                                                                      .trusted_issuers = trusted_issuers_} {
        spdlog::set_level(spdlog::level::off);
        refresh();
        gateway_.emplace(services, make_routes(services));
    }

    struct Answer {
        unsigned status = 0;
        std::string text;
        boost::json::value json;
        http::Headers headers;

        /// `error.code`, or empty.
        std::string code() const { return member("code"); }
        std::string message() const { return member("message"); }

    private:
        std::string member(std::string_view name) const {
            const auto* object = json.if_object();
            const auto* error = object ? object->if_contains("error") : nullptr;
            if (error == nullptr || !error->is_object() || !error->get_object().contains(name)) return {};
            return std::string(error->at(name).as_string());
        }
    };

    /// Sends a request; `authorization` may be empty. The target is a path with its query, encoded.
    Answer send(http::Method method, std::string target, std::string authorization, std::string body = {}) {
        http::Request request;
        request.method = method;
        request.method_name = http::to_string(method);
        request.target = std::move(target);
        const std::size_t question = std::min(request.target.find('?'), request.target.size());
        request.path = std::string_view(request.target).substr(0, question);
        request.query = std::string_view(request.target).substr(std::min(question + 1, request.target.size()));
        request.host = "localhost:5000";
        request.remote_address = "127.0.0.1";
        if (!authorization.empty()) request.headers.add("Authorization", std::move(authorization));
        request.content_length = body.size();
        request.has_body = !body.empty();
        TextSource source(std::move(body));
        request.body = &source;
        const http::Response response = sync_wait(gateway_->handle(request));
        Answer answer{response.status, {}, nullptr, response.headers};
        if (const auto* text = std::get_if<std::string>(&response.body)) answer.text = *text;
        boost::system::error_code none;
        answer.json = boost::json::parse(answer.text, none);
        return answer;
    }
    /// The same as a principal, with a token for ARM or Graph.
    Answer call(const Guid& principal, http::Method method, std::string target, std::string body = {}) {
        const bool is_graph = target.starts_with("/v1.0");
        return send(method, std::move(target), "Bearer " + token_of(principal, is_graph ? graph : arm), std::move(body));
    }

    std::string token_of(const Guid& principal, std::string_view resource) {
        const auto world = tenancy_.world();
        auto issued = directory_tokens_.issue(*world, *world->find_principal(principal), resource, "test");
        return issued ? issued->token : std::string();
    }

    /// The first start's identity: Owner of the subscription and Global Administrator.
    const Guid& owner() const { return database.first->owner->principal.id; }
    const Guid& tenant() const { return database.first->tenant; }
    std::string subscription() const { return "/subscriptions/" + database.first->subscription.value(); }
    std::string group() const { return subscription() + "/resourceGroups/berth"; }
    const rbac::Scope& registry() const { return database.first->registry->scope; }
    std::shared_ptr<const tenant::World> world() const { return tenancy_.world(); }

    /// A service principal with that built-in role there, or without any.
    Guid new_principal(std::string_view role = {}, const std::string& scope = {}) {
        auto made = database.write([&](storage::Session& session) -> Result<Guid> {
            auto application = tenant::create_application(session, tenant(), "test", clock.now());
            if (!application) return failure(std::move(application));
            auto principal = tenant::create_service_principal(session, tenant(), application->application_id, clock.now());
            if (!principal) return failure(std::move(principal));
            if (role.empty()) return principal->id;
            const rbac::RoleAssignment assignment{.id = Guid::random(),
                                                  .scope = *rbac::Scope::parse(scope),
                                                  .role_definition = rbac::find_built_in_role(role)->id,
                                                  .principal = principal->id,
                                                  .principal_type = "ServicePrincipal",
                                                  .condition = {},
                                                  .description = std::nullopt,
                                                  .created_at = clock.now(),
                                                  .created_by = "test",
                                                  .updated_at = clock.now(),
                                                  .updated_by = "test"};
            auto put = tenant::put_role_assignment(session, tenant(), assignment);
            if (!put) return failure(std::move(put));
            return principal->id;
        });
        refresh();
        return *made;
    }
    void refresh() { (void)sync_wait(tenancy_.refresh()); }

    tenant::TenantDatabase database;
    identity::TestClock clock;
    /// Imports that were asked for; nobody does them here.
    struct RecordedImports final : ImportQueue {
        void submit(tenant::Operation operation, ImportCallers callers) override {
            all.emplace_back(std::move(operation), std::move(callers));
        }
        std::vector<std::pair<tenant::Operation, ImportCallers>> all;
    } imports;
    /// Calls to other servers: loopback is allowed, by plain HTTP too.
    outbound::CheckedClient outbound{
        {.allowed = *outbound::AllowedDestinations::parse(std::vector<std::string>{"http://127.0.0.1"})}};

private:
    static tenant::LoginServerNaming naming() { return {.domain = "localhost", .port = 5443, .external_url = {}}; }

    storage::TemporaryFolder folder_;
    WorkerPool workers_{1};
    identity::Seal seal_{Bytes(32, std::byte{7})};
    std::unique_ptr<storage::FileBlobStore> blobs_;
    tenant::Tenancy tenancy_;
    identity::Credentials credentials_;
    identity::RegistryTokens registry_tokens_;
    identity::DirectoryTokens directory_tokens_;
    identity::TrustedIssuers trusted_issuers_{{}, outbound, workers_, clock};

public:
    Services services;

private:
    std::optional<Gateway> gateway_;
};

} // namespace berth::gateway
