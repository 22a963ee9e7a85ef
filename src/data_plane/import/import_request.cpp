#include "data_plane/import/import_request.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace berth::data_plane {
namespace {

using boost::json::object;

constexpr std::string_view purpose = "credentials of an import's source";

std::string text_of(const Reference& reference) {
    if (const auto* tag = std::get_if<Tag>(&reference)) return tag->value();
    return std::get<Digest>(reference).to_string();
}

std::unexpected<Error> damaged() { return failure(ErrorCode::internal, "The database holds a damaged import."); }

} // namespace

std::string ImportRequest::source_name() const {
    const std::size_t scheme = source_address.find("://");
    const std::string host = scheme == std::string::npos ? source_address : source_address.substr(scheme + 3);
    const bool by_tag = std::holds_alternative<Tag>(reference);
    return fmt::format("{}{}{}{}{}", host, host.empty() ? "" : "/", repository.value(), by_tag ? ":" : "@", text_of(reference));
}

object to_json(const ImportRequest& request, const identity::Seal& seal) {
    object out{{"repository", request.repository.value()},
               {"reference", text_of(request.reference)},
               {"force", request.force},
               {"sourceDecided", request.source_decided},
               {"actorSecret", request.actor_secret},
               {"includeReferrers", request.include_referrers}};
    if (!request.source_address.empty()) out["address"] = request.source_address;
    if (request.source_registry) out["registry"] = request.source_registry->value();
    if (request.credentials) {
        const object plain{{"user", request.credentials->user}, {"password", request.credentials->password.reveal()}};
        const Secret text(boost::json::serialize(plain));
        out["credentials"] = to_base64url(seal.seal(purpose, as_bytes(text.reveal())));
    }
    boost::json::array targets;
    for (const ImportTarget& target : request.targets) {
        object one{{"repository", target.repository.value()}};
        if (target.tag) one["tag"] = target.tag->value();
        targets.emplace_back(std::move(one));
    }
    out["targets"] = std::move(targets);
    return out;
}

Result<ImportRequest> parse_import_request(const object& stored, const identity::Seal& seal) {
    const boost::json::value whole = stored;
    auto repository = RepositoryName::parse(find_string(whole, "repository").value_or(""));
    auto reference = parse_reference(find_string(whole, "reference").value_or(""));
    const auto* targets = find_member(whole, "targets");
    if (!repository || !reference || targets == nullptr || !targets->is_array()) return damaged();
    ImportRequest out{.source_address = std::string(find_string(whole, "address").value_or("")),
                      .source_registry = std::nullopt,
                      .source_decided = find_bool(whole, "sourceDecided").value_or(false),
                      .actor_secret = std::string(find_string(whole, "actorSecret").value_or("")),
                      .repository = std::move(*repository),
                      .reference = std::move(*reference),
                      .credentials = std::nullopt,
                      .targets = {},
                      .force = find_bool(whole, "force").value_or(false),
                      .include_referrers = find_bool(whole, "includeReferrers").value_or(false)};
    if (const auto registry = find_string(whole, "registry")) out.source_registry = Guid::parse(*registry);
    if (out.source_address.empty() != out.source_registry.has_value()) return damaged();
    if (const auto sealed = find_string(whole, "credentials")) {
        const auto bytes = from_base64url(*sealed);
        if (!bytes) return damaged();
        auto plain = seal.unseal(purpose, *bytes);
        if (!plain) return failure(std::move(plain));
        auto json = parse_json(as_text(*plain));
        if (!json) return damaged();
        out.credentials = SourceCredentials{.user = std::string(find_string(*json, "user").value_or("")),
                                            .password = Secret(std::string(find_string(*json, "password").value_or("")))};
    }
    for (const boost::json::value& one : targets->get_array()) {
        auto name = RepositoryName::parse(find_string(one, "repository").value_or(""));
        if (!name) return damaged();
        ImportTarget target{.repository = std::move(*name), .tag = std::nullopt};
        if (const auto tag = find_string(one, "tag")) {
            auto parsed = Tag::parse(*tag);
            if (!parsed) return damaged();
            target.tag = std::move(*parsed);
        }
        out.targets.push_back(std::move(target));
    }
    if (out.targets.empty()) return damaged();
    return out;
}

} // namespace berth::data_plane
