#pragma once

#include "app/client/session.hpp"
#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// A command of the client as data: what it is called, what it takes, how its answer is shown. `commands.cpp` makes the
/// command line of it, `completion.cpp` the completion of shells, `command_document.cpp` the document.
namespace berth::app {

/// One option or positional.
struct Argument {
    enum class Kind : std::uint8_t {
        text,  ///< one value
        flag,  ///< no value
        list,  ///< one or more values, again and again
        groups ///< the same, but what came with one naming of the option stays together
    };
    std::string name; ///< `--role`, `-g,--resource-group`, or `name` for a positional
    std::string what;
    Kind kind = Kind::text;
    bool required = false;
    std::vector<std::string> choices = {};
    std::string placeholder = "TEXT"; ///< what help shows for the value
    /// The longest name without dashes: how `Values` knows it.
    std::string key() const;
};

/// What the arguments of one call were.
class Values {
public:
    using Occurrences = std::vector<std::vector<std::string>>;

    void set(std::string key, Occurrences occurrences) { values_[std::move(key)] = std::move(occurrences); }

    bool given(std::string_view key) const { return values_.contains(key); }
    /// The value, or empty when it was not given.
    std::string text(std::string_view key) const;
    /// All values, of all occurrences.
    std::vector<std::string> list(std::string_view key) const;
    const Occurrences& occurrences(std::string_view key) const;

private:
    std::map<std::string, Occurrences, std::less<>> values_;
};

/// What a table shows of an object.
struct Column {
    std::string heading;
    std::string path; ///< members joined by periods: `properties.loginServer`
};

struct Answer {
    boost::json::value document = nullptr; ///< what JSON and YAML show, and tables too
    std::string note = {};                 ///< what a person is told below the table
    boost::json::value rows = nullptr;     ///< what tables show instead of the document
    bool refuses = false;                  ///< the answer is a no: the exit status is that of a failure
};

struct Command {
    std::string path; ///< `role assignment create`
    std::string summary;
    std::vector<Argument> arguments = {};
    std::vector<std::string> examples = {}; ///< whole lines
    std::vector<Column> columns = {};       ///< none: tables show the note alone
    /// Asked before anything happens, `{}` being the positional `name`; empty: not asked.
    std::string question = {};
    /// Whether `--yes` is taken although the question depends on what is found.
    bool may_ask = false;
    /// What it does as the one who is signed in; or `run_alone`, which needs nobody.
    std::function<Result<Answer>(Session&, const Values&)> run = {};
    std::function<Result<Answer>(const Values&)> run_alone = {};
};

/// A whole number from `least` to `most`; `invalid_parameter` for anything else. Not given: `otherwise`.
Result<std::int64_t> number(const Values& values, std::string_view key, std::int64_t least, std::int64_t most,
                            std::int64_t otherwise);

} // namespace berth::app
