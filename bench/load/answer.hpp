#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace load {

/// Ends the program with a message: a wrong answer makes a measurement worthless.
[[noreturn]] void fail(const std::string& message);

/// One answer of a server. Views hold until the next one is read.
struct Answer {
    unsigned status = 0;
    std::string_view head;
    std::string_view body;

    /// The first field of that name, in any case.
    std::optional<std::string_view> field(std::string_view name) const noexcept;
};

/// Reads answers off the bytes of one connection: with Content-Length, chunked, or without a body.
class AnswerReader {
public:
    /// Where the next bytes may be received to; then say how many came.
    char* room(std::size_t size);
    void received(std::size_t size) noexcept { end_ += size; }
    /// The next answer, if it is whole. `fail`s when it is no HTTP/1.1.
    std::optional<Answer> take();
    std::string_view unread() const noexcept { return std::string_view(bytes_).substr(begin_, end_ - begin_); }

private:
    std::optional<Answer> take_chunked(Answer answer, std::string_view rest);

    std::string bytes_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::string unchunked_;
};

} // namespace load
