#pragma once

#include "base/result.hpp"

#include <curl/curl.h>

namespace berth::outbound {

/// The functions of libcurl that berth calls.
struct CurlLibrary {
    decltype(&curl_easy_init) easy_init = nullptr;
    decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
    decltype(&curl_easy_reset) easy_reset = nullptr;
    // curl_easy_setopt and curl_easy_getinfo are also type-checking macros; these are the functions themselves.
    CURLcode (*easy_setopt)(CURL*, CURLoption, ...) = nullptr;
    CURLcode (*easy_getinfo)(CURL*, CURLINFO, ...) = nullptr;
    decltype(&curl_easy_perform) easy_perform = nullptr;
    decltype(&curl_slist_append) slist_append = nullptr;
    decltype(&curl_slist_free_all) slist_free_all = nullptr;

    /// Loads the library at the first call. `unavailable` when the machine has none.
    static Result<const CurlLibrary*> load();
};

} // namespace berth::outbound
