#include "load/fetch_script.hpp"

#include <fmt/format.h>

namespace load {
namespace {

class FetchScript final : public Script {
public:
    FetchScript(const Target& target, Fetch& fetch, Budget& budget)
        : target_(target), fetch_(fetch), budget_(budget), request_(target_.request("GET", fetch_.path)) {
        if (fetch_.token_path.empty()) return;
        Target asking = target_;
        asking.authorization = fetch_.token_authorization;
        token_request_ = asking.request("GET", fetch_.token_path);
    }

    std::string_view next() override {
        if (!token_request_.empty() && with_this_token_ == 0) {
            asks_for_token_ = true;
            return token_request_;
        }
        if (!budget_.take()) return {};
        return request_;
    }

    bool take(const Answer& answer) override {
        if (asks_for_token_) {
            take_token(answer);
            return false;
        }
        if (!token_request_.empty()) --with_this_token_;
        if (answer.status != fetch_.status) {
            fail(fmt::format("GET {} answered {} instead of {}: {}", fetch_.path, answer.status, fetch_.status, answer.body));
        }
        check_body(answer);
        return true;
    }

private:
    void check_body(const Answer& answer) {
        if (fetch_.digest.empty()) {
            if (!answer.body.contains(fetch_.body_contains)) fail(fmt::format("GET {} gave another body", fetch_.path));
            return;
        }
        if (fetch_.body.empty()) {
            if (digest_of(answer.body) != fetch_.digest) fail(fmt::format("GET {} gave bytes of another digest", fetch_.path));
            fetch_.body = answer.body;
        } else if (answer.body != fetch_.body) {
            fail(fmt::format("GET {} gave other bytes than before", fetch_.path));
        }
    }

    void take_token(const Answer& answer) {
        constexpr std::string_view key = "\"access_token\":\"";
        const std::size_t begin = answer.body.find(key);
        if (answer.status != 200 || begin == std::string_view::npos) {
            fail(fmt::format("asking for a token answered {}: {}", answer.status, answer.body));
        }
        const std::string_view rest = answer.body.substr(begin + key.size());
        target_.authorization = fmt::format("Bearer {}", rest.substr(0, rest.find('"')));
        request_ = target_.request("GET", fetch_.path);
        with_this_token_ = fetch_.requests_per_token;
        asks_for_token_ = false;
    }

    Target target_;
    Fetch& fetch_;
    Budget& budget_;
    std::string request_;
    std::string token_request_;
    unsigned with_this_token_ = 0;
    bool asks_for_token_ = false;
};

} // namespace

std::unique_ptr<Script> fetch_script(const Target& target, Fetch& fetch, Budget& budget) {
    return std::make_unique<FetchScript>(target, fetch, budget);
}

} // namespace load
