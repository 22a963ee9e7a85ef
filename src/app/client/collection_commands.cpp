#include "app/client/command_list.hpp"
#include "app/collection.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace berth::app {
namespace {

boost::json::object counts(const data_plane::Swept& swept) {
    return {{"manifests", swept.manifests},
            {"links", swept.links},
            {"blobs", swept.blobs},
            {"objects", swept.objects},
            {"uploads", swept.uploads}};
}

std::string in_words(const data_plane::Swept& swept) {
    return fmt::format("{} untagged manifests, {} links, {} blobs, {} objects and {} uploads", swept.manifests, swept.links,
                       swept.blobs, swept.objects, swept.uploads);
}

boost::json::object policy_document(const data_plane::CollectionPolicy& policy) {
    boost::json::object out{{"graceSeconds", policy.grace.count()},
                            {"unlistedBlobs", policy.unlisted_blobs ? "collect" : "keep"},
                            {"untaggedManifestSeconds", nullptr}};
    if (policy.untagged_after) out["untaggedManifestSeconds"] = policy.untagged_after->count();
    return out;
}

std::string dry_run_note(const CollectionReport& report, const data_plane::Swept& would) {
    std::string note = fmt::format("A run now would take {}, and give back {} bytes.", in_words(would), report.survey.bytes);
    if (report.survey.findings.size() < would.manifests + would.links + would.blobs + would.objects) {
        note += fmt::format(" The first {} are shown.", report.survey.findings.size());
    }
    if (report.survey.waiting > 0) {
        note += fmt::format("\n{} more may become garbage when their grace of {} h ends.", report.survey.waiting,
                            std::chrono::duration_cast<std::chrono::hours>(report.policy.grace).count());
    }
    if (report.survey.untagged > 0) note += fmt::format("\n{} manifests have no tag and stay.", report.survey.untagged);
    if (report.survey.held) note += "\nA backup is being made: files stay until it has ended.";
    return note;
}

Result<Answer> dry_run(const Values& values) {
    auto report = survey_collection(values.text("data"));
    if (!report) return failure(std::move(report));
    boost::json::array findings;
    for (const auto& one : report->survey.findings) {
        findings.push_back(boost::json::object{{"what", one.what},
                                               {"registry", one.registry},
                                               {"repository", one.repository},
                                               {"name", one.name},
                                               {"bytes", one.bytes},
                                               {"since", to_rfc3339(one.since)},
                                               {"why", one.why}});
    }
    data_plane::Swept would = report->survey.would;
    for (const auto& file : report->abandoned_uploads) {
        if (!file.has_extension()) ++would.uploads;
        findings.push_back(boost::json::object{{"what", "upload"},
                                               {"registry", ""},
                                               {"repository", ""},
                                               {"name", file.filename().string()},
                                               {"bytes", nullptr},
                                               {"since", nullptr},
                                               {"why", "nobody has gone on with it for longer than its Location is good"}});
    }
    const std::string note = dry_run_note(*report, would);
    boost::json::value rows = findings;
    return Answer{.document = boost::json::object{{"dryRun", true},
                                                  {"policy", policy_document(report->policy)},
                                                  {"would", counts(would)},
                                                  {"bytes", report->survey.bytes},
                                                  {"waiting", report->survey.waiting},
                                                  {"untaggedManifestsKept", report->survey.untagged},
                                                  {"heldByBackup", report->survey.held},
                                                  {"findings", std::move(findings)}},
                  .note = note,
                  .rows = std::move(rows)};
}

Result<Answer> run_collection(const Values& values) {
    if (values.given("dry-run")) return dry_run(values);
    auto report = collect_now(values.text("data"), std::chrono::minutes(10));
    if (!report) return failure(std::move(report));
    return Answer{.document = boost::json::object{{"dryRun", false},
                                                  {"policy", policy_document(report->policy)},
                                                  {"byServer", report->served},
                                                  {"collected", counts(report->swept)}},
                  .note = fmt::format("{} {}.", report->served ? "The server collected" : "Collected", in_words(report->swept)),
                  .rows = boost::json::array()};
}

} // namespace

std::vector<Command> collection_commands() {
    return {
        {.path = "gc",
         .summary = "Collect garbage now, or say what would go and why; with the server running or stopped",
         .arguments =
             {{.name = "--data", .what = "The server's data folder; it must be yours", .required = true, .placeholder = "DIR"},
              {.name = "--dry-run",
               .what = "Change nothing; say what a run would take now, and why",
               .kind = Argument::Kind::flag}},
         .examples = {"berth gc --dry-run --data berth-data", "berth gc --data berth-data"},
         .columns = {{"WHAT", "what"},
                     {"REGISTRY", "registry"},
                     {"REPOSITORY", "repository"},
                     {"NAME", "name"},
                     {"BYTES", "bytes"},
                     {"SINCE", "since"},
                     {"WHY", "why"}},
         .run_alone = run_collection}};
}

} // namespace berth::app
