#include "control_plane/operations.hpp"

#include "base/encoding.hpp"
#include "control_plane/provider_document.hpp"
#include "gateway/error_table.hpp"
#include "gateway/response.hpp"
#include "tenant/record_retention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace berth::control_plane {
namespace {

using boost::json::object;
using gateway::Context;
using gateway::Route;
using http::Response;
using storage::Session;
using tenant::Operation;
using tenant::OperationStatus;

constexpr std::string_view results = "operationResults";
constexpr std::string_view statuses = "operationStatuses";

// Soon at first, then a tenth of the time that went by: az would wait 30 seconds without it.
std::string retry_after(Timestamp now, Timestamp started) {
    const auto gone = std::chrono::duration_cast<std::chrono::seconds>(now - started).count();
    return std::to_string(std::clamp<std::int64_t>(gone / 10, 1, 15));
}

std::string address(const Context& context, const Operation& operation, std::string_view provider, std::string_view location,
                    std::string_view what) {
    const std::string_view scope = operation.scope.value();
    const std::string_view subscription = scope.substr(0, scope.find('/', std::string_view("/subscriptions/").size()));
    return fmt::format("{}{}/providers/{}/locations/{}/{}/{}?api-version={}", context.base_address(), subscription, provider,
                       percent_encode(location), what, operation.id.value(),
                       percent_encode(context.query().find("api-version").value_or("")));
}

// The operation of the path, for who may know of it.
Task<Result<Operation>> find_pollable(const Plane& plane, Context& context) {
    const auto id = Guid::parse(context.parameter("operation"));
    const auto unknown = [&] {
        return failure(ErrorCode::not_found,
                       fmt::format("There is no operation '{}' here. Operations are forgotten when their "
                                   "resource is deleted, and {} days after their end.",
                                   context.parameter("operation"), tenant::ended_operations_kept.count()));
    };
    if (!id) co_return unknown();
    const auto find = [&](Session& session) { return tenant::find_operation(session, *id); };
    auto finding = plane.services.database.read(storage::ReadKind::point, find);
    auto found = co_await std::move(finding);
    if (!found) co_return failure(std::move(found));
    if (!*found || !context.scope().covers((*found)->scope)) co_return unknown();
    if ((*found)->actor == context.actor()) co_return std::move(**found);
    const auto type_name = tenant::resource_type_at((*found)->scope);
    const ResourceType* type = type_name ? plane.find_type(*type_name) : nullptr;
    if (type == nullptr) co_return unknown();
    const std::string read = fmt::format("{}/read", type->operations);
    for (const gateway::Permission* permission : context.route().entry.permissions) {
        if (permission->name != read) continue;
        auto allowed = context.require_at(*permission, (*found)->scope);
        if (!allowed) co_return failure(std::move(allowed));
        co_return std::move(**found);
    }
    co_return unknown();
}

// Location style: the status code says how far it is.
Task<Result<Response>> get_result(const Plane& plane, Context& context) {
    auto operation = co_await find_pollable(plane, context);
    if (!operation) co_return failure(std::move(operation));
    if (!tenant::is_final(operation->status)) {
        co_return accepted(context, *operation, context.parameter("location"));
    }
    if (operation->status == OperationStatus::succeeded) co_return gateway::empty_response(200);
    Error error{ErrorCode::conflict, "The operation was canceled."};
    error.protocol_code = "OperationCanceled";
    if (operation->failure) {
        error.code = gateway::code_of_arm(operation->failure->code).value_or(ErrorCode::bad_request);
        error.message = operation->failure->message;
        error.protocol_code = operation->failure->code;
    }
    co_return std::unexpected(std::move(error));
}

// Azure-AsyncOperation style: the body says how far it is.
Task<Result<Response>> get_status(const Plane& plane, Context& context) {
    auto operation = co_await find_pollable(plane, context);
    if (!operation) co_return failure(std::move(operation));
    object out{{"id", context.request().path},
               {"name", operation->id.value()},
               {"status", tenant::to_text(operation->status)},
               {"resourceId", operation->scope.value()},
               {"startTime", to_rfc3339(operation->started_at)}};
    if (operation->ended_at) out["endTime"] = to_rfc3339(*operation->ended_at);
    if (operation->status == OperationStatus::succeeded) {
        out["percentComplete"] = 100;
    } else if (const auto* percent = operation->progress.if_contains("percentComplete")) {
        out["percentComplete"] = *percent;
    }
    operation->progress.erase("percentComplete");
    if (!operation->progress.empty()) out["properties"] = std::move(operation->progress);
    if (operation->failure) {
        out["error"] = object{{"code", operation->failure->code}, {"message", operation->failure->message}};
    }
    auto response = gateway::json_response(200, out);
    if (!tenant::is_final(operation->status)) {
        response.headers.add("Retry-After", retry_after(context.now(), operation->started_at));
    }
    co_return response;
}

} // namespace

Operation new_operation(const Context& context, std::string kind, const tenant::Resource& resource, object request) {
    return {.tenant = resource.tenant,
            .kind = std::move(kind),
            .scope = resource.scope,
            .resource_row = resource.row,
            .actor = context.actor(),
            .request = std::move(request),
            .started_at = context.now(),
            .updated_at = context.now()};
}

tenant::OperationFailure failure_of(const Error& error) {
    const std::string_view code =
        error.protocol_code.empty() ? gateway::mapping_of(error.code).arm_code : std::string_view(error.protocol_code);
    return {std::string(code), error.message};
}

Response accepted(const Context& context, const Operation& operation, std::string_view location, Polling polling) {
    const std::string type = tenant::resource_type_at(operation.scope).value_or("Microsoft.Resources/resourceGroups");
    const std::string_view provider = std::string_view(type).substr(0, type.find('/'));
    auto response = gateway::empty_response(202);
    response.headers.add("Location", address(context, operation, provider, location, results));
    if (polling == Polling::by_either) {
        response.headers.add("Azure-AsyncOperation", address(context, operation, provider, location, statuses));
    }
    response.headers.add("Retry-After", retry_after(context.now(), operation.started_at));
    return response;
}

std::vector<Route> operation_routes(const std::shared_ptr<Plane>& plane) {
    std::vector<const gateway::Permission*> reads;
    for (const ResourceType& type : plane->types()) {
        reads.push_back(&plane->permission(fmt::format("{}/read", type.operations)));
    }
    std::vector<Route> out;
    const auto add = [&](std::string_view id, std::string_view what, Task<Result<Response>> (*handler)(const Plane&, Context&),
                         std::string_view summary) {
        Route route;
        route.id = id;
        route.method = http::Method::get;
        route.pattern = plane->keep(fmt::format(
            "/subscriptions/{{subscription}}/providers/{{provider}}/locations/{{location}}/{}/{{operation}}", what));
        route.protocol = gateway::Protocol::resource_manager;
        route.entry = {gateway::EntryKind::filter, reads, {}};
        route.scope = "/subscriptions/{subscription}";
        route.handler = [plane, handler](Context& context) { return handler(*plane, context); };
        route.summary = summary;
        out.push_back(std::move(route));
    };
    add("arm.operation.result", results, get_result, "Answers 202 until an operation has ended, then what became of it");
    add("arm.operation.status", statuses, get_status, "Tells how far an operation is");
    return out;
}

} // namespace berth::control_plane
