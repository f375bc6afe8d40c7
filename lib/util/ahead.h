// Items made ahead of time by worker threads and handed out in order.
#pragma once

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "util/error.h"

namespace enas4d {

/// next() gives make(first), make(first + 1), ... whatever the number of workers. `make` runs on
/// several threads at once.
template <class Item>
class Ahead {
 public:
  struct Options {
    int workers = 1;
    int ahead = 3;  ///< items kept ready, at least one for each worker
  };

  Ahead(std::function<Item(std::int64_t)> make, const Options& options, std::int64_t first)
      : make_(std::move(make)),
        ahead_(std::max(options.ahead, options.workers)),
        to_make_(first),
        to_give_(first) {
    assert(options.workers > 0);
    try {
      for (int i = 0; i < options.workers; ++i) workers_.emplace_back([this] { work(); });
    } catch (const std::system_error& error) {
      stop();
      throw failed(fmt::format("{} worker threads cannot be started: {}", options.workers,
                               error.code().message()));
    }
  }

  ~Ahead() { stop(); }

  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;

  /// Waits for the next item. Rethrows what `make` threw for it, and does so again when asked
  /// again.
  Item next() {
    std::unique_lock<std::mutex> lock(mutex_);
    ready_.wait(lock, [this] { return made_.count(to_give_) > 0; });
    const auto found = made_.find(to_give_);
    if (found->second.failure) std::rethrow_exception(found->second.failure);
    Item item = std::move(found->second.item);
    made_.erase(found);
    ++to_give_;
    lock.unlock();
    room_.notify_one();
    return item;
  }

 private:
  void stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    room_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  struct Made {
    Item item;
    std::exception_ptr failure;
  };

  void work() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      room_.wait(lock, [this] { return stopping_ || to_make_ < to_give_ + ahead_; });
      if (stopping_) return;
      const std::int64_t number = to_make_++;
      lock.unlock();
      Made made = attempt(number);
      lock.lock();
      made_.emplace(number, std::move(made));
      ready_.notify_one();
    }
  }

  Made attempt(std::int64_t number) const {
    try {
      return {make_(number), nullptr};
    } catch (...) {
      return {Item{}, std::current_exception()};
    }
  }

  const std::function<Item(std::int64_t)> make_;
  const std::int64_t ahead_;
  std::mutex mutex_;
  std::condition_variable ready_, room_;
  std::int64_t to_make_, to_give_;
  std::map<std::int64_t, Made> made_;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace enas4d
