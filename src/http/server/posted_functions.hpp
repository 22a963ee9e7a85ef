#pragma once

#include "base/file_descriptor.hpp"

#include <sys/eventfd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

namespace berth::http {

/// What other threads want an event loop to run. They share no lock with the loop: one that the system stops while it holds
/// a lock would stop the loop with it, for as long as others have the processor.
class PostedFunctions {
public:
    PostedFunctions() noexcept : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
    ~PostedFunctions() { destroy(newest_.load(std::memory_order_acquire)); }
    PostedFunctions(const PostedFunctions&) = delete;
    PostedFunctions& operator=(const PostedFunctions&) = delete;

    /// From any thread.
    void push(std::move_only_function<void()> function) {
        auto* node = new Node{std::move(function), nullptr};
        Node* before = newest_.load(std::memory_order_relaxed);
        do {
            node->next = before;
        } while (!newest_.compare_exchange_weak(before, node, std::memory_order_release, std::memory_order_relaxed));
        // Else somebody has told the loop already, and it has not looked yet. The node may be gone by now.
        if (before == nullptr) ::eventfd_write(event_.get(), 1);
    }
    /// Becomes readable when there is something; the loop reads it, then calls `run`.
    int descriptor() const noexcept { return event_.get(); }
    /// Runs what was posted, the first one first. On the loop's thread.
    void run() {
        for (Node* node = reversed(newest_.exchange(nullptr, std::memory_order_acquire)); node != nullptr;) {
            const std::unique_ptr<Node> taken(std::exchange(node, node->next));
            taken->function();
        }
    }

private:
    struct Node {
        std::move_only_function<void()> function;
        Node* next; // the one posted before; in `run`, the one after
    };
    static Node* reversed(Node* node) noexcept {
        Node* out = nullptr;
        while (node != nullptr) out = std::exchange(node, std::exchange(node->next, out));
        return out;
    }
    static void destroy(Node* node) noexcept {
        while (node != nullptr) delete std::exchange(node, node->next);
    }

    FileDescriptor event_;
    std::atomic<Node*> newest_ = nullptr;
};

} // namespace berth::http
