#include "data_plane/upload_session.hpp"

#include "base/encoding.hpp"
#include "base/hasher.hpp"

namespace berth::data_plane {
namespace {

constexpr std::string_view purpose = "upload";
constexpr std::byte version{1};

// version, algorithm, has_bytes, upload id, given_at, owner
constexpr std::size_t id_at = 3;
constexpr std::size_t id_size = 16;
constexpr std::size_t time_at = id_at + id_size;
constexpr std::size_t time_size = 8;
constexpr std::size_t owner_at = time_at + time_size;
constexpr std::size_t owner_size = 32;
constexpr std::size_t plain_size = owner_at + owner_size;
// Sealing adds a nonce and a tag; more than this is none of ours.
constexpr std::size_t longest_text = 256;

// One value for the three of them, so that a session is short and has no fields of open length.
Digest digest_of(const UploadOwner& owner) {
    std::string text = owner.registry.value();
    text += '\0';
    text += owner.repository.value();
    text += '\0';
    text += owner.actor;
    return Digest::of(as_bytes(text));
}

std::optional<Guid> guid_of(std::span<const std::byte> bytes) {
    std::string text = to_hex(bytes);
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
    return Guid::parse(text);
}

} // namespace

std::string seal_upload_session(const identity::Seal& seal, const UploadSession& session, const UploadOwner& owner) {
    std::array<std::byte, plain_size> plain{};
    plain[0] = version;
    plain[1] = static_cast<std::byte>(session.algorithm);
    plain[2] = static_cast<std::byte>(session.has_bytes);
    const auto id = from_hex(session.id.compact());
    std::ranges::copy(*id, plain.begin() + id_at);
    auto time = static_cast<std::uint64_t>(to_microseconds(session.given_at));
    for (std::size_t i = 0; i < time_size; ++i, time >>= 8U) plain[time_at + i] = static_cast<std::byte>(time & 0xffU);
    std::ranges::copy(digest_of(owner).bytes(), plain.begin() + owner_at);
    return to_base64url(seal.seal(purpose, plain));
}

Result<UploadSession> open_upload_session(const identity::Seal& seal, std::string_view text, const UploadOwner& owner,
                                          Timestamp now) {
    const auto unknown = [] {
        return failure(ErrorCode::blob_upload_unknown,
                       "There is no such upload in this repository, or it has ended. Begin a new one with POST.");
    };
    if (text.size() > longest_text) return unknown();
    const auto sealed = from_base64url(text);
    if (!sealed) return unknown();
    const auto opened = seal.unseal(purpose, *sealed);
    if (!opened || opened->size() != plain_size || opened->front() != version) return unknown();
    const std::span<const std::byte> plain(*opened);

    if (!std::ranges::equal(plain.subspan(owner_at, owner_size), digest_of(owner).bytes())) return unknown();
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
