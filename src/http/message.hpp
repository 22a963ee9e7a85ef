#pragma once

#include "base/byte_source.hpp"
#include "base/file_descriptor.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace berth::http {

/// The methods that berth knows; every other token is `other`.
enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, other };
std::string_view to_string(Method method) noexcept;

/// Header fields in their order; names are compared without regard to case. What is read from them is good until the next
/// `add` or `set`.
class Headers {
public:
    /// Makes room for that many fields of usual length.
    void reserve(std::size_t count);
    /// Neither may look into these same headers.
    void add(std::string_view name, std::string_view value);
    /// Replaces all fields of that name.
    void set(std::string_view name, std::string_view value);
    /// The first field of that name.
    std::optional<std::string_view> find(std::string_view name) const noexcept;
    /// All fields of that name.
    std::vector<std::string_view> all(std::string_view name) const;

    std::size_t size() const noexcept { return fields_.size(); }
    /// Name and value.
    std::pair<std::string_view, std::string_view> operator[](std::size_t index) const noexcept;

private:
    // One text for all: a string for each name and value would be half of all the memory that a small answer asks for.
    struct Field {
        std::size_t begin = 0;
        std::size_t name_size = 0;
        std::size_t value_size = 0;
    };
    std::string text_;
    std::vector<Field> fields_;
};

/// A request whose head was read and checked; the body is still on the wire. `path` and `query` look into `target`, so a
/// request stays where it was made.
struct Request {
    Method method = Method::get;
    std::string method_name; ///< as sent
    std::string target;      ///< as sent: path and query, percent-encoded
    std::string_view path;   ///< the part of `target` before `?`
    std::string_view query;  ///< the part after it, or empty
    Headers headers;
    std::string host;                            ///< the one Host field, lower case, port included where it was sent
    std::string remote_address;                  ///< IP of the peer, or what a trusted proxy said
    bool secure = false;                         ///< came by TLS, or a trusted proxy says so
    std::optional<std::uint64_t> content_length; ///< nullopt: chunked, or no body if `has_body` is false
    bool has_body = false;
    ByteSource* body = nullptr; ///< never null while the handler runs; at its end at once if there is no body
};

/// A part of an open file, sent without passing through the program's memory where the connection allows it.
struct FileRange {
    std::shared_ptr<FileDescriptor> file{};
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// Text of a body shared between requests.
using SharedText = std::shared_ptr<const std::string>;
using Body = std::variant<std::monostate, std::string, SharedText, FileRange>;

/// Bytes of the body.
std::uint64_t body_size(const Body& body) noexcept;

/// The answer. The server adds `Date`, `Content-Length` (unless set: a HEAD answer names the length it would have) and
/// `Connection`, and sends no body where the method or the status forbids one.
struct Response {
    unsigned status = 200;
    Headers headers{};
    Body body{};
};

} // namespace berth::http
