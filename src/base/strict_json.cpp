#include "base/strict_json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value_stack.hpp>

#include <fmt/format.h>

#include <cmath>
#include <unordered_set>

namespace berth {
namespace {

// What Boost.JSON's own handler does, and keys are counted: its objects keep the last of repeated ones.
class CountingHandler {
public:
    static constexpr std::size_t max_object_size = 1U << 20;
    static constexpr std::size_t max_array_size = 1U << 20;
    static constexpr std::size_t max_key_size = 1U << 20;
    static constexpr std::size_t max_string_size = 1U << 26;

    using error_code = boost::system::error_code;

    void put_into(boost::json::storage_ptr memory) { memory_ = std::move(memory); }

    bool on_document_begin(error_code&) {
        stack_.reset(memory_);
        return true;
    }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return true; }
    bool on_object_end(std::size_t size, error_code&) {
        stack_.push_object(size);
        keys_ += size;
        return true;
    }
    bool on_array_begin(error_code&) { return true; }
    bool on_array_end(std::size_t size, error_code&) {
        stack_.push_array(size);
        return true;
    }
    bool on_key_part(std::string_view part, std::size_t, error_code&) {
        stack_.push_chars(part);
        return true;
    }
    bool on_key(std::string_view part, std::size_t, error_code&) {
        stack_.push_key(part);
        return true;
    }
    bool on_string_part(std::string_view part, std::size_t, error_code&) {
        stack_.push_chars(part);
        return true;
    }
    bool on_string(std::string_view part, std::size_t, error_code&) {
        stack_.push_string(part);
        return true;
    }
    bool on_number_part(std::string_view, error_code&) { return true; }
    bool on_int64(std::int64_t value, std::string_view, error_code&) {
        stack_.push_int64(value);
        return true;
    }
    bool on_uint64(std::uint64_t value, std::string_view, error_code&) {
        stack_.push_uint64(value);
        return true;
    }
    bool on_double(double value, std::string_view, error_code& ec) {
        if (!std::isfinite(value)) { // it could be written, and not read again
            ec = boost::json::error::exponent_overflow;
            return false;
        }
        stack_.push_double(value);
        return true;
    }
    bool on_bool(bool value, error_code&) {
        stack_.push_bool(value);
        return true;
    }
    bool on_null(error_code&) {
        stack_.push_null();
        return true;
    }
    bool on_comment_part(std::string_view, error_code&) { return true; }
    bool on_comment(std::string_view, error_code&) { return true; }

    boost::json::value release() { return stack_.release(); }
    std::size_t keys() const noexcept { return keys_; }

private:
    boost::json::storage_ptr memory_;
    boost::json::value_stack stack_;
    std::size_t keys_ = 0;
};

// Reads the same text again only to say which key comes twice. Keys are compared after escapes are resolved.
class RepeatedKeyFinder : public CountingHandler {
public:
    bool on_object_begin(error_code& ec) {
        open_.emplace_back();
        return CountingHandler::on_object_begin(ec);
    }
    bool on_object_end(std::size_t size, error_code& ec) {
        open_.pop_back();
        return CountingHandler::on_object_end(size, ec);
    }
    bool on_key_part(std::string_view part, std::size_t size, error_code& ec) {
        key_ += part;
        return CountingHandler::on_key_part(part, size, ec);
    }
    bool on_key(std::string_view part, std::size_t size, error_code& ec) {
        key_ += part;
        if (!open_.back().insert(key_).second) {
            ec = boost::json::error::syntax;
            return false;
        }
        key_.clear();
        return CountingHandler::on_key(part, size, ec);
    }

    const std::string& key() const noexcept { return key_; }

private:
    std::vector<std::unordered_set<std::string>> open_; // the keys of each object that has not ended
    std::string key_;
};

std::size_t count_members(const boost::json::value& value) noexcept {
    std::size_t count = 0;
    if (const auto* object = value.if_object()) {
        count = object->size();
        for (const auto& member : *object) count += count_members(member.value());
    } else if (const auto* array = value.if_array()) {
        for (const auto& item : *array) count += count_members(item);
    }
    return count;
}

std::unexpected<Error> repeated_key(std::string_view text, const boost::json::parse_options& options) {
    boost::json::basic_parser<RepeatedKeyFinder> parser(options);
    boost::system::error_code error;
    parser.write_some(false, text.data(), text.size(), error);
    return failure(ErrorCode::invalid_json,
                   fmt::format("The JSON has the key '{}' twice in one object.", parser.handler().key()));
}

} // namespace

Result<boost::json::value> parse_json(std::string_view text, JsonLimits limits, boost::json::storage_ptr memory) {
    boost::json::parse_options options;
    options.max_depth = limits.depth;
    boost::json::basic_parser<CountingHandler> parser(options);
    parser.handler().put_into(std::move(memory));
    boost::system::error_code error;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
    if (error == boost::json::error::too_deep) {
        return failure(ErrorCode::invalid_json, fmt::format("The JSON is nested more than {} levels deep.", limits.depth));
    }
    if (error) return failure(ErrorCode::invalid_json, fmt::format("The JSON is not valid: {}.", error.message()));
    boost::json::value value = parser.handler().release();
    if (count_members(value) != parser.handler().keys()) return repeated_key(text, options);
    if (text.find_first_not_of(" \t\r\n", used) != std::string_view::npos) {
        return failure(ErrorCode::invalid_json, "The JSON is followed by something else.");
    }
    return value;
}

const boost::json::value* find_member(const boost::json::value& value, std::string_view key) {
    const auto* object = value.if_object();
    if (object == nullptr) return nullptr;
    const auto* member = object->if_contains(key);
    return member != nullptr && !member->is_null() ? member : nullptr;
}

std::optional<std::string_view> find_string(const boost::json::value& value, std::string_view key) {
    const auto* member = find_member(value, key);
    if (member == nullptr || !member->is_string()) return std::nullopt;
    return std::string_view(member->get_string());
}

std::optional<bool> find_bool(const boost::json::value& value, std::string_view key) {
    const auto* member = find_member(value, key);
    if (member == nullptr || !member->is_bool()) return std::nullopt;
    return member->get_bool();
}

std::optional<std::int64_t> find_integer(const boost::json::value& value, std::string_view key) {
    const auto* member = find_member(value, key);
    if (member == nullptr || !member->is_int64()) return std::nullopt;
    return member->get_int64();
}

std::optional<std::vector<std::string>> find_strings(const boost::json::value& value, std::string_view key) {
    const auto* member = find_member(value, key);
    if (member == nullptr || !member->is_array()) return std::nullopt;
    std::vector<std::string> out;
    for (const auto& item : member->get_array()) {
        if (!item.is_string()) return std::nullopt;
        out.emplace_back(std::string_view(item.get_string()));
    }
    return out;
}

} // namespace berth
