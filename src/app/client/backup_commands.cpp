#include "app/backup.hpp"
#include "app/client/command_list.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

boost::json::array texts(const std::vector<std::string>& from) {
    boost::json::array out;
    for (const auto& text : from) out.push_back(boost::json::value(text));
    return out;
}

Result<Answer> run_backup(const Values& values) {
    auto done = make_backup(values.text("data"), values.text("target"), values.given("copy"));
    if (!done) return failure(std::move(done));
    const BackupDescription& description = done->description;
    std::string note =
        fmt::format("Backed up to {}: {} blob files, {} bytes.", done->folder.string(), description.blobs, description.bytes);
    if (done->linked > 0) {
        note += "\nThey share their bytes with the data folder: copy the backup to another disk, or use --copy.";
    }
    if (!done->missing.empty()) {
        note += fmt::format("\nThe data folder is damaged: the files of {} blobs are missing, and so they are from the backup. "
                            "'berth check' says more.",
                            done->missing.size());
    }
    return Answer{.document = boost::json::object{{"folder", done->folder.string()},
                                                  {"madeAt", to_rfc3339(description.made_at)},
                                                  {"dataVersion", description.data_version},
                                                  {"blobs", description.blobs},
                                                  {"linked", done->linked},
                                                  {"bytes", description.bytes},
                                                  {"missing", texts(done->missing)},
                                                  {"serverWasRunning", done->served}},
                  .note = std::move(note),
                  .refuses = !done->missing.empty()};
}

Result<Answer> run_restore(const Values& values) {
    auto done = restore_backup(values.text("source"), values.text("folder"), values.given("despite-damage"));
    if (!done) return failure(std::move(done));
    std::string note =
        fmt::format("Restored what was there at {} to {}.", to_rfc3339(done->description.made_at), done->folder.string());
    note += done->damage.empty()
                ? " Everything in it was compared with its digest."
                : fmt::format(" {} things in it are damaged:\n{}", done->damage.size(), fmt::join(done->damage, "\n"));
    if (!done->quarantined.empty()) {
        note += fmt::format("\nDamaged already when the backup was made:\n{}", fmt::join(done->quarantined, "\n"));
    }
    note += fmt::format("\nServe it with 'berth serve --data {}'.", done->folder.string());
    return Answer{.document = boost::json::object{{"folder", done->folder.string()},
                                                  {"madeAt", to_rfc3339(done->description.made_at)},
                                                  {"dataVersion", done->description.data_version},
                                                  {"blobs", done->description.blobs},
                                                  {"bytes", done->description.bytes},
                                                  {"damage", texts(done->damage)},
                                                  {"quarantined", texts(done->quarantined)}},
                  .note = std::move(note)};
}

} // namespace

std::vector<Command> backup_commands() {
    return {
        {.path = "backup",
         .summary = "Back up a data folder, all as it is at one moment; with the server running or stopped",
         .arguments =
             {{.name = "target", .what = "The folder to make; it must not be there", .required = true, .placeholder = "TARGET"},
              {.name = "--data", .what = "The server's data folder; it must be yours", .required = true, .placeholder = "DIR"},
              {.name = "--copy",
               .what = "Copy the files of blobs where they could be linked, too",
               .kind = Argument::Kind::flag}},
         .examples = {"berth backup --data berth-data backup-of-today", "berth backup --data berth-data --copy /mnt/backup"},
         .run_alone = run_backup},
        {.path = "restore",
         .summary = "Make a data folder of a backup and check all of it",
         .arguments =
             {{.name = "source", .what = "A folder that 'berth backup' made", .required = true, .placeholder = "SOURCE"},
              {.name = "folder",
               .what = "The data folder to make; it must not be there",
               .required = true,
               .placeholder = "FOLDER"},
              {.name = "--despite-damage", .what = "Restore what is whole of a damaged backup", .kind = Argument::Kind::flag}},
         .examples = {"berth restore backup-of-today berth-data"},
         .run_alone = run_restore}};
}

} // namespace berth::app
