#include "storage/sqlite/sqlite_integrity.hpp"

#include "storage/sqlite/sqlite_migrations.hpp"

#include <map>

namespace berth::storage {
namespace {

// What is in a schema, by kind and name, with what defines it.
using Schema = std::map<std::pair<std::string, std::string>, std::string>;

Result<Schema> read_schema(SqliteConnection& connection) {
    Schema out;
    connection.begin_work(0);
    {
        // SQLite's own tables, such as statistics, come and go.
        auto rows = connection.query("select type, name, sql from sqlite_schema where type <> 'table' and sql is not null");
        if (!rows) return failure(std::move(rows));
        for (;;) {
            auto more = rows->next();
            if (!more) return failure(std::move(more));
            if (!*more) break;
            out.emplace(std::pair(std::string(rows->text(0)), std::string(rows->text(1))), std::string(rows->text(2)));
        }
    }
    // Of tables the columns: how SQLite writes down what `alter table` did is its own affair.
    auto rows =
        connection.query("select t.name, group_concat(c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk || "
                         "' ' || ifnull(c.dflt_value, ''), ', ') from sqlite_schema t join pragma_table_info(t.name) c "
                         "where t.type = 'table' and t.name not like 'sqlite_%' group by t.name");
    if (!rows) return failure(std::move(rows));
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        out.emplace(std::pair(std::string("table"), std::string(rows->text(0))), std::string(rows->text(1)));
    }
}

// A database of the newest version that lives as long as the connection: the empty name is a file without a name.
Result<std::unique_ptr<SqliteConnection>> make_model(std::span<const Migration> steps) {
    auto model = SqliteConnection::open("", {}, SqliteConnection::Access::inspect);
    if (!model) return model;
    for (const Migration& step : steps) {
        if (auto done = (*model)->run_script(to_sqlite(step.sql)); !done) return failure(std::move(done));
    }
    return model;
}

} // namespace

Result<std::vector<std::string>> find_damage(SqliteConnection& connection) {
    connection.begin_work(0);
    auto rows = connection.query("pragma integrity_check(100)");
    if (!rows) return failure(std::move(rows));
    std::vector<std::string> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        if (rows->text(0) != "ok") out.push_back(fmt::format("SQLite says: {}", rows->text(0)));
    }
}

Result<std::vector<std::string>> find_broken_references(SqliteConnection& connection) {
    connection.begin_work(0);
    auto rows = connection.query("select \"table\", rowid, parent, count(*) from pragma_foreign_key_check "
                                 "group by \"table\", parent, rowid limit 100");
    if (!rows) return failure(std::move(rows));
    std::vector<std::string> out;
    for (;;) {
        auto more = rows->next();
        if (!more) return failure(std::move(more));
        if (!*more) return out;
        if (rows->is_null(1)) {
            out.push_back(fmt::format("{} row{} of {} refer{} to nothing in {}.", rows->integer(3),
                                      rows->integer(3) == 1 ? "" : "s", rows->text(0), rows->integer(3) == 1 ? "s" : "",
                                      rows->text(2)));
        } else {
            out.push_back(fmt::format("Row {} of {} refers to nothing in {}.", rows->integer(1), rows->text(0), rows->text(2)));
        }
    }
}

Result<std::vector<std::string>> find_schema_differences(SqliteConnection& connection, std::span<const Migration> steps) {
    auto model = make_model(steps);
    if (!model) return failure(std::move(model));
    auto expected = read_schema(**model);
    if (!expected) return failure(std::move(expected));
    auto found = read_schema(connection);
    if (!found) return failure(std::move(found));

    std::vector<std::string> out;
    for (const auto& [what, definition] : *expected) {
        const auto it = found->find(what);
        if (it == found->end()) {
            out.push_back(fmt::format("The {} {} is missing.", what.first, what.second));
        } else if (it->second != definition) {
            out.push_back(fmt::format("The {} {} is not as berth makes it.", what.first, what.second));
        }
    }
    for (const auto& [what, definition] : *found) {
        if (!expected->contains(what)) {
            out.push_back(fmt::format("The {} {} was not made by berth.", what.first, what.second));
        }
    }
    return out;
}

Result<int> read_data_version(SqliteConnection& connection) {
    connection.begin_work(0);
    auto rows = connection.query("select (select application_id from pragma_application_id), "
                                 "(select user_version from pragma_user_version)");
    if (!rows) return failure(std::move(rows));
    if (auto more = rows->next(); !more) return failure(std::move(more));
    if (rows->integer(0) != sqlite_application_id) {
        return failure(ErrorCode::conflict, "The database in the data folder was not made by berth.");
    }
    return static_cast<int>(rows->integer(1));
}

} // namespace berth::storage
