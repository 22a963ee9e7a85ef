#include "data_plane/upload_session.hpp"

#include "base/encoding.hpp"

namespace berth::data_plane {
namespace {

constexpr std::string_view purpose = "upload";
constexpr std::byte version{2};

// version, algorithm, has_bytes, upload id, given_at, then the signature of these and the owner
constexpr std::size_t id_at = 3;
constexpr std::size_t id_size = 16;
constexpr std::size_t time_at = id_at + id_size;
constexpr std::size_t time_size = 8;
constexpr std::size_t plain_size = time_at + time_size;
constexpr std::size_t signed_size = plain_size + identity::hmac_size;
// More than this is none of ours.
constexpr std::size_t longest_text = 128;

std::optional<Guid> guid_of(std::span<const std::byte> bytes) {
    std::string text = to_hex(bytes);
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
    return Guid::parse(text);
}

} // namespace

std::string sign_upload_session(const identity::Seal& seal, const UploadSession& session, const UploadOwner& owner) {
    std::array<std::byte, signed_size> out{};
    out[0] = version;
    out[1] = static_cast<std::byte>(session.algorithm);
    out[2] = static_cast<std::byte>(session.has_bytes);
    const auto id = from_hex(session.id.compact());
    std::ranges::copy(*id, out.begin() + id_at);
    auto time = static_cast<std::uint64_t>(to_microseconds(session.given_at));
    for (std::size_t i = 0; i < time_size; ++i, time >>= 8U) out[time_at + i] = static_cast<std::byte>(time & 0xffU);
    const auto plain = std::span(out).first<plain_size>();
    std::ranges::copy(seal.sign(purpose, {as_text(plain), owner.registry.value(), owner.repository.value(), owner.actor}),
                      out.begin() + plain_size);
    return to_base64url(out);
}

Result<UploadSession> open_upload_session(const identity::Seal& seal, std::string_view text, const UploadOwner& owner,
                                          Timestamp now) {
    const auto unknown = [] {
        return failure(ErrorCode::blob_upload_unknown,
                       "There is no such upload in this repository, or it has ended. Begin a new one with POST.");
    };
    if (text.size() > longest_text) return unknown();
    const auto bytes = from_base64url(text);
    if (!bytes || bytes->size() != signed_size || bytes->front() != version) return unknown();
    const auto plain = std::span(*bytes).first<plain_size>();
    if (!seal.has_signed(purpose, {as_text(plain), owner.registry.value(), owner.repository.value(), owner.actor},
                         std::span(*bytes).last<identity::hmac_size>())) {
        return unknown();
    }
    std::uint64_t time = 0;
    for (std::size_t i = time_size; i-- > 0;) time = time << 8U | std::to_integer<std::uint64_t>(plain[time_at + i]);
    const Timestamp given_at = from_microseconds(static_cast<std::int64_t>(time));
    if (now - given_at > upload_session_lifetime) return unknown();
    const auto algorithm = static_cast<DigestAlgorithm>(plain[1]);
    const auto id = guid_of(plain.subspan(id_at, id_size));
    if (!id || (algorithm != DigestAlgorithm::sha256 && algorithm != DigestAlgorithm::sha512)) return unknown();
    return UploadSession{.id = *id, .algorithm = algorithm, .given_at = given_at, .has_bytes = plain[2] != std::byte{0}};
}

} // namespace berth::data_plane
