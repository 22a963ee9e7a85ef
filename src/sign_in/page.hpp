#pragma once

#include "http/message.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::sign_in {

/// Text as HTML shows it, in content and in quoted attributes.
std::string escape_html(std::string_view text);

/// A page of the browser: one frame, one style sheet within it, no script, nothing from elsewhere, in no frame, never kept.
/// `content` is HTML. Forms may go to berth itself and, beyond that, where `further_form_target` says (an address whose
/// origin counts; empty: nowhere).
http::Response page(unsigned status, std::string_view title, std::string_view content,
                    std::string_view further_form_target = {});

/// A page that posts the fields to `target` by itself, or with a button where scripts do not run.
http::Response page_that_posts(std::string_view target, const std::vector<std::pair<std::string_view, std::string>>& fields);

/// The browser goes on to `location` with GET.
http::Response redirect(std::string location);

} // namespace berth::sign_in
