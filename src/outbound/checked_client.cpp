#include "outbound/checked_client.hpp"

#include "base/encoding.hpp"
#include "outbound/curl_library.hpp"
#include "outbound/target_url.hpp"

#include <fmt/format.h>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>

namespace berth::outbound {
namespace {

constexpr std::size_t most_head_bytes = 64 * 1024;
constexpr std::size_t most_error_body = 64 * 1024;
constexpr std::size_t most_idle_handles = 16;

bool is_redirect(unsigned status) noexcept {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view blank = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// One call on its way: what libcurl's callbacks look at and fill.
struct Call {
    const CheckedRequest& request;
    const AllowedDestinations& allowed;
    const TargetUrl& url;
    BodySink* sink = nullptr;

    CheckedResponse response{};
    std::size_t head_bytes = 0;
    std::uint64_t body_bytes = 0;
    bool begun = false;
    std::optional<Error> failed{};              // what a callback ended the call with
    std::optional<IpAddress> refused_address{}; // an address that may not be connected to

    bool to_sink() const noexcept { return sink != nullptr && response.status >= 200 && response.status < 300; }

    bool fail(Error error) {
        failed = std::move(error);
        return false;
    }

    bool take_header(std::string_view line) {
        head_bytes += line.size();
        if (head_bytes > most_head_bytes) {
            return fail({ErrorCode::payload_too_large, fmt::format("The head of the answer from {} is too long.", url.host)});
        }
        if (line.starts_with("HTTP/")) { // a final head after an interim one begins anew
            response.headers.clear();
            const std::size_t blank = line.find(' ');
            response.status = 0;
            for (const char digit : line.substr(std::min(blank + 1, line.size()), 3)) {
                if (digit < '0' || digit > '9') break;
                response.status = response.status * 10 + static_cast<unsigned>(digit - '0');
            }
            return true;
        }
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos) {
            response.headers.emplace_back(to_lower(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
        }
        return true;
    }

    bool begin() {
        if (begun || !to_sink()) return true;
        begun = true;
        auto ready = sink->begin(response);
        return ready || fail(std::move(ready.error()));
    }

    bool take_body(std::span<const std::byte> bytes) {
        if (is_redirect(response.status)) return true;
        const bool streamed = to_sink();
        const std::uint64_t limit = sink != nullptr && !streamed ? most_error_body : request.answer_limit;
        body_bytes += bytes.size();
        if (body_bytes > limit) {
            if (sink != nullptr && !streamed) return true; // the beginning of an error says enough
            return fail({ErrorCode::payload_too_large,
                         fmt::format("The answer from {} is longer than {} bytes.", url.host, request.answer_limit)});
        }
        if (!streamed) {
            response.body.append(as_text(bytes));
            return true;
        }
        if (!begin()) return false;
        auto taken = sink->take(bytes);
        return taken || fail(std::move(taken.error()));
    }
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
    return static_cast<Call*>(user)->take_header({data, size * count}) ? size * count : 0;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
    return static_cast<Call*>(user)->take_body(as_bytes({data, size * count})) ? size * count : 0;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Call*>(user)->request.stop.stop_requested() ? 1 : 0;
}

// The check of invariant 10: of the address that is about to be connected to, not of one that the name had before.
curl_socket_t on_open_socket(void* user, curlsocktype, curl_sockaddr* target) {
    auto& call = *static_cast<Call*>(user);
    sockaddr_storage address{};
    std::memcpy(&address, &target->addr, std::min<std::size_t>(target->addrlen, sizeof(address)));
    const auto ip = IpAddress::from(address);
    if (!ip || !call.allowed.allows(call.url.host, call.url.port, *ip)) {
        call.refused_address = ip;
        return CURL_SOCKET_BAD;
    }
    return ::socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
}

std::unexpected<Error> refused(const TargetUrl& url, const IpAddress& address) {
    const std::string written = address.to_string();
    return failure(ErrorCode::invalid_parameter,
                   fmt::format("berth does not connect to {}{}: it is not an address of the public Internet. Whoever runs "
                               "berth can allow it with --allow-outbound {}.",
                               url.host, written == url.host ? "" : fmt::format(" ({})", written), url.host));
}

} // namespace

std::optional<std::string_view> CheckedResponse::header(std::string_view name) const noexcept {
    for (const auto& [key, value] : headers) {
        if (key == name) return value;
    }
    return std::nullopt;
}

// Handles that are not in use, with their open connections.
class CheckedClient::Handles {
public:
    using Handle = std::unique_ptr<CURL, void (*)(CURL*)>;

    Result<Handle> take() {
        const auto library = CurlLibrary::load();
        if (!library) return std::unexpected(library.error());
        const std::scoped_lock lock(mutex_);
        if (!idle_.empty()) {
            Handle out = std::move(idle_.back());
            idle_.pop_back();
            return out;
        }
        return Handle((*library)->easy_init(), (*library)->easy_cleanup);
    }

    void give_back(Handle handle) {
        (*CurlLibrary::load())->easy_reset(handle.get());
        const std::scoped_lock lock(mutex_);
        if (idle_.size() < most_idle_handles) idle_.push_back(std::move(handle));
    }

private:
    std::mutex mutex_;
    std::vector<Handle> idle_;
};

CheckedClient::CheckedClient(CheckedClientOptions options)
    : options_(std::move(options)), handles_(std::make_unique<Handles>()) {}

CheckedClient::~CheckedClient() = default;

namespace {

using HeaderList = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;

HeaderList headers_of(const CurlLibrary& curl, const CheckedRequest& request, bool with_authorization) {
    curl_slist* list = curl.slist_append(nullptr, "User-Agent: berth");
    list = curl.slist_append(list, "Expect:");
    for (const auto& [name, value] : request.headers) list = curl.slist_append(list, (name + ": " + value).c_str());
    if (with_authorization && !request.authorization.empty()) {
        const Secret line("Authorization: " + request.authorization.reveal());
        list = curl.slist_append(list, line.reveal().c_str());
    }
    return {list, curl.slist_free_all};
}

void set_up(const CurlLibrary& curl, CURL* handle, Call& call, const CheckedClientOptions& options, const char* url) {
    const CheckedRequest& request = call.request;
    curl.easy_setopt(handle, CURLOPT_URL, url);
    curl.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    // A proxy would connect where nobody checks.
    curl.easy_setopt(handle, CURLOPT_PROXY, "");
    curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl.easy_setopt(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    curl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout.count()));
    curl.easy_setopt(handle, CURLOPT_TIMEOUT, static_cast<long>(request.timeout.count()));
    curl.easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, options.slowest);
    curl.easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.patience.count()));
    curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl.easy_setopt(handle, CURLOPT_HEADERDATA, &call);
    curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl.easy_setopt(handle, CURLOPT_WRITEDATA, &call);
    curl.easy_setopt(handle, CURLOPT_BUFFERSIZE, 256L * 1024);
    curl.easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl.easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl.easy_setopt(handle, CURLOPT_XFERINFODATA, &call);
    curl.easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl.easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &call);
    if (request.method == "HEAD") {
        curl.easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET") {
        curl.easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        curl.easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
        curl.easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    if (!options.ca_file.empty()) curl.easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
}

// What libcurl ended with, in berth's words.
std::unexpected<Error> failure_of(const Call& call, CURLcode code, const char* reason) {
    if (call.failed) return std::unexpected(*call.failed);
    if (call.request.stop.stop_requested()) return failure(ErrorCode::unavailable, "The call was ended.");
    if (call.refused_address && code == CURLE_COULDNT_CONNECT) return refused(call.url, *call.refused_address);
    const std::string_view hint = code == CURLE_PEER_FAILED_VERIFICATION
                                      ? " If the server has a CA of its own, whoever runs berth can name it with --outbound-ca."
                                      : "";
    return failure(ErrorCode::unavailable,
                   fmt::format("{}:{} gave no whole answer: {}.{}", call.url.host, call.url.port, trimmed(reason), hint));
}

Result<void> check_scheme(const AllowedDestinations& allowed, const TargetUrl& url) {
    if (url.https || allowed.allows_plain_http(url.host, url.port)) return {};
    return failure(ErrorCode::invalid_parameter,
                   fmt::format("berth does not speak plain HTTP to {0}. Whoever runs berth can allow it with --allow-outbound "
                               "http://{0}:{1}.",
                               url.host, url.port));
}

} // namespace

Result<CheckedResponse> CheckedClient::follow(const CheckedRequest& request, BodySink* sink) const {
    auto url = TargetUrl::parse(request.url);
    if (!url) return failure(std::move(url));
    const TargetUrl first = *url;
    auto handle = handles_->take();
    if (!handle) return failure(std::move(handle));
    const CurlLibrary& curl = **CurlLibrary::load();

    for (unsigned hop = 0;; ++hop) {
        if (auto allowed = check_scheme(options_.allowed, *url); !allowed) return failure(std::move(allowed));
        if (first.https && !url->https) {
            return failure(ErrorCode::unavailable, fmt::format("{} redirects from HTTPS to plain HTTP.", first.host));
        }
        Call call{.request = request, .allowed = options_.allowed, .url = *url, .sink = sink};
        const std::string address = url->to_string();
        const HeaderList headers = headers_of(curl, request, url->same_origin(first));
        std::array<char, CURL_ERROR_SIZE> reason{};
        set_up(curl, handle->get(), call, options_, address.c_str());
        curl.easy_setopt(handle->get(), CURLOPT_HTTPHEADER, headers.get());
        curl.easy_setopt(handle->get(), CURLOPT_ERRORBUFFER, reason.data());
        const CURLcode code = curl.easy_perform(handle->get());
        if (code != CURLE_OK) return failure_of(call, code, reason.data()); // the handle goes, its connection is broken

        char* next = nullptr;
        curl.easy_getinfo(handle->get(), CURLINFO_REDIRECT_URL, &next);
        const bool follows =
            is_redirect(call.response.status) && next != nullptr && (request.method == "GET" || request.method == "HEAD");
        if (!follows) {
            if (!call.begin()) return std::unexpected(*call.failed); // an answer without a body
            call.response.url = address;
            handles_->give_back(std::move(*handle));
            return std::move(call.response);
        }
        if (hop == request.redirects) {
            return failure(ErrorCode::unavailable, fmt::format("{} redirects too often.", first.host));
        }
        auto target = TargetUrl::parse(next);
        if (!target) return failure(std::move(target));
        curl.easy_reset(handle->get());
        url = std::move(target);
    }
}

Result<void> CheckedClient::check(std::string_view text) const {
    auto url = TargetUrl::parse(text);
    if (!url) return failure(std::move(url));
    if (auto allowed = check_scheme(options_.allowed, *url); !allowed) return allowed;
    const auto address = IpAddress::parse(url->host);
    if (address && !options_.allowed.allows(url->host, url->port, *address)) return refused(*url, *address);
    return {};
}

Result<CheckedResponse> CheckedClient::send(const CheckedRequest& request) const { return follow(request, nullptr); }

Result<CheckedResponse> CheckedClient::stream(const CheckedRequest& request, BodySink& sink) const {
    return follow(request, &sink);
}

} // namespace berth::outbound
