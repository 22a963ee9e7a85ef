#include "base/encoding.hpp"
#include "identity/key_derivation.hpp"

#include <gtest/gtest.h>

namespace berth::identity {
namespace {

Bytes counting(unsigned first, unsigned last) {
    Bytes out;
    for (unsigned value = first; value <= last; ++value) out.push_back(std::byte(value));
    return out;
}

// RFC 5869, appendix A.
TEST(KeyDerivation, GivesWhatTheStandardSays) {
    const struct {
        Bytes key, salt, info;
        std::string_view derived;
    } cases[] = {
        {Bytes(22, std::byte{0x0b}), counting(0x00, 0x0c), counting(0xf0, 0xf9),
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        {counting(0x00, 0x4f), counting(0x60, 0xaf), counting(0xb0, 0xff),
         "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
         "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
        {Bytes(22, std::byte{0x0b}),
         {},
         {},
         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
    };
    for (const auto& one : cases) {
        Bytes out(one.derived.size() / 2);
        derive_key(out, one.key, one.salt, std::string_view(reinterpret_cast<const char*>(one.info.data()), one.info.size()));
        EXPECT_EQ(to_hex(out), one.derived);
    }
}

TEST(KeyDerivation, ShorterIsTheBeginningOfLonger) {
    const Bytes key(32, std::byte{7});
    Bytes longest(255 * 32);
    derive_key(longest, key, {}, "info");
    for (const std::size_t size : {0U, 1U, 31U, 32U, 33U, 44U, 1000U}) {
        Bytes out(size);
        derive_key(out, key, {}, "info");
        EXPECT_TRUE(std::equal(out.begin(), out.end(), longest.begin())) << size;
    }
}

} // namespace
} // namespace berth::identity
