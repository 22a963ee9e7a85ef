#include "outbound/curl_library.hpp"

#include <dlfcn.h>

namespace berth::outbound {
namespace {

template <class Function>
bool find(void* library, const char* name, Function& out) {
    out = reinterpret_cast<Function>(::dlsym(library, name));
    return out != nullptr;
}

Result<CurlLibrary> open() {
    void* library = ::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    CurlLibrary out;
    decltype(&curl_global_init) global_init = nullptr;
    const bool complete =
        library != nullptr && find(library, "curl_global_init", global_init) &&
        find(library, "curl_easy_init", out.easy_init) && find(library, "curl_easy_cleanup", out.easy_cleanup) &&
        find(library, "curl_easy_reset", out.easy_reset) && find(library, "curl_easy_setopt", out.easy_setopt) &&
        find(library, "curl_easy_getinfo", out.easy_getinfo) && find(library, "curl_easy_perform", out.easy_perform) &&
        find(library, "curl_slist_append", out.slist_append) && find(library, "curl_slist_free_all", out.slist_free_all);
    if (!complete || global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return failure(ErrorCode::unavailable, "libcurl is not installed; install the package libcurl4.");
    }
    return out;
}

} // namespace

Result<const CurlLibrary*> CurlLibrary::load() {
    static const Result<CurlLibrary> library = open();
    if (!library) return std::unexpected(library.error());
    return &*library;
}

} // namespace berth::outbound
