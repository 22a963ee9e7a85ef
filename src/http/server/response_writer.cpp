#include "http/server/response_writer.hpp"

#include "http/server/page_cache.hpp"
#include "http/server/read_ahead.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>

namespace berth::http {
namespace {

constexpr std::size_t copied_body = 4 * 1024;        // up to here a copy is cheaper than a second part to send
constexpr std::size_t tls_record = 16 * 1024;        // a head and the start of its body share the first record
constexpr std::size_t file_window = 2 * 1024 * 1024; // looked up in the page cache at once
constexpr std::size_t file_turn = 512 * 1024;        // sent before others have the loop: some 0.1 ms, encrypted 0.6 ms
constexpr std::size_t tls_file_piece = 64 * 1024;
constexpr std::size_t kept_buffer = 4 * 1024;

std::string_view text_of(const Body& body) noexcept {
    if (const auto* text = std::get_if<std::string>(&body)) return *text;
    if (const auto* shared = std::get_if<SharedText>(&body); shared != nullptr && *shared) return **shared;
    return {};
}

} // namespace

void ResponseWriter::start(const Response& response, const Delivery& delivery, std::string_view server_name) {
    failed_ = false;
    buffer_.clear();
    append_head(buffer_, response, delivery, server_name);
    body_ = {};
    file_ = nullptr;
    if (has_body(response, delivery)) {
        body_ = text_of(response.body);
        file_ = std::get_if<FileRange>(&response.body);
        if (file_ != nullptr && (file_->length == 0 || !file_->file)) file_ = nullptr;
    }
    const std::size_t joined = wire_.secure() && buffer_.size() < tls_record ? tls_record - buffer_.size() : copied_body;
    if (wire_.secure() || body_.size() <= copied_body) {
        const std::size_t count = std::min(body_.size(), joined);
        buffer_.append(body_.substr(0, count));
        body_.remove_prefix(count);
    }
    head_ = buffer_;
    send_text();
}

void ResponseWriter::send_text() noexcept {
    const Sent sent = wire_.send(head_, body_, file_ != nullptr);
    if (sent.failed) failed_ = true;
    const std::size_t of_head = std::min(sent.bytes, head_.size());
    head_.remove_prefix(of_head);
    body_.remove_prefix(sent.bytes - of_head);
}

Task<bool> ResponseWriter::wait() {
    wire_.arm_sending(now_, timeout_.count());
    Wire::Writable waiting = wire_.writable();
    const bool ready = co_await waiting;
    wire_.disarm();
    co_return ready;
}

Task<bool> ResponseWriter::finish() {
    while (!failed_ && !(head_.empty() && body_.empty())) {
        Task<bool> waiting = wait();
        const bool ready = co_await std::move(waiting);
        if (!ready) co_return false;
        send_text();
    }
    if (failed_) co_return false;
    bool done = true;
    if (file_ != nullptr) {
        Task<bool> sending = wire_.secure() ? send_file_encrypted() : send_file();
        done = co_await std::move(sending);
        file_ = nullptr;
    }
    co_return done;
}

void ResponseWriter::shrink() noexcept {
    if (buffer_.capacity() > kept_buffer) std::string().swap(buffer_);
}

Task<bool> ResponseWriter::send_file() {
    const int file = file_->file->get();
    std::uint64_t offset = file_->offset;
    const std::uint64_t end = offset + file_->length;
    std::uint64_t in_memory = offset; // up to here the system has the bytes at hand
    std::uint64_t sent_in_turn = 0;
    ReadAhead ahead(workers_, *file_);
    if (file_->length > file_window) wire_.send_whole_segments(true);
    while (offset < end) {
        if (offset == in_memory) {
            const auto window = static_cast<std::size_t>(std::min<std::uint64_t>(file_window, end - offset));
            if (!ahead.is_in_memory(offset, window)) {
                auto waiting = workers_.run([&ahead, offset, window] { return ahead.wait_for(offset, window); });
                co_await waiting;
            }
            in_memory = offset + window;
            ahead.go_on(in_memory);
        }
        const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(file_turn - sent_in_turn, in_memory - offset));
        const Sent sent = wire_.send_file(file, offset, most);
        if (sent.failed) co_return false;
        if (sent.bytes == 0) {
            Task<bool> waiting = wait();
            const bool ready = co_await std::move(waiting);
            if (!ready) co_return false;
            sent_in_turn = 0;
            continue;
        }
        offset += sent.bytes;
        sent_in_turn += sent.bytes;
        if (sent_in_turn >= file_turn && offset < end) { // a fast peer must not keep the loop to itself
            sent_in_turn = 0;
            Wire::Yield yielding = wire_.yield();
            co_await yielding;
        }
    }
    if (file_->length > file_window) wire_.send_whole_segments(false);
    co_return true;
}

Task<bool> ResponseWriter::send_file_encrypted() {
    const int file = file_->file->get();
    std::uint64_t offset = file_->offset;
    const std::uint64_t end = offset + file_->length;
    const auto memory = std::make_unique_for_overwrite<char[]>(tls_file_piece);
    ReadAhead ahead(workers_, *file_);
    std::uint64_t sent_in_turn = 0;
    while (offset < end) {
        const std::span<char> room(memory.get(),
                                   static_cast<std::size_t>(std::min<std::uint64_t>(tls_file_piece, end - offset)));
        ssize_t got = read_from_memory(file, room, offset);
        if (got < 0 && errno == EAGAIN) {
            const auto window = static_cast<std::size_t>(std::min<std::uint64_t>(file_window, end - offset));
            auto waiting = workers_.run([&ahead, file, room, offset, window] {
                ahead.wait_for(offset, window);
                return ::pread(file, room.data(), room.size(), static_cast<off_t>(offset));
            });
            got = co_await waiting;
        }
        if (got <= 0) co_return false; // an error, or a file that is shorter than it was
        std::string_view piece(memory.get(), static_cast<std::size_t>(got));
        offset += piece.size();
        ahead.go_on(offset);
        sent_in_turn += piece.size();
        while (!piece.empty()) {
            const Sent sent = wire_.send(piece);
            if (sent.failed) co_return false;
            piece.remove_prefix(sent.bytes);
            if (piece.empty()) break;
            Task<bool> waiting = wait();
            const bool ready = co_await std::move(waiting);
            if (!ready) co_return false;
            sent_in_turn = 0;
        }
        if (sent_in_turn >= file_turn && offset < end) {
            sent_in_turn = 0;
            Wire::Yield yielding = wire_.yield();
            co_await yielding;
        }
    }
    co_return true;
}

} // namespace berth::http
