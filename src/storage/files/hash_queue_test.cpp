#include "storage/files/hash_queue.hpp"

#include "base/encoding.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <semaphore>

namespace berth::storage {
namespace {

Bytes random_bytes(std::size_t size, unsigned seed) {
    std::mt19937 source(seed);
    Bytes bytes(size);
    std::ranges::generate(bytes, [&] { return static_cast<std::byte>(source()); });
    return bytes;
}

// A message that goes piece by piece through the queue, as an upload does.
class Message {
public:
    Message(HashQueue& queue, std::size_t size, std::size_t piece, unsigned seed, std::counting_semaphore<>& ended)
        : queue_(queue), bytes_(random_bytes(size, seed)), piece_(piece), ended_(ended) {}

    void begin() {
        queue_.submit(hasher_, next_piece(), [this] {
            const auto piece = next_piece();
            if (piece.empty()) ended_.release();
            return piece;
        });
    }
    void expect_digest() const { EXPECT_EQ(hasher_.digest().to_string(), Digest::of(bytes_).to_string()) << bytes_.size(); }

private:
    std::span<const std::byte> next_piece() {
        const auto piece = std::span(std::as_const(bytes_)).subspan(offset_, std::min(piece_, bytes_.size() - offset_));
        offset_ += piece.size();
        return piece;
    }

    HashQueue& queue_;
    Bytes bytes_;
    std::size_t piece_;
    std::counting_semaphore<>& ended_;
    Hasher hasher_{DigestAlgorithm::sha256};
    std::size_t offset_ = 0;
};

TEST(HashQueue, EachMessageHasItsOwnDigest) {
    for (const unsigned threads : {1U, 2U, 4U}) {
        WorkerPool workers(threads);
        HashQueue queue(workers);
        for (const unsigned count : {1U, 2U, 5U, 16U, 50U}) {
            std::counting_semaphore<> ended(0);
            std::deque<Message> messages;
            // Of all sizes, so that some go on while others have ended.
            for (unsigned i = 0; i < count; ++i) messages.emplace_back(queue, 1000 + i * 5000, 4096, i, ended);
            for (Message& message : messages) message.begin();
            for (unsigned i = 0; i < count; ++i) ended.acquire();
            for (const Message& message : messages) message.expect_digest();
        }
    }
}

TEST(HashQueue, MayGoBeforeItsWorkers) {
    WorkerPool workers(2);
    std::counting_semaphore<> ended(0);
    std::vector<Hasher> hashers(20, Hasher(DigestAlgorithm::sha256));
    const Bytes bytes = random_bytes(100'000, 1);
    {
        HashQueue queue(workers);
        for (Hasher& hasher : hashers) {
            queue.submit(hasher, bytes, [&] {
                ended.release();
                return std::span<const std::byte>();
            });
        }
    }
    for (std::size_t i = 0; i < hashers.size(); ++i) ended.acquire();
    for (const Hasher& hasher : hashers) EXPECT_EQ(hasher.digest().to_string(), Digest::of(bytes).to_string());
}

} // namespace
} // namespace berth::storage
