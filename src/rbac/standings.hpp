#pragma once

#include "rbac/principals.hpp"
#include "rbac/standing.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace berth::rbac {

/// The standings of a policy, each made when its principal first asks and kept as long as the policy. Principals that
/// hold the same through their groups share one. Callable from any thread. Inside this room only.
class Standings {
public:
    /// Above this many bytes no more standings are kept: principals that come later are answered from one made for the
    /// occasion, slower and just as right.
    static constexpr std::size_t most_bytes = std::size_t{64} << 20;
    /// One part in so many is there for principals with links, whose combinations an outside issuer chooses.
    static constexpr std::size_t part_with_links = 4;
    /// How many such combinations are remembered at once.
    static constexpr std::size_t most_with_links = 4096;

    /// Keeps references; `grants` has one element an assignment, `denials` one a deny assignment, in the order that
    /// `principals` has them in.
    Standings(const Principals& principals, std::span<const Grant> grants, std::span<const Denial> denials = {},
              std::size_t limit = most_bytes);

    /// A standing that is kept, or one that lives as long as this.
    class Handle {
    public:
        explicit Handle(const Standing* kept) noexcept : standing_(kept) {}
        explicit Handle(std::unique_ptr<const Standing> own) noexcept : standing_(own.get()), own_(std::move(own)) {}
        const Standing* operator->() const noexcept { return standing_; }
        const Standing& operator*() const noexcept { return *standing_; }
        bool is_kept() const noexcept { return !own_; }

    private:
        const Standing* standing_;
        std::unique_ptr<const Standing> own_;
    };
    /// Everything that the principal of this number holds and is denied, itself and through groups. For
    /// `Principals::none` what is denied to everyone.
    Handle of(std::uint32_t principal) const {
        if (const auto* kept = place_of(principal).load(std::memory_order_acquire)) return Handle(kept);
        return make(principal);
    }
    /// The same for a principal with these links (`Subject`), in ascending order.
    Handle of(std::uint32_t principal, std::span<const std::uint32_t> links) const;

private:
    using Numbers = std::vector<std::uint32_t>;

    Handle make(std::uint32_t principal) const;
    // Those among them that are named in (deny) assignments themselves, in ascending order.
    Numbers named_among(std::span<const Principals::Reached> reached) const;
    // What these hold: kept already, or made and kept where `used` has room for it below `limit`.
    Handle held_by(Numbers holders, std::size_t& used, std::size_t limit) const;
    std::vector<Grant> grants_of(std::span<const std::uint32_t> holders) const;
    std::vector<Denial> denials_of(std::span<const std::uint32_t> holders) const;
    std::atomic<const Standing*>& place_of(std::uint32_t principal) const noexcept {
        return kept_[principal == Principals::none ? kept_.size() - 1 : principal];
    }

    const Principals& principals_;
    std::span<const Grant> grants_;
    std::span<const Denial> denials_;
    std::size_t limit_;
    mutable std::vector<std::atomic<const Standing*>> kept_; // by principal, the last for those without a number
    mutable std::mutex mutex_;
    // By whom it is made of: the principals that are named in (deny) assignments themselves, in ascending order.
    mutable std::map<Numbers, std::unique_ptr<const Standing>> by_holders_;
    mutable std::map<Numbers, const Standing*> with_links_; // by the principal and, after it, the links
    mutable std::size_t bytes_ = 0;
    mutable std::size_t bytes_with_links_ = 0;
};

} // namespace berth::rbac
