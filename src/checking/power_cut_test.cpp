// What is left of a data folder when the power goes: every change to its files is written down while real work is done
// through the code of the rooms, and then happens again, cut off at each point, with what was not synced lost.

#include "checking/check_folder.hpp"
#include "checking/testing/data_store.hpp"
#include "checking/testing/disk_journal.hpp"
#include "checking/testing/recording_file_layer.hpp"
#include "checking/testing/recording_file_system.hpp"
#include "storage/testing/faulty_file_layer.hpp"
#include "storage/testing/faulty_file_system.hpp"
#include "storage/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <set>
#include <thread>

namespace berth::checking {
namespace {

namespace fs = std::filesystem;
using Kind = DiskChange::Kind;

/// One thing that is done and acknowledged.
struct Operation {
    std::string name;
    std::function<Result<void>(std::unique_ptr<DataStore>&)> run;
    /// Which facts it changes, where several operations run at once: those of this repository.
    std::string repository{};
    /// Whether all that it changes changes at once.
    bool at_once = true;
};

/// What was done when, and what was visible before and after.
struct Done {
    struct One {
        Operation operation;
        std::size_t begun = 0;
        std::atomic<std::size_t> acknowledged = SIZE_MAX;
    };
    std::deque<One> operations; // of one step, at once
    Facts before;
    Facts after;
    std::size_t begun() const { return operations.front().begun; }
};

using Steps = std::vector<std::vector<Operation>>;

Operation change(std::string name, std::function<Result<void>(DataStore&)> run, std::string repository = {}) {
    return {.name = std::move(name),
            .run = [run = std::move(run)](std::unique_ptr<DataStore>& store) { return run(*store); },
            .repository = std::move(repository)};
}

std::string layer(unsigned number, std::size_t size) { return DataStore::bytes(size, number); }

std::string image_of(const std::string& repository, const std::string& tag, const std::string& content) {
    return DataStore::image("config of " + repository + ':' + tag, content);
}

// The work: every kind of change that must survive, large and small, alone and beside others, over two runs of a server.
Steps workload(const std::function<Result<void>(std::unique_ptr<DataStore>&)>& restart) {
    static const Guid assignment = Guid::random();
    static const Guid second = Guid::random();
    Steps steps;
    const auto alone = [&](std::string name, std::function<Result<void>(DataStore&)> run) {
        steps.push_back({change(std::move(name), std::move(run))});
    };
    const auto sweep = [&] {
        steps.push_back({change("sweep", [](DataStore& store) { return store.sweep(); })});
        steps.back().front().at_once = false;
    };
    const auto pushed = [&](const std::string& repository, const std::string& tag, unsigned number, std::size_t size) {
        alone("push config",
              [=](DataStore& store) { return store.push_blob(repository, "config of " + repository + ':' + tag); });
        alone("push layer", [=](DataStore& store) { return store.push_blob(repository, layer(number, size)); });
        alone("push manifest", [=](DataStore& store) {
            return store.push_manifest(repository, tag, image_of(repository, tag, layer(number, size)));
        });
    };
    pushed("small", "v1", 1, 3'000);
    pushed("large", "v1", 2, 150'000);
    alone("push in chunks", [](DataStore& store) { return store.push_blob_in_chunks("large", layer(3, 250'000), 100'000); });
    alone("push the same again", [](DataStore& store) { return store.push_blob("large", layer(3, 250'000)); });
    alone("mount", [](DataStore& store) { return store.mount_blob("mounted", layer(2, 150'000)); });
    for (unsigned i = 0; i < 4; ++i) {
        alone("move a tag", [i](DataStore& store) {
            return store.push_manifest(
                "small", "latest",
                DataStore::image("config of small:v1", layer(1, 3'000), fmt::format(R"(,"annotations":{{"n":"{}"}})", i)));
        });
    }
    alone("rules", [](DataStore& store) { return store.add_directory_and_rules(); });
    alone("assign", [](DataStore& store) { return store.assign_role(assignment, "AcrPull", Guid::random()); });
    alone("leave an upload", [](DataStore& store) { return store.leave_upload(layer(4, 90'000)); });
    std::vector<Operation> together;
    for (unsigned i = 0; i < 4; ++i) {
        const std::string repository = "together" + std::to_string(i);
        together.push_back(change(
            "push together",
            [=](DataStore& store) { return store.push_blob(repository, layer(10 + i, i % 2 == 0 ? 80'000 : 5'000)); },
            repository));
    }
    steps.push_back(together);
    for (unsigned i = 0; i < 4; ++i) {
        const std::string repository = "together" + std::to_string(i);
        together[i] = change(
            "push again together", [=](DataStore& store) { return store.push_blob(repository, layer(20 + i, 66'000 + i)); },
            repository);
    }
    steps.push_back(together);
    alone("delete a tag", [](DataStore& store) { return store.delete_tag("small", "v1"); });
    alone("delete a manifest",
          [](DataStore& store) { return store.delete_manifest("large", image_of("large", "v1", layer(2, 150'000))); });
    alone("take the role", [](DataStore& store) { return store.remove_assignment(assignment); });
    sweep();
    steps.push_back({{.name = "restart", .run = restart}});
    pushed("afterwards", "v1", 5, 70'000);
    alone("delete a blob", [](DataStore& store) { return store.delete_blob("afterwards", layer(5, 70'000)); });
    alone("delete a repository", [](DataStore& store) { return store.delete_repository("together0"); });
    alone("assign again", [](DataStore& store) { return store.assign_role(second, "AcrPush", Guid::random()); });
    sweep();
    pushed("last", "v1", 6, 65'537);
    return steps;
}

/// The work, done once, with all that happened to the files.
class Recording {
public:
    Recording() : journal_(folder_.path()), files_(journal_), layer_(journal_) {
        std::unique_ptr<DataStore> store;
        const auto open = [this](std::unique_ptr<DataStore>& opened) -> Result<void> {
            opened.reset();
            // Few pages, so that the log is moved into the database again and again, and begins anew.
            auto made =
                DataStore::open(folder_.path(), {.files = files_, .sqlite_layer = layer_.name(), .checkpoint_pages = 20});
            if (!made) return failure(std::move(made));
            opened = std::move(*made);
            return {};
        };
        Steps steps = workload(open);
        steps.insert(steps.begin(), {{.name = "first start", .run = open}});
        for (const auto& step : steps) run(step, store);
        store.reset();
    }

    const std::vector<DiskChange>& changes() const { return journal_.changes(); }
    const std::deque<Done>& steps() const { return steps_; }
    fs::path keys() const { return folder_.path() / "keys"; }

private:
    void run(const std::vector<Operation>& step, std::unique_ptr<DataStore>& store) {
        Done& done = steps_.emplace_back();
        if (steps_.size() > 1) done.before = steps_[steps_.size() - 2].after;
        const auto begin = journal_.size();
        for (const Operation& operation : step) {
            auto& one = done.operations.emplace_back();
            one.operation = operation;
            one.begun = begin;
        }
        const auto work = [&](Done::One& one) {
            auto result = one.operation.run(store);
            EXPECT_TRUE(result) << one.operation.name << ": " << result.error().message;
            one.acknowledged = journal_.size();
        };
        if (done.operations.size() == 1) {
            work(done.operations.front());
        } else {
            std::vector<std::thread> threads;
            for (auto& one : done.operations) threads.emplace_back([&] { work(one); });
            for (auto& thread : threads) thread.join();
        }
        auto facts = store->facts();
        ASSERT_TRUE(facts) << facts.error().message;
        done.after = std::move(*facts);
    }

    storage::TemporaryFolder folder_;
    DiskJournal journal_;
    RecordingFileSystem files_;
    RecordingFileLayer layer_;
    std::deque<Done> steps_;
};

const Recording& recording() {
    static const Recording instance;
    return instance;
}

std::string differences(const Facts& expected, const Facts& found) {
    std::string out;
    for (const auto& [name, value] : expected) {
        const auto it = found.find(name);
        if (it == found.end()) {
            out += fmt::format("lost: {}\n", name);
        } else if (it->second != value) {
            out += fmt::format("changed: {}: {} instead of {}\n", name, it->second.substr(0, 200), value.substr(0, 200));
        }
    }
    for (const auto& [name, value] : found) {
        if (!expected.contains(name)) out += fmt::format("not acknowledged or deleted: {}\n", name);
    }
    return out;
}

// The facts of one repository of those that are worked on at once.
bool is_of(const std::string& fact, const std::string& repository) {
    return fact.find('/' + repository + '/') != std::string::npos || fact == "repository/" + repository;
}

Facts part_of(const Facts& facts, const std::function<bool(const std::string&)>& is_in) {
    Facts out;
    for (const auto& fact : facts) {
        if (is_in(fact.first)) out.insert(fact);
    }
    return out;
}

// What is visible must be what was acknowledged, and of what was under way all or nothing.
std::string judge(const Done& step, std::size_t at, const Facts& found) {
    const auto state_of = [&](const Done::One& one, const auto& is_in) -> std::string {
        const Facts now = part_of(found, is_in);
        const Facts after = part_of(step.after, is_in);
        const Facts before = part_of(step.before, is_in);
        if (now == after) return {};
        if (one.acknowledged <= at) return differences(after, now);
        if (now == before) return {};
        if (one.operation.at_once) return "half done:\n" + differences(before, now);
        for (const auto& [name, value] : now) {
            const bool known =
                (before.contains(name) && before.at(name) == value) || (after.contains(name) && after.at(name) == value);
            if (!known) return "neither before nor after: " + name;
        }
        for (const auto& [name, value] : before) {
            if (after.contains(name) && !now.contains(name)) return "lost meanwhile: " + name;
        }
        return {};
    };
    if (step.operations.size() == 1) {
        return state_of(step.operations.front(), [](const std::string&) { return true; });
    }
    std::string out;
    for (const auto& one : step.operations) {
        out += state_of(one, [&](const std::string& fact) { return is_of(fact, one.operation.repository); });
    }
    const auto is_other = [&](const std::string& fact) {
        return std::ranges::none_of(step.operations, [&](const auto& one) { return is_of(fact, one.operation.repository); });
    };
    return out + differences(part_of(step.before, is_other), part_of(found, is_other));
}

std::string text_of(const CheckReport& report) {
    std::string out;
    for (const Finding& finding : report.findings) out += fmt::format("{}: {}\n", finding.check, finding.message);
    return out;
}

std::string describe(std::size_t at) {
    constexpr std::string_view names[] = {"create", "make_folder", "rename", "remove",
                                          "write",  "truncate",    "sync",   "sync_folder"};
    std::string out;
    const auto& changes = recording().changes();
    for (std::size_t i = at < 8 ? 0 : at - 8; i < at; ++i) {
        out += fmt::format("  {} {} {} {} +{} ({} bytes)\n", i, names[static_cast<std::size_t>(changes[i].kind)],
                           changes[i].path, changes[i].to, changes[i].offset, changes[i].bytes.size());
    }
    return out;
}

/// Power goes after `at` changes; what is wrong then, or nothing.
class PowerCut {
public:
    PowerCut(std::size_t at, Survival survival, std::uint64_t seed) : at_(at), survival_(survival), seed_(seed) {}

    std::string consequences(const ReplayedDisk& disk, bool go_on) const {
        storage::TemporaryFolder folder;
        std::mt19937_64 random(seed_);
        disk.cut_power(folder.path(), survival_, random);
        fs::copy(recording().keys(), folder.path() / "keys");
        const Done& step = step_at();
        const bool started = &step != &recording().steps().front();
        if (started) {
            if (auto wrong = check(folder.path()); !wrong.empty()) return "before the start: " + wrong;
        }
        storage::FaultyFileLayer layer; // no faults, but no syncs either
        storage::FaultyFileSystem files;
        auto store = DataStore::open(folder.path(), {.files = files, .sqlite_layer = layer.name(), .keys = !started});
        if (!store) return "it does not start: " + store.error().message;
        if (started) {
            auto facts = (*store)->facts();
            if (!facts) return "it cannot be read: " + facts.error().message;
            if (auto wrong = judge(step, at_, *facts); !wrong.empty()) return wrong;
        }
        if (!go_on) return {};
        // And then life goes on: what was left lying about is collected.
        auto pushed = (*store)->push_image("next", "v1", layer_of_next);
        if (!pushed) return "it does not go on: " + pushed.error().message;
        if (auto swept = (*store)->sweep(); !swept) return "it does not collect: " + swept.error().message;
        store->reset();
        return check(folder.path());
    }

    std::string name() const {
        return fmt::format("power cut after change {} ({}), survival {}, seed {}, during '{}'", at_,
                           recording().changes().size(), static_cast<int>(survival_), seed_,
                           step_at().operations.front().operation.name);
    }

private:
    const Done& step_at() const {
        const auto& steps = recording().steps();
        const Done* out = &steps.front();
        for (const Done& step : steps) {
            if (step.begun() <= at_) out = &step;
        }
        return *out;
    }
    static std::string check(const fs::path& folder) {
        auto report = check_folder(folder.string());
        return report ? text_of(*report) : report.error().message;
    }
    inline static const std::string layer_of_next = layer(99, 70'000);

    std::size_t at_;
    Survival survival_;
    std::uint64_t seed_;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    std::uint64_t out = otherwise;
    if (text != nullptr) std::from_chars(text, text + std::strlen(text), out);
    return out;
}

// The points at which the power goes: each before and after a sync first, then a sample of the others.
std::set<std::size_t> points(std::size_t budget) {
    const auto& changes = recording().changes();
    std::vector<std::size_t> at_syncs;
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i <= changes.size(); ++i) {
        const auto is_sync = [&](std::size_t n) {
            return n < changes.size() && (changes[n].kind == Kind::sync || changes[n].kind == Kind::sync_folder);
        };
        (is_sync(i) || (i > 0 && is_sync(i - 1)) ? at_syncs : others).push_back(i);
    }
    std::mt19937_64 random(number_from("BERTH_SEED", 1));
    std::ranges::shuffle(at_syncs, random);
    std::ranges::shuffle(others, random);
    std::set<std::size_t> out;
    const auto take = [&](const std::vector<std::size_t>& from, std::size_t limit) {
        for (std::size_t i = 0; i < from.size() && out.size() < limit; ++i) out.insert(from[i]);
    };
    take(at_syncs, budget - budget / 3);
    take(others, budget);
    take(at_syncs, budget);
    return out;
}

/// Replays, with the power cut at each of the points; `tell` hears of each that went wrong, and says whether to go on.
std::size_t replay(const std::set<std::size_t>& where, const ReplayedDisk::Obeys& obeys, std::span<const Survival> survivals,
                   const std::function<bool(const PowerCut&, const std::string&, std::size_t)>& tell) {
    ReplayedDisk disk(obeys);
    const auto& changes = recording().changes();
    std::size_t cuts = 0;
    for (std::size_t i = 0;; ++i) {
        if (where.contains(i)) {
            for (const Survival survival : survivals) {
                const PowerCut cut(i, survival, number_from("BERTH_SEED", 1) + i);
                const auto wrong = cut.consequences(disk, ++cuts % 4 == 0);
                if (!wrong.empty() && !tell(cut, wrong, i)) return cuts;
            }
        }
        if (i == changes.size()) return cuts;
        disk.apply(changes[i]);
    }
}

constexpr std::array all_survivals{Survival::nothing, Survival::by_chance, Survival::entries_only, Survival::bytes_only,
                                   Survival::everything};

TEST(PowerCuts, LoseNothingThatWasAcknowledged) {
    // All points take some minutes: BERTH_POWER_CUTS=1000000.
    const auto budget = static_cast<std::size_t>(number_from("BERTH_POWER_CUTS", 16));
    const auto where = points(budget);
    const auto cuts = replay(where, {}, all_survivals, [](const PowerCut& cut, const std::string& wrong, std::size_t at) {
        ADD_FAILURE() << cut.name() << ":\n" << wrong << describe(at);
        return !testing::Test::HasFailure();
    });
    RecordProperty("points", static_cast<int>(where.size()));
    std::printf("%zu power cuts at %zu of %zu points (%zu changes, %zu operations)\n", cuts, where.size(),
                recording().changes().size() + 1, recording().changes().size(), recording().steps().size());
}

/// A sync that the disk only claims to have done, and the proof that the test sees it.
struct Lie {
    std::string name;
    std::function<bool(const DiskChange&)> is_it;
};
std::ostream& operator<<(std::ostream& out, const Lie& lie) { return out << lie.name; }

bool ends_with(const DiskChange& change, std::string_view end) { return change.path.ends_with(end); }

class LyingDisk : public testing::TestWithParam<Lie> {};

TEST_P(LyingDisk, IsFound) {
    std::size_t left_out = 0;
    const auto obeys = [&](const DiskChange& change) {
        const bool lie = GetParam().is_it(change);
        left_out += lie ? 1 : 0;
        return !lie;
    };
    std::string found;
    const auto note = [&](const PowerCut& cut, const std::string& wrong, std::size_t) {
        found = cut.name() + ": " + wrong;
        return false;
    };
    constexpr std::array worst{Survival::nothing, Survival::by_chance};
    std::set<std::size_t> ends;
    for (const Done& step : recording().steps()) ends.insert(step.begun());
    replay(ends, obeys, worst, note);
    EXPECT_GT(left_out, 0U) << "there is no such sync";
    EXPECT_FALSE(found.empty()) << "nothing is lost without this sync";
    std::printf("%s\n", found.c_str());
}

INSTANTIATE_TEST_SUITE_P(
    PowerCuts, LyingDisk,
    testing::Values(
        Lie{"TheDatabasesLog", [](const DiskChange& c) { return c.kind == Kind::sync && ends_with(c, "berth.db-wal"); }},
        Lie{"TheDatabase", [](const DiskChange& c) { return c.kind == Kind::sync && ends_with(c, "berth.db"); }},
        Lie{"TheBytesOfABlob", [](const DiskChange& c) { return c.kind == Kind::sync && c.path.starts_with("uploads/"); }},
        Lie{"TheNameOfABlob", [](const DiskChange& c) { return c.kind == Kind::sync_folder && c.path.starts_with("blobs/"); }},
        Lie{"TheFoldersOfBlobs", [](const DiskChange& c) { return c.kind == Kind::sync_folder && c.path == "blobs"; }},
        Lie{"TheDataFolder", [](const DiskChange& c) { return c.kind == Kind::sync_folder && c.path.empty(); }}),
    [](const auto& one) { return one.param.name; });

} // namespace
} // namespace berth::checking
