#pragma once

#include <semaphore.h>

#include <cerrno>

namespace berth {

/// Counts what is there to be taken (POSIX). `post` never waits. That is what a condition variable does not promise: glibc's
/// signal waits for threads that were woken before and have not run yet, on a busy machine for tens of milliseconds; and
/// std::counting_semaphore of GCC 12 can miss a wake-up (libstdc++ PR 104928).
class Semaphore {
public:
    Semaphore() noexcept { ::sem_init(&semaphore_, 0, 0); }
    ~Semaphore() { ::sem_destroy(&semaphore_); }
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    void post() noexcept { ::sem_post(&semaphore_); }
    void wait() noexcept {
        while (::sem_wait(&semaphore_) != 0 && errno == EINTR) {
        }
    }

private:
    sem_t semaphore_{};
};

} // namespace berth
