#pragma once

#include "control_plane/resource_type.hpp"

namespace berth::control_plane {

inline constexpr std::string_view cache_rule_type = "Microsoft.ContainerRegistry/registries/cacheRules";

/// Which repositories of an upstream registry are to be had here, and under which names. This version keeps the rules and
/// pulls nothing from upstream.
ResourceType cache_rules();

/// Whether a text can be the host of an upstream registry: `docker.io`, `registry.example:5000`.
bool is_upstream_host(std::string_view text);

/// What a rule says of repositories: one name, or with a trailing `*` all that begin so (`library/*`, `*`).
struct RepositoryPattern {
    std::string host{}; ///< of a source
    std::string prefix; ///< the name, or what stands before `*`
    bool is_wildcard = false;

    /// Of a target: without a host. nullopt for what is none.
    static std::optional<RepositoryPattern> parse(std::string_view text);
    /// `docker.io/library/*`.
    static std::optional<RepositoryPattern> parse_source(std::string_view text);
    /// Whether two rules may not stand side by side: the same, or two wildcards of which one takes in the other. A name may
    /// stand beside a wildcard that takes it in.
    bool overlaps(const RepositoryPattern& other) const;
};

} // namespace berth::control_plane
