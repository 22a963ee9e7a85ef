#include "data_plane/import/remote_registry.hpp"

#include "base/encoding.hpp"
#include "base/percent.hpp"
#include "base/strict_json.hpp"
#include "data_plane/manifest_document.hpp"
#include "outbound/target_url.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <condition_variable>

namespace berth::data_plane {
namespace {

using outbound::CheckedRequest;
using outbound::CheckedResponse;
using outbound::TargetUrl;

constexpr std::string_view null_guid = "00000000-0000-0000-0000-000000000000";
constexpr std::string_view manifest_types =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.artifact.manifest.v1+json";
constexpr std::string_view index_type = "application/vnd.oci.image.index.v1+json";
constexpr std::uint16_t https_port = 443;
constexpr std::uint64_t most_token_answer = 256 * 1024;
constexpr std::size_t most_referrer_pages = 100;
constexpr std::size_t most_referrers = 10'000;

// Public registries whose token server is another host.
struct LoginHost {
    std::string_view registry;
    std::string_view realm;
};
constexpr std::array known_login_hosts{LoginHost{"registry-1.docker.io", "auth.docker.io"},
                                       LoginHost{"registry.gitlab.com", "gitlab.com"}};

std::string text_of(const Reference& reference) {
    if (const auto* tag = std::get_if<Tag>(&reference)) return tag->value();
    return std::get<Digest>(reference).to_string();
}

// An error with a code of its own: those of the table would say that berth, not the source, is to blame.
std::unexpected<Error> source_failure(ErrorCode code, std::string_view name, std::string message) {
    Error error{code, std::move(message)};
    error.protocol_code = name;
    return std::unexpected(std::move(error));
}

bool may_pass(unsigned status) noexcept { return status == 429 || status == 408 || status >= 500; }

std::string form(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    std::string out;
    for (const auto& [name, value] : fields) {
        if (!out.empty()) out += '&';
        out += fmt::format("{}={}", name, percent_encode(value));
    }
    return out;
}

Secret basic(std::string_view user, const Secret& password) {
    const Secret plain(fmt::format("{}:{}", user, password.reveal()));
    return Secret("Basic " + to_base64(as_bytes(plain.reveal())));
}

Secret bearer(const Secret& token) { return Secret("Bearer " + token.reveal()); }

// The digests of an index's children.
Result<std::vector<Digest>> children_of(std::string_view index) {
    const auto json = parse_json(index, {.depth = most_manifest_depth});
    const auto* manifests = json ? find_member(*json, "manifests") : nullptr;
    if (manifests == nullptr || !manifests->is_array() || manifests->get_array().size() > most_referrers) {
        return failure(ErrorCode::manifest_invalid, "The source's list of referrers is not an image index.");
    }
    std::vector<Digest> out;
    for (const boost::json::value& one : manifests->get_array()) {
        auto digest = Digest::parse(find_string(one, "digest").value_or(""));
        if (!digest) return failure(std::move(digest));
        out.push_back(*digest);
    }
    return out;
}

} // namespace

bool wait_before(unsigned attempt, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, std::chrono::milliseconds(250U << std::min(attempt, 5U)), [] { return false; });
    return !stop.stop_requested();
}

bool may_get_credentials(const TargetUrl& source, const TargetUrl& realm) noexcept {
    if (source.same_origin(realm)) return true;
    if (!realm.https) return false;
    if (source.host == realm.host) return true; // its certificate says so
    return source.https && source.port == https_port && realm.port == https_port &&
           std::ranges::any_of(known_login_hosts, [&](const LoginHost& known) {
               return known.registry == source.host && known.realm == realm.host;
           });
}

RemoteRegistry::RemoteRegistry(const outbound::CheckedClient& client, std::string address, RepositoryName repository,
                               std::optional<SourceCredentials> credentials, std::stop_token stop)
    : client_(client), address_(std::move(address)), repository_(std::move(repository)), credentials_(std::move(credentials)),
      stop_(std::move(stop)) {
    if (const auto url = TargetUrl::parse(address_)) host_ = url->host;
    // A bare token may be just what the registry takes; what else it may be is tried when it is refused.
    if (credentials_ && credentials_->user.empty()) authorization_ = bearer(credentials_->password);
}

std::string RemoteRegistry::scope() const { return fmt::format("repository:{}:pull", repository_.value()); }

Secret RemoteRegistry::authorization() const {
    const std::scoped_lock lock(mutex_);
    return authorization_;
}

std::unexpected<Error> RemoteRegistry::refused(const CheckedResponse& answer, std::string_view what) const {
    if (answer.status == 401 || answer.status == 403) {
        return source_failure(
            ErrorCode::bad_request, "SourceUnauthorized",
            fmt::format("Unauthorized: the source {} refused to give {} (status {}). {}", host_, what, answer.status,
                        credentials_ ? "Check the user name and password or the token, and whether they may pull there."
                                     : "It wants credentials: give 'source.credentials'."));
    }
    if (may_pass(answer.status)) {
        return source_failure(ErrorCode::unavailable, "SourceUnavailable",
                              fmt::format("The source {} answered {} for {}.", host_, answer.status, what));
    }
    return source_failure(ErrorCode::bad_request, "SourceFailed",
                          fmt::format("The source {} answered {} for {}.", host_, answer.status, what));
}

Result<CheckedResponse> RemoteRegistry::call(CheckedRequest request, outbound::BodySink* sink) {
    request.stop = stop_;
    for (bool again = false;; again = true) {
        request.authorization = authorization();
        auto answer = sink != nullptr ? client_.stream(request, *sink) : client_.send(request);
        if (!answer) {
            if (answer.error().code == ErrorCode::unavailable) answer.error().protocol_code = "SourceUnavailable";
            return answer;
        }
        if (answer->status != 401 || again) return answer;
        if (auto done = log_in(*answer, request.authorization); !done) return failure(std::move(done));
    }
}

Result<CheckedResponse> RemoteRegistry::call_again(const CheckedRequest& request) {
    for (unsigned attempt = 0;; ++attempt) {
        auto answer = call(request, nullptr);
        const bool passes = answer ? may_pass(answer->status) : answer.error().code == ErrorCode::unavailable;
        if (!passes || attempt + 1 == most_attempts || !wait_before(attempt, stop_)) return answer;
    }
}

Result<void> RemoteRegistry::log_in(const CheckedResponse& answer, const Secret& refused_authorization) {
    const std::scoped_lock lock(logging_in_);
    // Another thread has a new token already.
    if (!authorization().equals(refused_authorization.reveal())) return {};
    std::optional<RegistryChallenge> challenge;
    for (const auto& [name, value] : answer.headers) {
        if (name == "www-authenticate" && !challenge) challenge = parse_registry_challenge(value);
    }
    if (!challenge) return refused(answer, "anything, and says not how to sign in");
    Secret next;
    if (challenge->scheme == RegistryChallenge::Scheme::basic) {
        if (!credentials_) return refused(answer, "the image");
        next = basic(credentials_->user.empty() ? null_guid : std::string_view(credentials_->user), credentials_->password);
    } else {
        auto token = fetch_token(*challenge);
        if (!token) return failure(std::move(token));
        next = bearer(*token);
    }
    const std::scoped_lock guard(mutex_);
    authorization_ = std::move(next);
    return {};
}

Result<Secret> RemoteRegistry::fetch_token(const RegistryChallenge& challenge) {
    const auto realm = TargetUrl::parse(challenge.realm);
    if (!realm) return source_failure(ErrorCode::bad_request, "SourceFailed", "The source's realm is not an address.");
    auto source = TargetUrl::parse(address_);
    if (!source) return failure(std::move(source));
    if (credentials_ && !may_get_credentials(*source, *realm)) {
        return source_failure(ErrorCode::bad_request, "SourceFailed",
                              fmt::format("The source {} wants its credentials at {}, which is another host, or the same one "
                                          "without TLS at another port: berth gives them to the host that was named, and to "
                                          "no other.",
                                          address_, realm->to_string()));
    }
    if (credentials_ && credentials_->user.empty()) return token_for_bare_token(challenge, credentials_->password);
    CheckedRequest request;
    request.url =
        fmt::format("{}{}scope={}", challenge.realm, challenge.realm.contains('?') ? '&' : '?', percent_encode(scope()));
    if (!challenge.service.empty()) request.url += fmt::format("&service={}", percent_encode(challenge.service));
    if (credentials_) request.authorization = basic(credentials_->user, credentials_->password);
    request.answer_limit = most_token_answer;
    request.stop = stop_;
    auto answer = client_.send(request);
    if (!answer) return failure(std::move(answer));
    if (answer->status != 200) return refused(*answer, "a token");
    return parse_registry_token(answer->body);
}

Result<Secret> RemoteRegistry::refresh(const RegistryChallenge& challenge, const Secret& refresh_token) {
    CheckedRequest request;
    request.method = "POST";
    request.url = challenge.realm;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = form({{"grant_type", "refresh_token"},
                         {"client_id", "berth"},
                         {"service", challenge.service},
                         {"scope", scope()},
                         {"refresh_token", refresh_token.reveal()}});
    request.answer_limit = most_token_answer;
    request.stop = stop_;
    auto answer = client_.send(request);
    if (!answer) return failure(std::move(answer));
    if (answer->status != 200) return refused(*answer, "a token");
    return parse_registry_token(answer->body);
}

// What a token without a user may be, beside an access token: a refresh token (`az acr login --expose-token`), or a token of
// Entra ID, which `/oauth2/exchange` takes.
Result<Secret> RemoteRegistry::token_for_bare_token(const RegistryChallenge& challenge, const Secret& given) {
    auto token = refresh(challenge, given);
    if (token || token.error().code == ErrorCode::unavailable) return token;
    constexpr std::string_view ending = "/oauth2/token";
    if (challenge.realm.ends_with(ending)) {
        CheckedRequest request;
        request.method = "POST";
        request.url = challenge.realm.substr(0, challenge.realm.size() - ending.size()) + "/oauth2/exchange";
        request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
        request.body = form({{"grant_type", "access_token"}, {"service", challenge.service}, {"access_token", given.reveal()}});
        request.answer_limit = most_token_answer;
        request.stop = stop_;
        auto answer = client_.send(request);
        if (!answer) return failure(std::move(answer));
        if (answer->status == 200) {
            auto refresh_token = parse_refresh_token(answer->body);
            if (!refresh_token) return failure(std::move(refresh_token));
            return refresh(challenge, *refresh_token);
        }
    }
    return token;
}

Result<SourceManifest> RemoteRegistry::manifest(const Reference& reference) {
    CheckedRequest request;
    request.url = fmt::format("{}/v2/{}/manifests/{}", address_, repository_.value(), text_of(reference));
    request.headers = {{"Accept", std::string(manifest_types)}};
    request.answer_limit = most_manifest_bytes;
    auto answer = call_again(request);
    if (!answer) return failure(std::move(answer));
    if (answer->status == 404) {
        return failure(ErrorCode::manifest_unknown, fmt::format("The source {} has no manifest {} in the repository '{}'.",
                                                                host_, text_of(reference), repository_.value()));
    }
    if (answer->status != 200) return refused(*answer, fmt::format("the manifest {}", text_of(reference)));
    SourceManifest out{.content = std::move(answer->body), .media_type = std::nullopt, .digest = std::nullopt};
    if (const auto type = answer->header("content-type")) out.media_type = *type;
    if (const auto text = answer->header("docker-content-digest")) {
        auto digest = Digest::parse(*text);
        if (!digest) return failure(std::move(digest));
        out.digest = *digest;
    }
    return out;
}

Result<std::vector<Digest>> RemoteRegistry::referrers_by_tag(const Digest& subject) {
    if (subject.algorithm() != DigestAlgorithm::sha256) return std::vector<Digest>();
    auto tag = Tag::parse(fmt::format("sha256-{}", subject.hex()));
    if (!tag) return failure(std::move(tag));
    auto index = manifest(*tag);
    if (!index && index.error().code == ErrorCode::manifest_unknown) return std::vector<Digest>();
    if (!index) return failure(std::move(index));
    return children_of(index->content);
}

// The address of the page after this one (RFC 8288), on the same server; empty after the last one.
Result<std::string> RemoteRegistry::next_page(const CheckedResponse& page) const {
    const auto link = page.header("link");
    if (!link || !link->starts_with('<') || !link->contains("rel=\"next\"")) return std::string();
    const std::string_view target = link->substr(1, link->find('>') - 1);
    if (target.starts_with('/') && !target.starts_with("//")) return fmt::format("{}{}", address_, target);
    if (target.starts_with(address_ + "/")) return std::string(target);
    return source_failure(ErrorCode::bad_request, "SourceFailed", "The source's list of referrers goes on at another host.");
}

Result<std::vector<Digest>> RemoteRegistry::referrers(const Digest& subject) {
    std::vector<Digest> out;
    CheckedRequest request;
    request.url = fmt::format("{}/v2/{}/referrers/{}", address_, repository_.value(), subject.to_string());
    request.headers = {{"Accept", std::string(index_type)}};
    request.answer_limit = most_manifest_bytes;
    for (std::size_t page = 0; page < most_referrer_pages; ++page) {
        auto answer = call_again(request);
        if (!answer) return failure(std::move(answer));
        if (answer->status == 404 && page == 0) return referrers_by_tag(subject);
        if (answer->status != 200) return refused(*answer, fmt::format("the referrers of {}", subject.to_string()));
        auto digests = children_of(answer->body);
        if (!digests) return failure(std::move(digests));
        out.insert(out.end(), digests->begin(), digests->end());
        if (out.size() > most_referrers) break;
        auto next = next_page(*answer);
        if (!next) return failure(std::move(next));
        if (next->empty()) return out;
        request.url = std::move(*next);
    }
    return failure(ErrorCode::limit_exceeded, fmt::format("{} has too many referrers.", subject.to_string()));
}

Result<void> RemoteRegistry::blob(const Digest& digest, std::uint64_t offset, std::uint64_t limit, outbound::BodySink& sink) {
    CheckedRequest request;
    request.url = fmt::format("{}/v2/{}/blobs/{}", address_, repository_.value(), digest.to_string());
    if (offset > 0) request.headers = {{"Range", fmt::format("bytes={}-", offset)}};
    request.answer_limit = limit;
    request.timeout = std::chrono::seconds(0);
    auto answer = call(std::move(request), &sink);
    if (!answer) return failure(std::move(answer));
    if (answer->status == 404) {
        return failure(ErrorCode::blob_unknown,
                       fmt::format("The source {} does not have the blob {}.", host_, digest.to_string()));
    }
    if (answer->status == 416) return failure(ErrorCode::range_not_satisfiable, "The source does not go on there.");
    if (answer->status != 200 && answer->status != 206) {
        return refused(*answer, fmt::format("the blob {}", digest.to_string()));
    }
    return {};
}

} // namespace berth::data_plane
