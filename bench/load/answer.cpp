#include "load/answer.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <strings.h>

namespace load {
namespace {

constexpr std::string_view line_end = "\r\n";

std::size_t number(std::string_view text, int base) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end == text.data()) fail("a length in an answer is no number: " + std::string(text));
    return value;
}

} // namespace

void fail(const std::string& message) {
    std::fprintf(stderr, "load: %s\n", message.c_str());
    std::exit(1);
}

std::optional<std::string_view> Answer::field(std::string_view name) const noexcept {
    std::string_view rest = head;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(line_end), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + line_end.size(), rest.size()));
        if (line.size() <= name.size() || line[name.size()] != ':') continue;
        if (::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
        const std::size_t value = line.find_first_not_of(' ', name.size() + 1);
        return value == std::string_view::npos ? std::string_view() : line.substr(value);
    }
    return std::nullopt;
}

char* AnswerReader::room(std::size_t size) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (bytes_.size() < end_ + size) bytes_.resize(end_ + size);
    return bytes_.data() + end_;
}

std::optional<Answer> AnswerReader::take() {
    const std::string_view all = unread();
    const std::size_t head_end = all.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return std::nullopt;
    Answer answer;
    answer.head = all.substr(0, head_end);
    if (!answer.head.starts_with("HTTP/1.1 ") || answer.head.size() < 12) fail("an answer is no HTTP/1.1");
    answer.status = static_cast<unsigned>(number(answer.head.substr(9, 3), 10));
    const std::string_view rest = all.substr(head_end + 4);
    if (answer.field("Transfer-Encoding")) return take_chunked(answer, rest);
    std::size_t length = 0;
    if (const auto field = answer.field("Content-Length")) length = number(*field, 10);
    if (answer.status == 204 || answer.status == 304) length = 0;
    if (rest.size() < length) return std::nullopt;
    answer.body = rest.substr(0, length);
    begin_ += head_end + 4 + length;
    return answer;
}

std::optional<Answer> AnswerReader::take_chunked(Answer answer, std::string_view rest) {
    const std::size_t whole = rest.size();
    unchunked_.clear();
    while (true) {
        const std::size_t end = rest.find(line_end);
        if (end == std::string_view::npos) return std::nullopt;
        const std::size_t size = number(rest.substr(0, end), 16);
        rest.remove_prefix(end + line_end.size());
        if (rest.size() < size + line_end.size()) return std::nullopt;
        unchunked_.append(rest.substr(0, size));
        rest.remove_prefix(size + line_end.size());
        if (size == 0) break;
    }
    answer.body = unchunked_;
    begin_ += answer.head.size() + 4 + (whole - rest.size());
    return answer;
}

} // namespace load
