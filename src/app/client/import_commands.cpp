#include "app/client/command_list.hpp"
#include "app/client/console.hpp"
#include "app/client/import_source.hpp"
#include "app/client/resource_kind.hpp"
#include "app/client/scopes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace berth::app {
namespace {

using boost::json::array;
using boost::json::object;

array texts(const std::vector<std::string>& from) {
    array out;
    for (const auto& one : from) out.emplace_back(one);
    return out;
}

// Where the image comes from: a registry of this server by its id, or any other by its host.
Result<object> source_of(Session& session, const Values& values, const ImportSource& image) {
    object source{{"sourceImage", image.image}};
    if (!values.given("source-registry")) {
        source["registryUri"] = image.host;
    } else if (auto id = registry_scope(session, values, values.text("source-registry")); id) {
        source["resourceId"] = *id;
    } else {
        return failure(std::move(id));
    }
    if (!values.given("username") && !values.given("password-file")) return source;
    auto password = read_secret(values.text("password-file"), "BERTH_SOURCE_PASSWORD", "Password at the source: ");
    if (!password) return failure(std::move(password));
    object credentials{{"password", password->reveal()}};
    if (values.given("username")) credentials["username"] = values.text("username");
    source["credentials"] = std::move(credentials);
    return source;
}

// What an operation says of itself, on one line of a terminal that is written again and again.
void show_progress(const boost::json::value& status) {
    if (isatty(STDERR_FILENO) == 0) return;
    const std::string line = progress_line(status);
    if (!line.empty()) std::fputs(fmt::format("\r\x1b[K{}", line).c_str(), stderr);
}

Result<Answer> run_import(Session& session, const Values& values) {
    auto image = parse_import_source(values.text("source"), values.given("source-registry"));
    if (!image) return failure(std::move(image));
    auto target = registry_scope(session, values, values.text("registry"));
    if (!target) return failure(std::move(target));
    auto source = source_of(session, values, *image);
    if (!source) return failure(std::move(source));
    auto tags = values.list("image");
    auto untagged = values.list("untagged");
    if (tags.empty() && untagged.empty()) {
        if (image->digest)
            untagged.push_back(image->repository);
        else
            tags.push_back(image->image);
    }
    object body{{"source", std::move(*source)},
                {"mode", values.given("force") ? "Force" : "NoForce"},
                {"targetTags", texts(tags)},
                {"untaggedTargetRepositories", texts(untagged)}};
    if (values.given("include-referrers")) body["includeReferrers"] = true;
    const bool wait = !values.given("no-wait");
    auto done = session.arm_to_its_end("POST", *target + "/importImage", body, wait, show_progress);
    if (isatty(STDERR_FILENO) != 0) std::fputs("\r\x1b[K", stderr);
    if (!done) return failure(std::move(done));
    std::vector<std::string> targets = tags;
    targets.insert(targets.end(), untagged.begin(), untagged.end());
    return Answer{.note = fmt::format("{} {} '{}'.", fmt::join(targets, ", "), wait ? "is in" : "is on its way into",
                                      values.text("registry"))};
}

} // namespace

std::vector<Command> import_commands() {
    const Argument target = {.name = "-r,--registry",
                             .what = "Name or ARM id of the registry to import into",
                             .required = true,
                             .placeholder = "REGISTRY"};
    return {{.path = "import",
             .summary = "Copy an image from another registry into this one; the server fetches it",
             .arguments = joined(
                 {{.name = "source", .what = "host/repository:tag or host/repository@digest", .required = true},
                  target,
                  {.name = "--source-registry",
                   .what = "A registry of this server (name or ARM id); the source is then repository:tag",
                   .placeholder = "REGISTRY"},
                  {.name = "-t,--image",
                   .what = "Name in this registry, repository:tag; several are possible, and the source's when left out",
                   .kind = Argument::Kind::list,
                   .placeholder = "NAME"},
                  {.name = "--untagged",
                   .what = "Repository that gets the image without a tag",
                   .kind = Argument::Kind::list,
                   .placeholder = "REPOSITORY"},
                  {.name = "--force", .what = "Move tags that are there already", .kind = Argument::Kind::flag},
                  {.name = "--include-referrers",
                   .what = "Signatures and whatever else refers to the image, too",
                   .kind = Argument::Kind::flag},
                  {.name = "-u,--username", .what = "User name at the source; without one the password is a bearer token"},
                  {.name = "--password-file",
                   .what = "File that holds the password at the source; else the environment variable "
                           "BERTH_SOURCE_PASSWORD, or standard input",
                   .placeholder = "FILE"},
                  {.name = "--no-wait", .what = "Do not wait for its end", .kind = Argument::Kind::flag}},
                 group_arguments()),
             .examples = {"berth import registry.example.com/library/hello:1 --registry berth --image hello:1",
                          "berth import hello:1 --source-registry team1 --registry berth --force",
                          "berth import registry.example.com/hello:1 --registry berth --username ci < password.txt"},
             .run = run_import}};
}

} // namespace berth::app
