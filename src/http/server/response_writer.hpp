#pragma once

#include "base/task.hpp"
#include "base/worker_pool.hpp"
#include "http/server/body_reader.hpp"
#include "http/server/response_head.hpp"
#include "http/server/wire.hpp"

#include <chrono>
#include <string>

namespace berth::http {

/// Sends answers. Most are gone with one system call and no coroutine; what the socket does not take at once, and
/// files, are sent as the peer takes them, within memory that does not depend on their size.
class ResponseWriter {
public:
    ResponseWriter(Wire& wire, CoarseNow now, std::chrono::seconds timeout, WorkerPool& workers) noexcept
        : wire_(wire), now_(now), timeout_(timeout), workers_(workers) {}

    /// Tries to send the answer at once. If it is not `finished` then, await `finish` with the same answer.
    void start(const Response& response, const Delivery& delivery, std::string_view server_name);
    bool finished() const noexcept { return head_.empty() && body_.empty() && !file_; }
    /// Sends the rest; whether all went out.
    Task<bool> finish();
    bool failed() const noexcept { return failed_; }
    /// Gives memory back that a large answer took.
    void shrink() noexcept;

private:
    void send_text() noexcept;
    Task<bool> wait();
    Task<bool> send_file();
    Task<bool> send_file_encrypted();

    Wire& wire_;
    CoarseNow now_;
    std::chrono::seconds timeout_;
    WorkerPool& workers_;

    std::string buffer_;    // the head, and small bodies with it
    std::string_view head_; // what is left of it
    std::string_view body_; // what is left of a body in memory
    const FileRange* file_ = nullptr;
    bool failed_ = false;
};

} // namespace berth::http
