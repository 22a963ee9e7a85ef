#include "checking/check_list.hpp"
#include "storage/sqlite/sqlite_integrity.hpp"

namespace berth::checking {
namespace {

using Sentences = Result<std::vector<std::string>>;

Result<void> tell(Inspection& inspection, Sentences sentences) {
    if (!sentences) return failure(std::move(sentences));
    inspection.saw();
    for (std::string& sentence : *sentences) inspection.wrong(std::move(sentence));
    return {};
}

Result<void> check_file(Inspection& inspection) { return tell(inspection, storage::find_damage(inspection.database())); }

Result<void> check_schema(Inspection& inspection) {
    return tell(inspection, storage::find_schema_differences(inspection.database(), storage::migrations()));
}

Result<void> check_references(Inspection& inspection) {
    return tell(inspection, storage::find_broken_references(inspection.database()));
}

} // namespace

std::vector<Check> database_checks() {
    return {
        {.name = "database-file", .promise = "Pages, indexes and constraints of the database are whole.", .run = check_file},
        {.name = "schema",
         .promise = "Tables, columns, indexes and triggers are as this version of berth makes them.",
         .run = check_schema},
        {.name = "foreign-keys", .promise = "What a row refers to is there.", .run = check_references},
        {.name = "row-numbers",
         .promise = "No number of a row was used that may be given again.",
         .counted = {"select count(*) from sqlite_sequence"},
         .wrong = {"select 'The next resource would get a number that one had: content of that one would be its own.' "
                   "where (select max(id) from resources) > "
                   "ifnull((select seq from sqlite_sequence where name = 'resources'), 0)",
                   "select 'The next repository would get a number that one had.' where (select max(id) from repositories) > "
                   "ifnull((select seq from sqlite_sequence where name = 'repositories'), 0)",
                   "select 'The next event would get a number that one had.' where (select max(sequence) from events) > "
                   "ifnull((select seq from sqlite_sequence where name = 'events'), 0)",
                   "select 'The next change of the world would get a number that one had: a running server would miss it.' "
                   "where (select max(sequence) from world_changes) > "
                   "ifnull((select seq from sqlite_sequence where name = 'world_changes'), 0)"}}};
}

} // namespace berth::checking
