#include "identity/sign_in_provider.hpp"

#include "storage/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace berth::identity {
namespace {

TEST(SignInProvider, ReadsItsSettings) {
    const storage::TemporaryFolder folder;
    const std::string file = (folder.path() / "secret").string();
    std::ofstream(file) << "hush\n";
    const auto made =
        SignInProvider::parse("issuer=https://sso.example/realms/x,client-id=berth,name=Keycloak,client-secret-file=" + file);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->issuer, "https://sso.example/realms/x");
    EXPECT_EQ(made->client_id, "berth");
    EXPECT_EQ(made->name, "Keycloak");
    EXPECT_EQ(made->client_secret.reveal(), "hush");
    EXPECT_TRUE(SignInProvider::parse("issuer=https://sso.example,client-id=berth"));
}

TEST(SignInProvider, SaysWhatIsWrong) {
    for (const std::string_view bad :
         {"", "issuer=https://sso.example", "client-id=x", "issuer=ftp://x,client-id=x",
          "issuer=https://x,client-id=", "issuer=https://x,client-id=a,client-id=b", "issuer=https://x,client-id=a,colour=red",
          "issuer=https://x,client-id=a,client-secret-file=/nonexistent/secret"}) {
        const auto made = SignInProvider::parse(bad);
        ASSERT_FALSE(made) << bad;
        EXPECT_EQ(made.error().code, ErrorCode::invalid_parameter) << bad;
    }
}

} // namespace
} // namespace berth::identity
