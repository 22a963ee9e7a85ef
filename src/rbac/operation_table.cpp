#include "rbac/operation_table.hpp"

#include "base/encoding.hpp"
#include "base/strict_json.hpp"
#include "rbac/reference_data.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <tuple>

namespace berth::rbac {
namespace {

// The data is part of the program: if it cannot be read, the program was built wrong.
[[noreturn]] void data_is_broken(const std::string& why) {
    std::fprintf(stderr, "berth: the compiled-in table of operations cannot be read: %s\n", why.c_str());
    std::abort();
}

void read_operations(std::string_view text, std::vector<OperationTable::Entry>& out) {
    auto json = parse_json(text);
    if (!json) data_is_broken(json.error().message);
    const auto* operations = find_member(*json, "operations");
    if (!operations || !operations->is_array()) data_is_broken("`operations` is no array");
    for (const auto& item : operations->get_array()) {
        auto name = find_string(item, "name");
        auto is_data_action = find_bool(item, "isDataAction");
        if (!name || !is_data_action) data_is_broken("an operation lacks `name` or `isDataAction`");
        out.push_back({std::string(*name), to_lower(*name), *is_data_action,
                       std::string(find_string(item, "alsoMatchedAs").value_or(""))});
    }
}

std::uint64_t hash_of(std::string_view key) noexcept { return std::hash<std::string_view>{}(key); }

} // namespace

const OperationTable& OperationTable::instance() {
    static const OperationTable table;
    return table;
}

OperationTable::OperationTable() {
    read_operations(provider_operations_json, entries_);
    read_operations(arm_operations_json, entries_);
    if (entries_.size() > OperationSet::capacity) data_is_broken("more operations than a set can hold");
    by_key_ = HashIndex(entries_.size());
    std::ranges::sort(entries_, {}, [](const Entry& entry) { return std::tie(entry.is_data_action, entry.key); });
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const auto& entry = entries_[i];
        if (!entry.is_data_action) ++actions_;
        if (!entry.also_matched_as.empty()) matched_as_others_.push_back(static_cast<std::uint16_t>(i));
        if (find(entry.key, entry.is_data_action)) data_is_broken(entry.name + " is there twice");
        by_key_.insert(hash_of(entry.key), static_cast<std::uint32_t>(i));
    }
}

std::optional<std::uint16_t> OperationTable::find(std::string_view name, bool is_data_action) const noexcept {
    // No known name is as long, and a name from outside costs no allocation.
    std::array<char, 256> buffer;
    if (name.size() > buffer.size()) return std::nullopt;
    std::ranges::transform(name, buffer.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
    const std::string_view key(buffer.data(), name.size());
    auto number = by_key_.find(
        hash_of(key), [&](std::uint32_t i) { return entries_[i].is_data_action == is_data_action && entries_[i].key == key; });
    if (number == HashIndex::none) return std::nullopt;
    return static_cast<std::uint16_t>(number);
}

std::pair<std::size_t, std::size_t> OperationTable::range(std::string_view prefix, bool is_data_action) const noexcept {
    auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(is_data_action ? actions_ : 0);
    auto end = is_data_action ? entries_.end() : entries_.begin() + static_cast<std::ptrdiff_t>(actions_);
    auto cut = [&](const Entry& entry) { return std::string_view(entry.key).substr(0, prefix.size()); };
    auto found = std::ranges::equal_range(begin, end, prefix, {}, cut);
    return {static_cast<std::size_t>(found.begin() - entries_.begin()),
            static_cast<std::size_t>(found.end() - entries_.begin())};
}

} // namespace berth::rbac
