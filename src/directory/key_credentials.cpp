#include "directory/key_credentials.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "identity/certificate.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace berth::directory {
namespace {

using boost::json::value;
using tenant::KeyCredential;

constexpr std::size_t longest_display_name = 120;

std::unexpected<Error> invalid(std::size_t index, std::string_view what) {
    return failure(ErrorCode::invalid_parameter, fmt::format("'keyCredentials[{}]{}.", index, what));
}

Result<std::optional<Timestamp>> time_of(const value& given, std::string_view name, std::size_t index) {
    const value* member = find_member(given, name);
    if (member == nullptr) return std::optional<Timestamp>();
    auto time = member->is_string() ? parse_rfc3339(member->get_string()) : std::nullopt;
    if (!time) return invalid(index, fmt::format(".{}' must be a time such as 2027-01-31T00:00:00Z", name));
    return time;
}

// az sends lines.
std::string without_spaces(std::string_view text) {
    std::string out;
    std::ranges::copy_if(text, std::back_inserter(out), [](char c) { return c != '\n' && c != '\r' && c != ' '; });
    return out;
}

Result<KeyCredential> new_one(const value& given, std::string_view key, std::size_t index) {
    const auto bytes = from_base64(without_spaces(key));
    if (!bytes) return invalid(index, ".key' must be a certificate (DER) in base64");
    auto certificate = identity::Certificate::parse(*bytes);
    if (!certificate) return invalid(index, fmt::format(".key' is not accepted: {}", certificate.error().message));
    const std::string_view type = find_string(given, "type").value_or("AsymmetricX509Cert");
    const std::string_view usage = find_string(given, "usage").value_or("Verify");
    if (type != "AsymmetricX509Cert" || usage != "Verify") {
        return invalid(index, "' must have the type AsymmetricX509Cert and the usage Verify");
    }
    auto starts = time_of(given, "startDateTime", index);
    if (!starts) return failure(std::move(starts));
    auto ends = time_of(given, "endDateTime", index);
    if (!ends) return failure(std::move(ends));
    const auto key_id = Guid::parse(find_string(given, "keyId").value_or(""));
    KeyCredential out{
        .key_id = key_id ? *key_id : Guid::random(), .certificate = {}, .thumbprint = {}, .display_name = std::nullopt};
    // az asks for times of its own that may lie around the certificate's: the shorter time holds.
    out.starts_at = std::max(starts->value_or(certificate->not_before), certificate->not_before);
    out.ends_at = std::min(ends->value_or(certificate->not_after), certificate->not_after);
    if (out.ends_at <= out.starts_at)
        return invalid(index, ".endDateTime' must lie after the start, within the certificate's time");
    if (const auto name = find_string(given, "displayName")) {
        if (name->size() > longest_display_name) return invalid(index, ".displayName' can have 120 characters");
        out.display_name = std::string(*name);
    }
    out.thumbprint = std::move(certificate->sha1);
    out.certificate = std::move(certificate->der);
    return out;
}

} // namespace

Result<std::vector<KeyCredential>> parse_key_credentials(const value& given, std::span<const KeyCredential> kept) {
    std::vector<KeyCredential> out;
    if (given.is_null()) return out;
    if (!given.is_array() || given.get_array().size() > tenant::max_key_credentials) {
        return failure(ErrorCode::invalid_parameter,
                       fmt::format("'keyCredentials' must be an array of at most {} items.", tenant::max_key_credentials));
    }
    for (std::size_t i = 0; i < given.get_array().size(); ++i) {
        const value& one = given.get_array()[i];
        if (!one.is_object()) return invalid(i, "' must be an object");
        const auto key = find_string(one, "key");
        if (key) {
            auto made = new_one(one, *key, i);
            if (!made) return failure(std::move(made));
            // Tokens name the certificate behind them by this id: another certificate is not that one.
            const bool replaces = std::ranges::any_of(kept, [&](const KeyCredential& other) {
                return other.key_id == made->key_id && other.certificate != made->certificate;
            });
            if (replaces) made->key_id = Guid::random();
            out.push_back(std::move(*made));
        } else {
            const auto id = Guid::parse(find_string(one, "keyId").value_or(""));
            const auto same = std::ranges::find_if(kept, [&](const KeyCredential& other) { return id && other.key_id == *id; });
            if (same == kept.end()) return invalid(i, "' needs 'key', or the 'keyId' of one that is there");
            out.push_back(*same);
        }
        if (std::ranges::count(out, out.back().key_id, &KeyCredential::key_id) > 1) {
            return invalid(i, ".keyId' is there twice");
        }
    }
    return out;
}

Result<void> replace_key_credentials(storage::Session& session, const Guid& owner, const value& given) {
    auto kept = tenant::list_key_credentials(session, owner);
    if (!kept) return failure(std::move(kept));
    auto wanted = parse_key_credentials(given, *kept);
    if (!wanted) return failure(std::move(wanted));
    if (kept->empty() && wanted->empty()) return {};
    return tenant::replace_key_credentials(session, owner, *wanted);
}

boost::json::array to_json(std::span<const KeyCredential> credentials) {
    boost::json::array out;
    for (const KeyCredential& one : credentials) {
        std::string thumbprint = to_hex(one.thumbprint);
        std::ranges::transform(thumbprint, thumbprint.begin(), [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
        out.push_back(boost::json::object{{"customKeyIdentifier", thumbprint},
                                          {"displayName", one.display_name ? value(*one.display_name) : value(nullptr)},
                                          {"endDateTime", to_rfc3339(one.ends_at)},
                                          {"key", nullptr},
                                          {"keyId", one.key_id.value()},
                                          {"startDateTime", to_rfc3339(one.starts_at)},
                                          {"type", "AsymmetricX509Cert"},
                                          {"usage", "Verify"}});
    }
    return out;
}

} // namespace berth::directory
