#include "app/logging.hpp"

#include "base/time.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace berth::app {
namespace {

class JsonLines final : public spdlog::formatter {
public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        const auto time = std::chrono::floor<std::chrono::microseconds>(message.time);
        const auto level = spdlog::level::to_string_view(message.level);
        const std::string_view text(message.payload.data(), message.payload.size());
        fmt::format_to(std::back_inserter(out), "{{\"time\":\"{}\",\"level\":\"{}\",", to_rfc3339(time),
                       std::string_view(level.data(), level.size()));
        if (text.starts_with('{') && text.ends_with('}')) {
            fmt::format_to(std::back_inserter(out), "{}\n", text.substr(1));
        } else {
            fmt::format_to(std::back_inserter(out), "\"message\":{}}}\n", boost::json::serialize(boost::json::value(text)));
        }
    }
    std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonLines>(); }
};

} // namespace

void set_up_logging(const std::string& level) {
    auto logger = std::make_shared<spdlog::logger>("berth", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_formatter(std::make_unique<JsonLines>());
    spdlog::set_default_logger(std::move(logger));
    set_log_level(level);
}

void set_log_level(const std::string& level) { spdlog::set_level(spdlog::level::from_str(level)); }

} // namespace berth::app
