#pragma once

#include "base/result.hpp"
#include "gateway/route.hpp"
#include "http/message.hpp"
#include "identity/caller.hpp"
#include "tenant/world.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace berth::gateway {

/// One finished request, for the log.
struct RequestRecord {
    const http::Request& request;
    const Route* route = nullptr;
    const tenant::Registry* registry = nullptr;
    std::string_view correlation_id;
    identity::Caller caller{};
    std::string repository{};
    std::optional<Error> error{};
    unsigned status = 0;
    std::chrono::microseconds took{0};
};

/// Writes one line of JSON: server faults as errors, refusals as warnings, the rest at info. Paths are not written, since
/// upload sessions stand in them; nor queries, headers or bodies. What names a person or thing is in fields of its own.
void write_request_log(const RequestRecord& record);

} // namespace berth::gateway
