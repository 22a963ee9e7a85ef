#include "app/client/command_list.hpp"
#include "app/recover.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

Result<Answer> run_recover(const Values& values) {
    auto done = recover(values.text("data"));
    if (!done) return failure(std::move(done));
    boost::json::array steps;
    for (const auto& step : done->steps) steps.push_back(boost::json::value(step));
    return Answer{.document = boost::json::object{{"clientId", done->client_id},
                                                  {"objectId", done->object_id},
                                                  {"subscriptionId", done->subscription},
                                                  {"bootstrapFile", done->file.string()},
                                                  {"steps", std::move(steps)}},
                  .note = fmt::format("{}\nStart the server, then sign in with 'berth login --data {}'.",
                                      fmt::join(done->steps, "\n"), values.text("data"))};
}

} // namespace

std::vector<Command> recover_commands() {
    return {
        {.path = "recover",
         .summary = "Make the first Owner able to sign in and do everything again, with the server stopped",
         .arguments =
             {{.name = "--data", .what = "The server's data folder; it must be yours", .required = true, .placeholder = "DIR"}},
         .examples = {"berth recover --data berth-data"},
         .run_alone = run_recover}};
}

} // namespace berth::app
