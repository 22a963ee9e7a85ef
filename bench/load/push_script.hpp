#pragma once

#include "load/script.hpp"

#include <memory>

namespace load {

/// Pushes images of one small layer, as clients do: POST and PUT for the layer and for the config, then the manifest by tag.
/// Nothing is pushed twice: `run` makes the contents differ from those of earlier runs. `connection` names the repository.
std::unique_ptr<Script> push_script(const Target& target, std::string_view run, std::size_t connection, Budget& budget);

/// PUTs one manifest, whose blobs are there, under new tags; `tags` are named after `run` and a number that goes up.
std::unique_ptr<Script> tag_script(const Target& target, std::string_view repository, std::string_view manifest,
                                   std::string_view run, Budget& budget);

} // namespace load
