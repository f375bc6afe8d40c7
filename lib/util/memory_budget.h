// A bound on the memory that several threads use at once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace enas4d {

/// Threads take what they are about to allocate and wait while the rest of the budget is too small.
/// Who asks for more than the whole budget gets it when nobody else holds anything: slow, but never
/// a deadlock. A thread holds one share at a time.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t bytes) : bytes_(bytes) {}

  /// Given back when it goes.
  class Share {
   public:
    Share(MemoryBudget& budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) {
      budget_.take(bytes_);
    }
    ~Share() { budget_.give_back(bytes_); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

   private:
    MemoryBudget& budget_;
    std::uint64_t bytes_;
  };

 private:
  void take(std::uint64_t bytes) {
    std::unique_lock<std::mutex> lock(mutex_);
    room_.wait(lock, [&] { return used_ == 0 || used_ + bytes <= bytes_; });
    used_ += bytes;
  }

  void give_back(std::uint64_t bytes) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      used_ -= bytes;
    }
    room_.notify_all();
  }

  const std::uint64_t bytes_;
  std::uint64_t used_ = 0;
  std::mutex mutex_;
  std::condition_variable room_;
};

}  // namespace enas4d
