#include "app/recover.hpp"

#include "app/bootstrap_file.hpp"
#include "app/data_in_place.hpp"
#include "base/time.hpp"
#include "identity/credentials.hpp"
#include "storage/data_folder.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tenant/recovery.hpp"

#include <fmt/format.h>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace berth::app {
namespace {

// As long as the first start's; it ends when somebody replaces it.
constexpr auto secret_lifetime = std::chrono::hours(24 * 365 * 100);

std::string user_name(uid_t user) {
    const passwd* entry = ::getpwuid(user);
    return entry != nullptr ? entry->pw_name : std::to_string(user);
}

// Whoever owns the folder may do this, and nobody else: files that another user, even root, made in it would keep its
// server from starting.
Result<void> check_folder(const std::filesystem::path& data) {
    struct stat folder{};
    std::error_code ignored;
    const bool is_there = ::stat(data.c_str(), &folder) == 0 && S_ISDIR(folder.st_mode);
    if (is_there && folder.st_uid != ::geteuid()) {
        return failure(ErrorCode::forbidden,
                       fmt::format("'{0}' belongs to the user {1}: only that user recovers it. Run 'sudo -u {1} berth recover "
                                   "--data {0}'.",
                                   data.string(), user_name(folder.st_uid)));
    }
    if (!is_there || !std::filesystem::exists(data / "berth.db", ignored)) {
        return failure(
            ErrorCode::not_found,
            fmt::format("'{}' holds no data of berth. Name the folder that 'berth serve --data' was given.", data.string()));
    }
    return {};
}

std::vector<std::string> steps_of(const tenant::Recovery& done, const std::filesystem::path& file) {
    std::vector<std::string> out;
    const auto add = [&](bool happened, std::string sentence) {
        if (happened) out.push_back(std::move(sentence));
    };
    add(done.application_made, "Made the Owner's application anew: it had been deleted.");
    add(done.principal_made, "Made the Owner's service principal anew: it had been deleted.");
    add(done.enabled, "Enabled the Owner: it had been disabled.");
    add(done.administrator_given, "Made the Owner Global Administrator of the directory.");
    add(done.role_given, "Gave the Owner the role Owner at the subscription.");
    add(done.condition_removed, "Removed the condition from the Owner's role at the subscription.");
    add(done.secrets_removed > 0, fmt::format("Ended {} of its oldest secrets to make room.", done.secrets_removed));
    add(true, fmt::format("Gave the Owner a new secret: it is in {}.", file.string()));
    add(done.other_secrets > 0,
        fmt::format("{} other secret{} of the Owner still hold{}; 'berth principal secret list' shows them.",
                    done.other_secrets, done.other_secrets == 1 ? "" : "s", done.other_secrets == 1 ? "s" : ""));
    add(done.deny_assignments > 0,
        fmt::format(
            "Excluded the Owner from {} deny assignment{}, which {} for everybody else; 'berth deny-assignment list' shows.",
            done.deny_assignments, done.deny_assignments == 1 ? "" : "s", done.deny_assignments == 1 ? "stays" : "stay"));
    return out;
}

} // namespace

Result<Recovered> recover(const std::filesystem::path& data) {
    if (auto checked = check_folder(data); !checked) return failure(std::move(checked));
    ignore_collection_signal();
    auto folder = storage::DataFolder::open(data.string());
    if (!folder && folder.error().code == ErrorCode::conflict) {
        return failure(ErrorCode::conflict,
                       fmt::format("{} To recover the Owner: stop the server that serves this folder, run this command again, "
                                   "start the server.",
                                   folder.error().message.substr(0, folder.error().message.find(" Stop"))));
    }
    if (!folder) return failure(std::move(folder));
    auto database = storage::open_sqlite(folder->database());
    if (!database) return failure(std::move(database));

    const Timestamp now = Clock().now();
    const auto made = identity::make_credential("berth recover", now, secret_lifetime);
    auto done = sync_wait(tenant::recover_owner(**database, made.info, made.hash, now));
    if (!done) return failure(std::move(done));

    const std::filesystem::path path = folder->path_of("bootstrap.json");
    BootstrapFile file{.http = {},
                       .https = {},
                       .authority_file = {},
                       .bootstrap = done->bootstrap,
                       .login_server = {},
                       .owner_secret = made.secret};
    read_addresses(path, file);
    if (auto written = write_bootstrap_file(path, file); !written) return failure(std::move(written));
    const auto& owner = *done->bootstrap.owner;
    return Recovered{.client_id = owner.application.application_id.value(),
                     .object_id = owner.principal.id.value(),
                     .subscription = done->bootstrap.subscription.value(),
                     .file = path,
                     .steps = steps_of(*done, path)};
}

} // namespace berth::app
