#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tslora {
namespace {

constexpr int64_t SMALLEST_PART = 16384;  // numbers: some microseconds of work, as long as it takes to wake a thread
constexpr int PARTS_A_THREAD = 4;         // so that other threads can take the parts of a thread that starts late
// Time that a thread spins before it sleeps. Waking a thread takes some tens of microseconds.
constexpr auto PATIENCE = std::chrono::microseconds(200);

int requested_threads() {
  const char* value = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int count = value == nullptr ? 0 : std::atoi(value);
  return std::max(1, count > 0 ? count : static_cast<int>(std::thread::hardware_concurrency()));
}

// Spins until `happened` or PATIENCE is over; returns whether it happened.
template <typename Happened>
bool spin_until(Happened happened) {
  const auto end = std::chrono::steady_clock::now() + PATIENCE;
  do {
    for (int i = 0; i < 64; ++i) {
      if (happened()) return true;
#if defined(__x86_64__)
      _mm_pause();
#endif
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// Threads that live as long as the process. They sleep between calls and are never joined.
class Pool {
 public:
  Pool() {
    try {
      for (int i = 1; i < requested_threads(); ++i) {
        std::thread([this] { work(); }).detach();
        ++helpers_;
      }
    } catch (const std::exception&) {  // system_error at a limit of threads, or bad_alloc: fewer helpers will do
    }
  }

  int threads() const { return helpers_ + 1; }

  void run(int64_t parts, const std::function<void(int64_t)>& body) {
    std::unique_lock<std::mutex> only(callers_, std::try_to_lock);
    if (helpers_ == 0 || parts < 2 || !only.owns_lock()) {  // another JavaScript thread uses the helpers
      for (int64_t part = 0; part < parts; ++part) body(part);
      return;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      body_ = &body;
      parts_ = parts;
      next_.store(0, std::memory_order_relaxed);
      call_.fetch_add(1, std::memory_order_relaxed);
    }
    woken_.notify_all();
    take(body, parts);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      body_ = nullptr;  // a thread that wakes from here on has nothing to do
    }
    if (spin_until([this] { return busy_.load(std::memory_order_acquire) == 0; })) return;
    std::unique_lock<std::mutex> lock(mutex_);
    idle_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  void take(const std::function<void(int64_t)>& body, int64_t parts) {
    for (int64_t part = next_.fetch_add(1); part < parts; part = next_.fetch_add(1)) body(part);
  }

  void work() {
    uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      lock.unlock();
      spin_until([&] { return call_.load(std::memory_order_relaxed) != seen; });
      lock.lock();
      woken_.wait(lock, [&] { return call_ != seen; });
      seen = call_;
      if (body_ == nullptr) continue;
      const auto* body = body_;
      const int64_t parts = parts_;
      ++busy_;
      lock.unlock();
      take(*body, parts);
      lock.lock();
      if (--busy_ == 0) idle_.notify_one();
    }
  }

  std::mutex callers_, mutex_;
  std::condition_variable woken_, idle_;
  const std::function<void(int64_t)>* body_ = nullptr;
  int64_t parts_ = 0;
  std::atomic<int64_t> next_{0};
  std::atomic<uint64_t> call_{0};
  std::atomic<int> busy_{0};
  int helpers_ = 0;
};

Pool& pool() {
  static Pool& made = *new Pool;  // not destroyed: its threads may outlive main
  return made;
}

}  // namespace

int parallel_threads() { return pool().threads(); }

void parallel_parts(int64_t parts, const std::function<void(int64_t)>& body) { pool().run(parts, body); }

void parallel_rows(int64_t rows, int64_t cost, const std::function<void(int64_t, int64_t)>& body) {
  if (rows == 0) return;
  const int64_t most = std::max<int64_t>(1, rows * std::max<int64_t>(1, cost) / SMALLEST_PART);
  const int64_t parts = std::min({rows, most, int64_t{pool().threads()} * PARTS_A_THREAD});
  pool().run(parts, [&](int64_t part) { body(rows * part / parts, rows * (part + 1) / parts); });
}

}  // namespace tslora
