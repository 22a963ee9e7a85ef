#include "control_plane/operations.hpp"

#include "control_plane/control_plane.hpp"
#include "gateway/testing/gateway_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace berth::control_plane {
namespace {

using enum http::Method;
using gateway::GatewayFixture;
using storage::Session;
using tenant::OperationStatus;

class Operations : public testing::Test {
protected:
    GatewayFixture fixture{[](const gateway::Services& services) { return ControlPlane(services).routes(); }};

    tenant::Operation begin(const std::string& actor = Guid::random().value()) {
        tenant::Operation operation{.tenant = fixture.tenant(),
                                    .kind = "importImage",
                                    .scope = fixture.registry(),
                                    .actor = actor,
                                    .started_at = fixture.clock.now(),
                                    .updated_at = fixture.clock.now()};
        EXPECT_TRUE(fixture.database.write([&](Session& s) { return tenant::create_operation(s, operation); }));
        return operation;
    }
    void finish(const tenant::Operation& operation, OperationStatus status,
                const std::optional<tenant::OperationFailure>& why = std::nullopt) {
        EXPECT_TRUE(fixture.database.write(
            [&](Session& s) { return tenant::finish_operation(s, operation.id, status, why, fixture.clock.now()); }));
    }
    GatewayFixture::Answer poll(const Guid& who, std::string_view what, const tenant::Operation& operation) {
        return fixture.call(who, get,
                            fmt::format("{}/providers/Microsoft.ContainerRegistry/locations/local/{}/{}?api-version=2025-11-01",
                                        fixture.subscription(), what, operation.id.value()));
    }
};

TEST_F(Operations, ArePolledInBothStylesUntilTheyEnd) {
    const auto operation = begin();
    EXPECT_TRUE(fixture.database.write([&](Session& s) {
        return tenant::set_operation_progress(s, operation.id, {{"percentComplete", 40}, {"blobs", 3}}, fixture.clock.now());
    }));
    const auto running = poll(fixture.owner(), "operationResults", operation);
    EXPECT_EQ(running.status, 202U);
    ASSERT_TRUE(running.headers.find("location"));
    EXPECT_NE(running.headers.find("location")->find("/operationResults/" + operation.id.value() + "?api-version=2025-11-01"),
              std::string_view::npos);
    ASSERT_TRUE(running.headers.find("azure-asyncoperation"));
    EXPECT_NE(running.headers.find("azure-asyncoperation")->find("/operationStatuses/"), std::string_view::npos);
    EXPECT_EQ(running.headers.find("retry-after"), "1");

    const auto status = poll(fixture.owner(), "operationStatuses", operation);
    EXPECT_EQ(status.status, 200U);
    EXPECT_EQ(status.json.at("status"), "Running");
    EXPECT_EQ(status.json.at("percentComplete"), 40);
    EXPECT_EQ(status.json.at("properties").at("blobs"), 3);
    EXPECT_EQ(status.headers.find("retry-after"), "1");

    finish(operation, OperationStatus::succeeded);
    EXPECT_EQ(poll(fixture.owner(), "operationResults", operation).status, 200U);
    const auto done = poll(fixture.owner(), "operationStatuses", operation);
    EXPECT_EQ(done.json.at("status"), "Succeeded");
    EXPECT_EQ(done.json.at("percentComplete"), 100);
    EXPECT_FALSE(done.headers.find("retry-after"));
}

TEST_F(Operations, AFailureIsToldInBothStyles) {
    struct Row {
        std::string_view code;
        unsigned status;
    };
    for (const Row& row : {Row{"ResourceNotFound", 404}, Row{"ImportFailed", 400}, Row{"LinkedAuthorizationFailed", 403}}) {
        const auto operation = begin();
        finish(operation, OperationStatus::failed, tenant::OperationFailure{std::string(row.code), "Why it failed."});
        const auto result = poll(fixture.owner(), "operationResults", operation);
        EXPECT_EQ(result.status, row.status);
        EXPECT_EQ(result.code(), row.code);
        EXPECT_EQ(result.message(), "Why it failed.");
        const auto status = poll(fixture.owner(), "operationStatuses", operation);
        EXPECT_EQ(status.status, 200U);
        EXPECT_EQ(status.json.at("status"), "Failed");
        EXPECT_EQ(status.code(), row.code);
    }
    const auto canceled = begin();
    finish(canceled, OperationStatus::canceled);
    EXPECT_EQ(poll(fixture.owner(), "operationResults", canceled).code(), "OperationCanceled");
}

TEST_F(Operations, ArePolledByWhoMayReadTheResourceAndByWhoAskedForThem) {
    const Guid reader = fixture.new_principal("Reader", fixture.registry().value());
    const Guid stranger = fixture.new_principal();
    const auto operation = begin(stranger.value());
    EXPECT_EQ(poll(reader, "operationStatuses", operation).status, 200U);
    EXPECT_EQ(poll(stranger, "operationStatuses", operation).status, 200U);
    const auto other = begin();
    for (const std::string_view what : {"operationResults", "operationStatuses"}) {
        const auto refused = poll(stranger, what, other);
        EXPECT_EQ(refused.status, 403U);
        EXPECT_EQ(refused.code(), "AuthorizationFailed");
        EXPECT_NE(refused.message().find("Microsoft.ContainerRegistry/registries/read"), std::string::npos);
    }
}

TEST_F(Operations, WhatIsNoneIsNotFound) {
    tenant::Operation none = begin();
    none.id = Guid::random();
    EXPECT_EQ(poll(fixture.owner(), "operationStatuses", none).code(), "ResourceNotFound");
    const auto answer = [&](std::string_view subscription, std::string_view id) {
        return fixture.call(fixture.owner(), get,
                            fmt::format("/subscriptions/{}/providers/Microsoft.ContainerRegistry/locations/local/"
                                        "operationStatuses/{}?api-version=2025-11-01",
                                        subscription, id));
    };
    EXPECT_EQ(answer(fixture.database.first->subscription.value(), "no-guid").status, 404U);
    const auto operation = begin(fixture.owner().value());
    EXPECT_EQ(answer(Guid::random().value(), operation.id.value()).status, 404U) << "in another subscription";
}

TEST(OperationFailure, HasTheCodeThatArmShows) {
    EXPECT_EQ(failure_of(Error{ErrorCode::not_found, "a"}), (tenant::OperationFailure{"ResourceNotFound", "a"}));
    Error named{ErrorCode::conflict, "b"};
    named.protocol_code = "ImportConflict";
    EXPECT_EQ(failure_of(named), (tenant::OperationFailure{"ImportConflict", "b"}));
}

} // namespace
} // namespace berth::control_plane
