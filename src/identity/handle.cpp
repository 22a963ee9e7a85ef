#include "identity/handle.hpp"

#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/random.hpp"

namespace berth::identity {

Handle make_handle() {
    Secret value = random_secret();
    std::string id = handle_id(value.reveal());
    return {std::move(value), std::move(id)};
}

std::string handle_id(std::string_view value) { return Digest::of(as_bytes(value)).hex(); }

} // namespace berth::identity
