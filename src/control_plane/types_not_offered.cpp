#include "control_plane/types_not_offered.hpp"

#include "gateway/response.hpp"

namespace berth::control_plane {
namespace {

using gateway::Context;
using gateway::Services;
using http::Response;

constexpr std::string_view no_tasks =
    "berth builds nothing and runs no tasks. Build with docker, buildah or a pipeline of your "
    "own, and push the image.";
constexpr std::string_view no_pipelines =
    "berth has no transfer pipelines. Bring images over with az acr import, or with a tool "
    "that copies between registries.";

ResourceType not_offered(std::string_view name, std::string_view noun, std::string_view event, std::string_view why,
                         std::vector<std::string_view> versions) {
    return {.name = name,
            .operations = name,
            .noun = noun,
            .event = event,
            .has_location = false,
            .not_offered = why,
            .api_versions = std::move(versions)};
}

Task<Result<Response>> list_nothing(const Services&, Context&, const tenant::Resource&) {
    co_return gateway::list_response({});
}

Task<Result<Response>> refuse_tasks(const Services&, Context&, const tenant::Resource&) {
    co_return failure(ErrorCode::unsupported, std::string(no_tasks));
}

} // namespace

std::vector<ResourceType> types_not_offered() {
    const std::vector<std::string_view> stable{"2026-09-01-preview", "2025-11-01", "2023-07-01", "2022-12-01", "2021-09-01"};
    const std::vector<std::string_view> preview{"2026-09-01-preview", "2025-06-01-preview", "2021-08-01-preview"};
    const std::vector<std::string_view> tasks{"2025-03-01-preview", "2019-06-01-preview", "2019-04-01"};
    std::vector<ResourceType> out;
    out.push_back(not_offered("Microsoft.ContainerRegistry/registries/replications", "replication", "replication",
                              "berth keeps a registry in one place and replicates it nowhere.", stable));
    out.push_back(not_offered(
        "Microsoft.ContainerRegistry/registries/privateEndpointConnections", "private endpoint connection",
        "privateEndpointConnection",
        "berth has no private endpoints. Network rules say which addresses may come: az acr network-rule.", stable));
    out.push_back(
        not_offered("Microsoft.ContainerRegistry/registries/connectedRegistries", "connected registry", "connectedRegistry",
                    "berth synchronizes with no other registry. Run a berth there and fill it with az acr import.", preview));
    out.push_back(not_offered("Microsoft.ContainerRegistry/registries/exportPipelines", "export pipeline", "exportPipeline",
                              no_pipelines, preview));
    out.push_back(not_offered("Microsoft.ContainerRegistry/registries/importPipelines", "import pipeline", "importPipeline",
                              no_pipelines, preview));
    out.push_back(not_offered("Microsoft.ContainerRegistry/registries/pipelineRuns", "pipeline run", "pipelineRun",
                              no_pipelines, preview));
    out.push_back(not_offered("Microsoft.ContainerRegistry/registries/tasks", "task", "task", no_tasks, tasks));
    out.push_back(not_offered("Microsoft.ContainerRegistry/registries/taskRuns", "task run", "taskRun", no_tasks, tasks));
    out.push_back(not_offered("Microsoft.ContainerRegistry/registries/agentPools", "agent pool", "agentPool", no_tasks, tasks));
    out.push_back(not_offered("Microsoft.ContainerRegistry/registries/runs", "run", "run", no_tasks, tasks));
    out.back().has_delete = false; // Azure keeps runs, and has no right to delete one
    return out;
}

std::vector<Action> actions_not_offered() {
    return {{.name = "privateLinkResources",
             .method = http::Method::get,
             // Azure has no operation of its own for it.
             .operation = "Microsoft.ContainerRegistry/registries/read",
             .run = list_nothing,
             .summary = "Lists what private endpoints could be for: nothing"},
            {.name = "scheduleRun",
             .operation = "Microsoft.ContainerRegistry/registries/scheduleRun/action",
             .run = refuse_tasks,
             .summary = "Refused: berth runs no tasks"},
            {.name = "listBuildSourceUploadUrl",
             .operation = "Microsoft.ContainerRegistry/registries/listBuildSourceUploadUrl/action",
             .run = refuse_tasks,
             .summary = "Refused: berth builds nothing"}};
}

} // namespace berth::control_plane
