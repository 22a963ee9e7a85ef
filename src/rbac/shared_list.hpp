#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace berth::rbac {

/// A list of immutable records that are shared between its copies: copying it copies pointers, and a copy in which one
/// record is another shares all the rest. Read like a vector of `T`.
template <class T>
class SharedList {
public:
    using value_type = T;
    using Pointer = std::shared_ptr<const T>; ///< never null

    class Iterator {
    public:
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using reference = const T&;
        using pointer = const T*;
        using iterator_category = std::forward_iterator_tag;

        Iterator() = default;
        explicit Iterator(const Pointer* at) noexcept : at_(at) {}
        const T& operator*() const noexcept { return **at_; }
        const T* operator->() const noexcept { return at_->get(); }
        Iterator& operator++() noexcept {
            ++at_;
            return *this;
        }
        Iterator operator++(int) noexcept {
            auto before = *this;
            ++at_;
            return before;
        }
        bool operator==(const Iterator&) const = default;

    private:
        const Pointer* at_ = nullptr;
    };
    using const_iterator = Iterator;

    SharedList() = default;
    explicit SharedList(std::vector<T> records) {
        records_.reserve(records.size());
        for (auto& record : records) push_back(std::move(record));
    }
    explicit SharedList(std::vector<Pointer> records) noexcept : records_(std::move(records)) {}

    std::size_t size() const noexcept { return records_.size(); }
    bool empty() const noexcept { return records_.empty(); }
    const T& operator[](std::size_t i) const noexcept { return *records_[i]; }
    const T& front() const noexcept { return *records_.front(); }
    const T& back() const noexcept { return *records_.back(); }
    Iterator begin() const noexcept { return Iterator(records_.data()); }
    Iterator end() const noexcept { return Iterator(records_.data() + records_.size()); }
    /// The records as they are shared: equal pointers are the same record.
    const std::vector<Pointer>& pointers() const noexcept { return records_; }

    void reserve(std::size_t size) { records_.reserve(size); }
    void clear() noexcept { records_.clear(); }
    void push_back(T record) { records_.push_back(std::make_shared<const T>(std::move(record))); }
    void push_back(Pointer record) { records_.push_back(std::move(record)); }
    void erase(std::size_t i) { records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(i)); }
    /// Puts another record in the place of one; copies of the list keep the old one.
    void replace(std::size_t i, T record) { records_[i] = std::make_shared<const T>(std::move(record)); }
    /// The same, with a copy of the old one that `change` has changed.
    template <class Change>
    void edit(std::size_t i, Change change) {
        T changed = *records_[i];
        change(changed);
        replace(i, std::move(changed));
    }

private:
    std::vector<Pointer> records_;
};

} // namespace berth::rbac
