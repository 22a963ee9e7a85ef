#include "identity/device_codes.hpp"

#include "base/random.hpp"
#include "identity/handle.hpp"
#include "identity/person_columns.hpp"
#include "tenant/columns.hpp"

#include <array>

namespace berth::identity {
namespace {

using storage::Rows;
using storage::Session;

// No vowels, so no words; nothing that looks like something else. 26 letters: 9 of them are 42 bits.
constexpr std::string_view alphabet = "BCDFGHJKLMNPQRSTVWXZ234679";
constexpr std::size_t user_code_length = 9;

std::string make_user_code() {
    // A byte above the largest multiple would make some letters likelier.
    constexpr std::size_t fair = 256 / alphabet.size() * alphabet.size();
    std::string out;
    while (out.size() < user_code_length) {
        std::array<std::byte, 32> bytes{};
        fill_random(bytes);
        for (const std::byte byte : bytes) {
            const auto value = std::to_integer<std::size_t>(byte);
            if (value < fair && out.size() < user_code_length) out += alphabet[value % alphabet.size()];
        }
    }
    return out;
}

std::string as_written(std::string_view typed) {
    std::string out;
    for (const char c : typed.substr(0, 64)) {
        if (c == ' ' || c == '-') continue;
        out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return out;
}

} // namespace

Result<DeviceCode> make_device_code(Session& session, const std::string& client_id, const std::string& access,
                                    const std::string& address, Timestamp now) {
    if (auto pruned = session.execute("delete from device_codes where ends_at <= ?1", now); !pruned) {
        return failure(std::move(pruned));
    }
    auto all = tenant::integer(session, "select count(*) from device_codes");
    if (!all) return failure(std::move(all));
    auto of_address = tenant::integer(session, "select count(*) from device_codes where address = ?1", address);
    if (!of_address) return failure(std::move(of_address));
    if (*all >= max_device_codes || *of_address >= max_device_codes_of_an_address) {
        return failure(ErrorCode::too_many_requests,
                       "Too many sign-ins wait for somebody to enter their code. Try again in a quarter of an hour.",
                       boost::json::object{{"retryAfter", 900}});
    }
    const Handle handle = make_handle();
    DeviceCode out{handle.value, make_user_code()};
    auto inserted = session.execute("insert into device_codes(id, user_code, client_id, access, address, status, grant_id, "
                                    "ends_at) values (?1, ?2, ?3, ?4, ?5, 'pending', ?6, ?7)",
                                    handle.id, out.user_code, client_id, access, address, nullptr, now + device_code_lifetime);
    if (!inserted) return failure(std::move(inserted));
    return out;
}

Result<std::optional<PendingDevice>> find_device(Session& session, std::string_view user_code, Timestamp now) {
    const auto read = [](const Rows& rows) -> Result<PendingDevice> {
        return PendingDevice{std::string(rows.text(0)), std::string(rows.text(1)), std::string(rows.text(2))};
    };
    return tenant::find(session,
                        "select user_code, client_id, address from device_codes where user_code = ?1 and status = 'pending' "
                        "and ends_at > ?2",
                        read, as_written(user_code), now);
}

Result<bool> approve_device(Session& session, const PendingDevice& device, const VerifiedPrincipal& person, Timestamp now) {
    auto delegation = delegate(session, person, device.client_id, false, device_code_lifetime, now);
    if (!delegation) return failure(std::move(delegation));
    auto approved =
        session.execute("update device_codes set status = 'approved', grant_id = ?2 where user_code = ?1 and status "
                        "= 'pending' and ends_at > ?3",
                        device.user_code, delegation->id.value(), now);
    if (!approved) return failure(std::move(approved));
    return *approved == 1;
}

Result<bool> decline_device(Session& session, const PendingDevice& device, Timestamp now) {
    auto declined = session.execute("update device_codes set status = 'declined' where user_code = ?1 and status = 'pending' "
                                    "and ends_at > ?2",
                                    device.user_code, now);
    if (!declined) return failure(std::move(declined));
    return *declined == 1;
}

Result<std::variant<Redeemed, Refused>> redeem_device_code(Session& session, std::string_view device_code,
                                                           std::string_view client_id, Timestamp now) {
    using Answer = std::variant<Redeemed, Refused>;
    struct Row {
        std::string client_id;
        std::string access;
        std::string status;
        Timestamp ends_at;
        std::optional<Guid> grant;
    };
    const std::string id = handle_id(device_code);
    auto found = tenant::find(
        session, "select client_id, access, status, ends_at, grant_id from device_codes where id = ?1",
        [](const Rows& rows) -> Result<Row> {
            auto grant = tenant::optional_guid_column(rows, 4, "grant of a device code");
            if (!grant) return failure(std::move(grant));
            return Row{std::string(rows.text(0)), std::string(rows.text(1)), std::string(rows.text(2)), rows.time(3),
                       std::move(*grant)};
        },
        id);
    if (!found) return failure(std::move(found));
    if (!*found) return Answer(Refused::unknown);
    const Row& row = **found;
    if (row.client_id != client_id) return Answer(Refused::another_client);
    if (row.ends_at <= now) return Answer(Refused::expired);
    if (row.status == "pending") return Answer(Refused::pending);
    auto taken = session.execute("delete from device_codes where id = ?1", id);
    if (!taken) return failure(std::move(taken));
    if (row.status != "approved" || !row.grant) return Answer(Refused::declined);
    auto delegation = tenant::find(
        session, "select principal_id, secret, outside_groups from sign_in_grants where id = ?1",
        [](const Rows& rows) { return person_columns(rows, 0); }, row.grant->value());
    if (!delegation) return failure(std::move(delegation));
    if (!*delegation) return Answer(Refused::expired);
    return Answer(Redeemed{{*row.grant, std::move(**delegation), row.client_id, false}, row.access});
}

} // namespace berth::identity
