#include "app/client/command_list.hpp"
#include "checking/check_folder.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

Result<Answer> run_check(const Values& values) {
    const std::string folder = values.text("data");
    auto report = checking::check_folder(folder, {.digests = !values.given("quick")});
    if (!report) return failure(std::move(report));
    boost::json::array checks;
    std::uint64_t wrong = 0;
    for (const auto& one : report->checks) {
        wrong += one.wrong;
        checks.push_back(
            boost::json::object{{"name", one.name}, {"promise", one.promise}, {"seen", one.seen}, {"wrong", one.wrong}});
    }
    boost::json::array findings;
    std::string note;
    for (const auto& one : report->findings) {
        findings.push_back(boost::json::object{{"check", one.check}, {"message", one.message}});
        note += fmt::format("{}: {}\n", one.check, one.message);
    }
    if (wrong > report->findings.size()) note += fmt::format("… and {} more.\n", wrong - report->findings.size());
    if (report->is_sound()) {
        note += fmt::format("Nothing is wrong with {}.", folder);
    } else {
        note += fmt::format("{} thing{} wrong with {}. Keep a copy of the folder as it is before you change anything in it.",
                            wrong, wrong == 1 ? " is" : "s are", folder);
    }
    boost::json::value rows = checks;
    return Answer{.document = boost::json::object{{"sound", report->is_sound()},
                                                  {"checks", std::move(checks)},
                                                  {"findings", std::move(findings)}},
                  .note = std::move(note),
                  .rows = std::move(rows),
                  .refuses = !report->is_sound()};
}

} // namespace

std::vector<Command> check_commands() {
    return {{.path = "check",
             .summary = "Walk a data folder and say what is wrong with it; the server may run meanwhile",
             .arguments = {{.name = "--data", .what = "The server's data folder", .required = true, .placeholder = "DIR"},
                           {.name = "--quick",
                            .what = "Compare only the sizes of blobs, without reading their bytes",
                            .kind = Argument::Kind::flag}},
             .examples = {"berth check --data berth-data", "berth check --data berth-data --quick --output json"},
             .columns = {{"CHECK", "name"}, {"SEEN", "seen"}, {"WRONG", "wrong"}},
             .run_alone = run_check}};
}

} // namespace berth::app
