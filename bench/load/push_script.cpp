#include "load/push_script.hpp"

#include <fmt/format.h>

#include <array>

namespace load {
namespace {

constexpr std::string_view manifest_type = "Content-Type: application/vnd.oci.image.manifest.v1+json\r\n";
constexpr std::string_view bytes_type = "Content-Type: application/octet-stream\r\n";

void expect(const Answer& answer, unsigned status, std::string_view what) {
    if (answer.status != status)
        fail(fmt::format("{} answered {} instead of {}: {}", what, answer.status, status, answer.body));
}

void expect_digest(const Answer& answer, std::string_view digest, std::string_view what) {
    if (answer.field("Docker-Content-Digest").value_or("") != digest) fail(fmt::format("{} named another digest", what));
}

class PushScript final : public Script {
public:
    PushScript(const Target& target, std::string_view run, std::size_t connection, Budget& budget)
        : target_(target), budget_(budget), name_(fmt::format("{}-{}", run, connection)),
          repository_(fmt::format("{}push-{}", target.prefix, connection)) {}

    std::string_view next() override {
        if (step_ == 0) {
            if (!budget_.take()) return {};
            begin_image();
        }
        if (step_ == last_step) {
            request_ = target_.request("PUT", fmt::format("/v2/{}/manifests/{}-{}", repository_, name_, image_), manifest_type,
                                       manifest_);
        } else if (step_ % 2 == 0) {
            request_ = target_.request("POST", fmt::format("/v2/{}/blobs/uploads/", repository_));
        } else {
            const std::size_t blob = step_ / 2;
            request_ = target_.request(
                "PUT", fmt::format("{}{}digest={}", location_, location_.contains('?') ? '&' : '?', digests_.at(blob)),
                bytes_type, blobs_.at(blob));
        }
        return request_;
    }

    bool take(const Answer& answer) override {
        if (step_ == last_step) {
            expect(answer, 201, "the push of a manifest");
            expect_digest(answer, manifest_digest_, "the push of a manifest");
            step_ = 0;
            ++image_;
            return true;
        }
        if (step_ % 2 == 0) {
            expect(answer, 202, "the start of an upload");
            location_ = answer.field("Location").value_or("");
            // Some name the host, some do not.
            if (const std::size_t path = location_.find("/v2/"); path != std::string::npos) location_.erase(0, path);
            if (location_.empty()) fail("the start of an upload named no Location");
        } else {
            expect(answer, 201, "the push of a blob");
            expect_digest(answer, digests_.at(step_ / 2), "the push of a blob");
        }
        ++step_;
        return false;
    }

private:
    static constexpr unsigned last_step = 4;

    void begin_image() {
        const std::string unique = fmt::format("{}-{}", name_, image_);
        blobs_[0] = fmt::format("layer {} {:0>900}", unique, image_);
        digests_[0] = digest_of(blobs_[0]);
        blobs_[1] = fmt::format(
            R"({{"architecture":"amd64","os":"linux","author":"{}","rootfs":{{"type":"layers","diff_ids":["{}"]}}}})", unique,
            digests_[0]);
        digests_[1] = digest_of(blobs_[1]);
        manifest_ = fmt::format(
            R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":)"
            R"("application/vnd.oci.image.config.v1+json","digest":"{}","size":{}}},"layers":[{{"mediaType":)"
            R"("application/vnd.oci.image.layer.v1.tar","digest":"{}","size":{}}}]}})",
            digests_[1], blobs_[1].size(), digests_[0], blobs_[0].size());
        manifest_digest_ = digest_of(manifest_);
    }

    const Target& target_;
    Budget& budget_;
    std::string name_;
    std::string repository_;
    std::uint64_t image_ = 0;
    unsigned step_ = 0;
    std::array<std::string, 2> blobs_;
    std::array<std::string, 2> digests_;
    std::string manifest_;
    std::string manifest_digest_;
    std::string location_;
    std::string request_;
};

class TagScript final : public Script {
public:
    TagScript(const Target& target, std::string_view repository, std::string_view manifest, std::string_view run,
              Budget& budget)
        : target_(target), budget_(budget), path_(fmt::format("/v2/{}/manifests/{}-", repository, run)), manifest_(manifest),
          digest_(digest_of(manifest)) {}

    std::string_view next() override {
        if (!budget_.take()) return {};
        request_ = target_.request("PUT", fmt::format("{}{}", path_, budget_.left), manifest_type, manifest_);
        return request_;
    }
    bool take(const Answer& answer) override {
        expect(answer, 201, "a new tag");
        expect_digest(answer, digest_, "a new tag");
        return true;
    }

private:
    const Target& target_;
    Budget& budget_;
    std::string path_;
    std::string_view manifest_;
    std::string digest_;
    std::string request_;
};

} // namespace

std::unique_ptr<Script> push_script(const Target& target, std::string_view run, std::size_t connection, Budget& budget) {
    return std::make_unique<PushScript>(target, run, connection, budget);
}

std::unique_ptr<Script> tag_script(const Target& target, std::string_view repository, std::string_view manifest,
                                   std::string_view run, Budget& budget) {
    return std::make_unique<TagScript>(target, repository, manifest, run, budget);
}

} // namespace load
