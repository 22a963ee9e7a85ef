#pragma once

#include "app/client/command.hpp"

#include <string>
#include <vector>

namespace berth::app {

/// A kind of ARM resource or Graph object as the commands see it: what `list`, `show` and `delete` need to know, which are
/// one implementation for all kinds.
struct ResourceKind {
    enum class Plane : std::uint8_t { arm, graph };
    using Locate = Result<std::string> (*)(Session&, const Values&);

    std::string command; ///< `scope-map`: what the commands begin with
    std::string noun;    ///< `scope map`
    std::string plural;
    Plane plane = Plane::arm;
    std::vector<Argument> where = {};     ///< the arguments that say in what it lies
    std::vector<Argument> list_only = {}; ///< those of `list` alone
    Locate collection = nullptr;          ///< the path of the list
    Locate item = nullptr;                ///< the path of the one that `name` names; null: a segment below the collection
    std::string name_says = "Its name";   ///< help of the positional `name`
    std::string loss = {};                ///< what the question before a delete says ends with it; empty: not asked
    std::vector<Column> columns = {};
    std::string example_name = {};
    std::string example_where = {}; ///< ` --registry berth`
};

/// `list`, `show` and `delete` of the kind.
std::vector<Command> standard_commands(const ResourceKind& kind);

/// The path of the one that the positional `name` names.
Result<std::string> locate(const ResourceKind& kind, Session& session, const Values& values);

/// The positional `name`.
Argument name_argument(std::string what);

/// Both lists in one.
std::vector<Argument> joined(std::vector<Argument> first, const std::vector<Argument>& second);

} // namespace berth::app
