#include "gateway/request_log.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

namespace berth::gateway {
namespace {

class RequestLogTest : public testing::Test {
protected:
    void SetUp() override {
        auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(out_));
        logger->set_pattern("%v");
        spdlog::set_default_logger(std::move(logger));
    }
    void TearDown() override { spdlog::set_default_logger(earlier_); }

    boost::json::object written(const RequestRecord& record) {
        out_.str("");
        write_request_log(record);
        const std::string line = out_.str();
        EXPECT_EQ(std::ranges::count(line, '\n'), 1) << line;
        boost::system::error_code error;
        const auto json = boost::json::parse(line, error);
        EXPECT_FALSE(error) << line;
        return json.is_object() ? json.get_object() : boost::json::object();
    }

    http::Request request_;
    std::ostringstream out_;
    std::shared_ptr<spdlog::logger> earlier_ = spdlog::default_logger();
};

TEST_F(RequestLogTest, AllThatIsKnown) {
    Route route;
    route.id = "blob.get";
    const tenant::Registry registry{
        .row = 1,
        .id = Guid::random(),
        .name = "harbour",
        .login_server = "harbour.azurecr.localhost",
        .scope = *rbac::Scope::parse("/subscriptions/00000000-0000-4000-8000-000000000001"),
        .subscription = Guid::random(),
    };
    request_.method_name = "GET";
    request_.remote_address = "::1";
    request_.headers.add("Authorization", "Bearer x");
    RequestRecord record{.request = request_, .route = &route, .registry = &registry, .correlation_id = "c-1"};
    const Guid id = Guid::random();
    record.caller.principal = id;
    record.caller.name = "robot";
    record.repository = "team/app";
    record.error = Error{ErrorCode::forbidden, "'robot' may not."};
    record.status = 403;
    record.took = std::chrono::microseconds(1234);
    EXPECT_EQ(written(record), (boost::json::object{{"event", "request"},
                                                    {"route", "blob.get"},
                                                    {"method", "GET"},
                                                    {"status", 403},
                                                    {"microseconds", 1234},
                                                    {"remote", "::1"},
                                                    {"correlationId", "c-1"},
                                                    {"registry", "harbour"},
                                                    {"repository", "team/app"},
                                                    {"caller", "robot"},
                                                    {"objectId", id.value()},
                                                    {"error", "'robot' may not."}}));
}

TEST_F(RequestLogTest, WhateverATextHoldsItStaysOneLineOfJson) {
    for (const std::string_view text :
         {"", "\"", "\\", "a\nb", "\r", "\t", "\x7f", "{}", "\",\"caller\":\"owner", "\xc3\xa9", "日本"}) {
        request_.method_name = text;
        RequestRecord record{.request = request_, .correlation_id = text};
        record.caller.name = text;
        record.repository = text;
        record.error = Error{ErrorCode::internal, std::string(text)};
        record.status = 500;
        const auto json = written(record);
        EXPECT_EQ(json.at("method"), boost::json::string(std::string_view(text).substr(0, 32)));
        EXPECT_EQ(json.at("correlationId"), boost::json::string(text));
        EXPECT_EQ(json.contains("caller"), !text.empty());
        EXPECT_EQ(json.at("error"), boost::json::string(text));
        EXPECT_EQ(json.at("route"), "none");
    }
}

TEST_F(RequestLogTest, AChallengeIsNoError) {
    RequestRecord record{.request = request_, .correlation_id = ""};
    record.error = Error{ErrorCode::unauthenticated, "Log in."};
    record.status = 401;
    EXPECT_FALSE(written(record).contains("error"));
    request_.headers.add("Authorization", "Basic x");
    EXPECT_EQ(written(record).at("error"), "Log in.");
}

} // namespace
} // namespace berth::gateway
