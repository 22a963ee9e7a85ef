#include "outbound/http_client.hpp"

#include "base/encoding.hpp"
#include "outbound/curl_library.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

namespace berth::outbound {
namespace {

struct Answer {
    std::string body;
    std::size_t limit = 0;
    bool too_long = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& answer = *static_cast<Answer*>(user);
    if (answer.body.size() + size * count > answer.limit) {
        answer.too_long = true;
        return 0;
    }
    answer.body.append(data, size * count);
    return size * count;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
    auto& headers = *static_cast<std::vector<std::pair<std::string, std::string>>*>(user);
    const std::string_view line(data, size * count);
    if (line.starts_with("HTTP/")) headers.clear(); // those before were of an interim answer
    if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
        const std::string_view rest = line.substr(colon + 1);
        const std::size_t begin = std::min(rest.find_first_not_of(" \t"), rest.size());
        const std::size_t end = rest.find_last_not_of(" \t\r\n") + 1;
        headers.emplace_back(to_lower(line.substr(0, colon)), rest.substr(begin, end > begin ? end - begin : 0));
    }
    return size * count;
}

} // namespace

std::string ClientResponse::header(std::string_view name) const {
    for (const auto& [each, value] : headers) {
        if (each == name) return value;
    }
    return "";
}

Result<ClientResponse> send(const ClientRequest& request) {
    const auto library = CurlLibrary::load();
    if (!library) return std::unexpected(library.error());
    const CurlLibrary& curl = **library;

    const std::unique_ptr<CURL, decltype(curl.easy_cleanup)> handle(curl.easy_init(), curl.easy_cleanup);
    curl_slist* list = nullptr;
    for (const auto& [name, value] : request.headers) list = curl.slist_append(list, (name + ": " + value).c_str());
    const std::unique_ptr<curl_slist, decltype(curl.slist_free_all)> headers(list, curl.slist_free_all);

    Answer answer{.body = {}, .limit = request.answer_limit};
    std::array<char, CURL_ERROR_SIZE> reason{};
    curl.easy_setopt(handle.get(), CURLOPT_URL, request.url.c_str());
    curl.easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(handle.get(), CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl.easy_setopt(handle.get(), CURLOPT_NOPROXY, "localhost,127.0.0.1,::1,.localhost");
    curl.easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
    curl.easy_setopt(handle.get(), CURLOPT_TIMEOUT, static_cast<long>(request.timeout.count()));
    curl.easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
    curl.easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, take_body);
    curl.easy_setopt(handle.get(), CURLOPT_WRITEDATA, &answer);
    std::vector<std::pair<std::string, std::string>> answer_headers;
    curl.easy_setopt(handle.get(), CURLOPT_HEADERFUNCTION, take_header);
    curl.easy_setopt(handle.get(), CURLOPT_HEADERDATA, &answer_headers);
    curl.easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, reason.data());
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
        curl.easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        curl.easy_setopt(handle.get(), CURLOPT_POSTFIELDS, request.body.data());
    }
    if (!request.ca_file.empty()) curl.easy_setopt(handle.get(), CURLOPT_CAINFO, request.ca_file.c_str());

    const CURLcode code = curl.easy_perform(handle.get());
    if (answer.too_long) {
        return failure(ErrorCode::payload_too_large,
                       fmt::format("The answer from {} is longer than {} bytes.", request.url, request.answer_limit));
    }
    if (code != CURLE_OK) {
        const std::string_view hint =
            code == CURLE_PEER_FAILED_VERIFICATION ? " If the server has a CA of its own, name its file." : "";
        return failure(ErrorCode::unavailable, fmt::format("{} did not answer: {}.{}", request.url, reason.data(), hint));
    }
    long status = 0;
    curl.easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    return ClientResponse{static_cast<unsigned>(status), std::move(answer.body), std::move(answer_headers)};
}

} // namespace berth::outbound
