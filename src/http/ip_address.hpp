#pragma once

#include "base/ip_address.hpp"

namespace berth::http {

using berth::IpAddress;
using berth::IpNetwork;

} // namespace berth::http
