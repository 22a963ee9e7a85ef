#include "checking/inspection.hpp"

#include "base/encoding.hpp"
#include "checking/check_list.hpp"

namespace berth::checking {

using storage::Session;

void Inspection::wrong(std::string message) {
    if (++result_.wrong <= most_findings) report_.findings.push_back({.check = result_.name, .message = std::move(message)});
}

void Inspection::run(const Check& check) {
    result_ = {.name = check.name, .promise = check.promise};
    auto done = run_queries(check);
    if (done && check.run != nullptr) done = check.run(*this);
    if (!done) wrong(fmt::format("This check came to no end: {}", done.error().message));
    report_.checks.push_back(result_);
}

Result<void> Inspection::run_queries(const Check& check) {
    const auto look = [&](Session& session) -> Result<void> {
        for (const std::string_view sql : check.counted) {
            if (sql.empty()) continue;
            auto rows = session.query(sql);
            if (!rows) return failure(std::move(rows));
            if (auto more = rows->next(); !more) return failure(std::move(more));
            saw(static_cast<std::uint64_t>(rows->integer(0)));
        }
        for (const std::string_view sql : check.wrong) {
            if (sql.empty()) continue;
            auto rows = session.query(sql);
            if (!rows) return failure(std::move(rows));
            for (;;) {
                auto more = rows->next();
                if (!more) return failure(std::move(more));
                if (!*more) break;
                wrong(std::string(rows->text(0)));
            }
        }
        return {};
    };
    return snapshot(look);
}

std::string digest_text(std::span<const std::byte> stored) {
    const auto digest = Digest::from_stored(stored);
    return digest ? digest->to_string() : fmt::format("'{}', which is none", to_hex(stored));
}

} // namespace berth::checking
